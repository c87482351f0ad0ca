//! Programs that must not compile, with the messages they get, and programs that must.

/// L5, R6, R7, S2, J1, J2, R1: each misuse is refused, at the right token and on one screen.
#[test]
fn misuse_is_refused() {
    trybuild::TestCases::new().compile_fail("ui/fail/*/*.rs");
}

/// The same rules from the other side: what they allow compiles, without warnings.
#[test]
fn use_compiles() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

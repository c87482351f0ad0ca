//! Options, validation and the shape of the expansion; behaviour is tested in the workspace's `tests/`.

use super::*;

fn expansion(kind: Kind, arguments: &str, item: &str) -> String {
    expand(kind, arguments.parse().unwrap(), item.parse().unwrap()).to_string()
}

fn accepts(kind: Kind, arguments: &str, item: &str) -> String {
    let text = expansion(kind, arguments, item);
    assert!(!text.contains("compile_error"), "{text}");
    syn::parse_str::<syn::File>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    text
}

fn refuses(kind: Kind, arguments: &str, item: &str, expected: &str) {
    let text = expansion(kind, arguments, item);
    assert!(text.contains("compile_error") && text.contains(expected), "{arguments}: {text}");
    syn::parse_str::<syn::File>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
}

const PLAIN: &str = "async fn main(s: &Scope) { s.cancel() }";

#[test]
fn each_runtime_has_its_option() {
    assert!(accepts(Kind::Main, "", PLAIN).contains(":: orion_rt :: run"));
    assert!(accepts(Kind::Main, "", "async fn main() {}").contains(":: orion_rt :: run"));
    assert!(accepts(Kind::Main, "workers = 4", PLAIN).contains(". workers (4) . build ()"));
    assert!(accepts(Kind::Main, "workers = count(),", PLAIN).contains(". workers (count ())"));
    let seeded = accepts(Kind::Test, "seeds = 0..500", "async fn t(s: &Scope<'_, '_>) -> R { Ok(()) }");
    assert!(seeded.contains("build_local") && seeded.contains("0 .. 500"), "{seeded}");
    assert!(
        accepts(Kind::Test, "seeds = 0..=N, workers = 1", PLAIN)
            .contains(". workers (1) . deadlock (:: orion_rt :: DeadlockPolicy :: Panic) . seed")
    );
    let deterministic = accepts(Kind::Test, "deterministic", PLAIN);
    assert!(deterministic.contains(". deterministic (true) . deadlock"), "{deterministic}");
    let both = accepts(Kind::Test, "workers = 1, seeds = 0..9, deterministic", PLAIN);
    assert!(both.contains(". deterministic (true) . deadlock") && both.contains("build_local"), "{both}");
}

#[test]
fn attributes_and_visibility_are_kept() {
    let text = accepts(Kind::Test, "", "#[ignore] #[should_panic] pub async fn t() {}");
    assert!(text.contains("# [ignore] # [should_panic] # [:: core :: prelude :: v1 :: test] pub fn t ()"), "{text}");
    assert!(!accepts(Kind::Main, "", PLAIN).contains("prelude"));
}

#[test]
fn the_body_knows_its_scope() {
    assert!(accepts(Kind::Main, "", PLAIN).contains(":: orion_rt :: Local"));
    assert!(accepts(Kind::Main, "workers = 2", PLAIN).contains(":: orion_rt :: Multi"));
    assert!(accepts(Kind::Test, "workers = 1, deterministic", PLAIN).contains(":: orion_rt :: Local"));
    assert!(accepts(Kind::Main, "", "async fn main() {}").contains("async fn main () { }"));
}

#[test]
fn options_that_are_refused() {
    for (kind, arguments, expected) in [
        (Kind::Main, "workers = 0", "`workers` must be at least 1"),
        (Kind::Main, "workers", "`workers` takes a number"),
        (Kind::Main, "workers = 1..4", "takes one number"),
        (Kind::Main, "workers = 2, workers = 3", "given twice"),
        (Kind::Main, "workers(4)", "expected `,`"),
        (Kind::Main, "seeds = 0..5", "option of #[orion_rt::test]"),
        (Kind::Main, "worker_threads = 4", "write `workers = n`"),
        (Kind::Main, "colour = 4", "unknown option `colour`"),
        (Kind::Main, "deterministic", "option of #[orion_rt::test]"),
        (Kind::Test, "deterministic = true", "takes no value"),
        (Kind::Test, "deterministic, deterministic", "given twice"),
        (Kind::Test, "deterministic, workers = 2", "`deterministic` needs one worker"),
        (Kind::Test, "workers = n, deterministic", "`deterministic` needs one worker"),
        (Kind::Test, "seeds = 5", "takes a range"),
        (Kind::Test, "seeds = 5..", "takes a range"),
        (Kind::Test, "seeds = 5..5", "empty range"),
        (Kind::Test, "seeds = 0..5, workers = 2", "`seeds` needs one worker"),
        (Kind::Test, "workers = n, seeds = 0..5", "`seeds` needs one worker"),
    ] {
        refuses(kind, arguments, PLAIN, expected);
    }
    refuses(Kind::Main, "workers = \"4\"", PLAIN, "`workers` takes a number");
}

#[test]
fn functions_that_are_refused() {
    for (item, expected) in [
        ("fn main() {}", "needs an `async fn`"),
        ("async fn main<T>() {}", "cannot be generic"),
        ("async fn main<'a>(s: &'a Scope<'a, 'a>) {}", "cannot be generic"),
        ("async fn main() where u8: Copy {}", "`where` clause"),
        ("async unsafe fn main() {}", "cannot be `unsafe`"),
        ("async fn main(s: Scope) {}", "passed by reference"),
        ("async fn main(s: &mut Scope) {}", "without `mut`"),
        ("async fn main(s: &'static Scope) {}", "no lifetime here"),
        ("async fn main((a, b): &Scope) {}", "a plain name"),
        ("async fn main(s: &Scope, t: &Scope) {}", "at most one argument"),
        ("async fn main(self) {}", "not a method"),
        ("struct Main;", "goes on an `async fn`"),
    ] {
        refuses(Kind::Main, "", item, expected);
    }
    refuses(Kind::Test, "", "#[test] async fn t() {}", "adds std's `#[test]` itself");
}

#[test]
fn a_wrong_option_still_gives_a_function_that_runs() {
    let text = expansion(Kind::Main, "workers = 0", PLAIN);
    assert!(text.contains("fn main ()") && text.contains(":: orion_rt :: run"), "{text}");
}

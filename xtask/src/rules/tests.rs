//! The reading of sources, on small ones.

use std::collections::BTreeSet;
use std::fs;

use super::items::{self, Kind, Under};
use super::list::{self, List};
use super::{Cited, Table, page, run, sources};

const SOURCE: &str = r#"
//! P1: the head of a file cites nothing.

/// Spawns.
///
/// ```
/// spawn();
/// ```
///
/// Rules: S1, P1.
pub fn spawn() {}

/// Without an example. Rule: S2.
pub fn other() {
    // S2: in a body
    #[test]
    fn nested() {}
}

/// ```ignore
/// ```
/// Rule: S2.
pub fn ignored_example() {}

macro_rules! every { ($name:ident, $body:expr) => { #[test] fn $name() {} } }
macro_rules! methods {
    () => {
        /// ```
        /// ```
        /// Rule: S1.
        pub fn made() {}
        // S2: not run here
        #[test]
        fn in_a_definition() {}
    };
}

impl<T: Fn() -> u8> Trait for Thing<T> {
    /// ```
    /// ```
    /// Rule: S1.
    pub(crate) async fn method() {}
}

// S1, S2:
// both of them
#[test]
#[cfg_attr(miri, ignore = "slow")]
fn plain() {}

// P1: made by a macro
every!(by_macro, async {});

proptest! {
    // S1: a property
    #[test]
    fn property(x in 0..3) {}
}

// S2: never run
#[test]
#[ignore = "broken"]
fn ignored() {}

// S2: no test
fn helper() {}

#[cfg(all(test, loom))]
mod model {
    #[test]
    fn s1_modelled() {}
}

#[cfg(not(loom))]
#[orion_rt::test]
async fn p1_attribute() {}
"#;

fn found() -> Vec<(Kind, String)> {
    let makers = items::makers(SOURCE).unwrap().into_iter().collect();
    let found = items::find(SOURCE, Under::default(), &makers).unwrap();
    found.items.into_iter().map(|item| (item.kind, item.name)).collect()
}

#[test]
fn only_what_runs_is_an_item() {
    let names = |kind| found().into_iter().filter(|item| item.0 == kind).map(|item| item.1).collect::<Vec<_>>();
    assert_eq!(names(Kind::Test), ["plain", "by_macro", "property", "p1_attribute"]);
    assert_eq!(names(Kind::Loom), ["s1_modelled", "mod model"]);
    assert_eq!(names(Kind::Example), ["spawn", "made", "Thing::method"]);
}

/// The table that a repository with `SOURCE` as its only source gives.
fn table(list: &List) -> (Cited, Vec<String>) {
    let makers: BTreeSet<_> = items::makers(SOURCE).unwrap().into_iter().collect();
    let mut table = Table { list, cited: Cited::new(), wrong: Vec::new() };
    let lines: Vec<_> = SOURCE.lines().collect();
    for item in items::find(SOURCE, Under::default(), &makers).unwrap().items {
        table.item(&item, "a.rs", &lines);
    }
    (table.cited, table.wrong)
}

#[test]
fn the_table_has_what_the_sources_cite() {
    let list = List::parse(list::tests::TEXT).unwrap();
    let (cited, wrong) = table(&list);
    let text = page::render(&list, &cited);
    let expected = "\
## Scopes

| rule | says, and is shown by | as |
|---|---|---|
| **S1** | one | |
| | a.rs: `plain`, `property` | test |
| | a.rs: `s1_modelled` | loom |
| | a.rs: `Thing::method`, `made`, `spawn` | example |
| | *not yet*: half of it | |
| **S2** | two | |
| | a.rs: `plain` | test |
| **S10** | ten | |
| | *nothing yet*: later | |
";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("a.rs: `by_macro`, `p1_attribute` | test |"), "{text}");
    assert!(wrong.is_empty());
}

#[test]
fn a_citation_of_no_rule_is_told() {
    let list = List::parse(&list::tests::TEXT.replace("S2 = \"two\"", "")).unwrap();
    assert_eq!(table(&list).1, ["a.rs:45: there is no rule S2"]);
}

#[test]
fn files_are_found_by_their_modules() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("lib.rs", "mod a; #[cfg(all(test, loom))] mod b; mod inline { mod c; }"),
        ("a.rs", "mod d;"),
        ("a/d.rs", ""),
        ("b/mod.rs", "#[test] fn modelled() {}"),
        ("inline/c.rs", ""),
        ("orphan.rs", "#[test] fn nowhere() {}"),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let sources = sources::of_crate(&dir.path().join("lib.rs"), &BTreeSet::new()).unwrap();
    let names: BTreeSet<_> = sources.iter().map(|source| crate::tree::relative(&source.path, dir.path())).collect();
    let expected = ["a.rs", "a/d.rs", "b/mod.rs", "inline/c.rs", "lib.rs"];
    assert_eq!(names, expected.map(str::to_owned).into());
    let kinds: Vec<_> = sources.iter().flat_map(|source| &source.found.items).map(|item| item.kind).collect();
    assert_eq!(kinds, [Kind::Loom]);
}

#[test]
fn a_stale_page_an_untested_rule_and_a_reason_that_is_over_are_findings() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("tests/rules.toml", list::tests::TEXT),
        ("tests/tests/a.rs", "// S1, S10: yes\n#[test]\nfn t() {}\n"),
        ("tests/ui/fail/x/case.rs", "// S2: refused\nfn main() {}\n"),
        ("tests/ui/pass/case.rs", "fn main() {}\n"),
        ("orion-rt/src/lib.rs", ""),
        ("orion-macros/src/lib.rs", ""),
        ("orion-ffi/src/lib.rs", ""),
        ("examples/src/lib.rs", ""),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let told = run(dir.path(), false).unwrap_err();
    assert!(told.contains("S10 is cited now") && told.contains("RULES.md is not"), "{told}");
    assert!(!told.contains("P1"), "{told}");
    run(dir.path(), true).unwrap();
    run(dir.path(), false).unwrap();
    let page = fs::read_to_string(dir.path().join("RULES.md")).unwrap();
    assert!(page.contains("| | tests/ui/fail/x: `case` | does not compile |"), "{page}");
    fs::write(dir.path().join("tests/tests/a.rs"), "// S10: yes\n#[test]\nfn t() {}\n").unwrap();
    assert!(run(dir.path(), false).unwrap_err().contains("S1 is cited by no test"));
}

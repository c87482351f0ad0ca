//! Which test program of a package holds a test, so that no other is built.

use std::path::Path;

use crate::tree;

/// What selects the program for `cargo test`: `--lib` if the package has no test programs of its own or the library has the test.
pub(super) fn of(root: &Path, package: &str, test: &str) -> Result<Vec<String>, String> {
    // The packages are named after their directories, but for that of the tests.
    let dir = root.join(package.strip_prefix("orion-").filter(|dir| *dir == "tests").unwrap_or(package));
    let programs = dir.join("tests");
    if !programs.is_dir() {
        return Ok(vec!["--lib".into()]);
    }
    let mut found = Vec::new();
    for path in tree::files_with(&programs, &["rs"])? {
        if holds(&tree::read(&path)?, test) {
            let below = path.strip_prefix(&programs).expect("below it");
            let first = below.components().next().expect("a file").as_os_str();
            found.push(Path::new(first).with_extension("").display().to_string());
        }
    }
    found.dedup();
    match &found[..] {
        [] => Ok(vec!["--lib".into()]),
        [program] => Ok(vec!["--test".into(), program.clone()]),
        many => Err(format!("{test} is in {}: name a test that is in one program", many.join(", "))),
    }
}

/// Whether `text` defines the function, or gives a macro the name, that a part of the path of `test` is.
fn holds(text: &str, test: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let defines = |name: &str| {
        text.match_indices(name).any(|(at, _)| {
            let before = text[..at].trim_end();
            let alone = !text[at + name.len()..].starts_with(is_word);
            alone && (before.ends_with("!(") || before.ends_with("fn") && before.len() < at)
        })
    };
    test.split("::").any(defines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_found_by_its_name() {
        let text = "fn s3_waits() {}\non_every_kind!(s4_drops, async |s| {});\non_every_kind!(\n    r8_ends, ..";
        assert!(holds(text, "s3_waits") && holds(text, "s4_drops::on_workers") && holds(text, "r8_ends"));
        assert!(!holds(text, "s3") && !holds(text, "waits"));
    }

    #[test]
    fn programs_of_this_repository() {
        let root = tree::root();
        assert_eq!(of(&root, "orion-tests", "j4_a_pile_of_joins").unwrap(), ["--test", "deep"]);
        assert_eq!(of(&root, "orion-rt", "coop::tests::a_lifted_budget_comes_back").unwrap(), ["--lib"]);
    }
}

//! `cargo xtask unsafe`: ARCHITECTURE.md's table names every file with `unsafe` in it, and no other.
//!
//! A row of the table is a line that starts with `|` and whose first cell is a path in backticks, relative to the
//! repository (`orion-rt/src/util/list.rs`). Other tables of that document have no such first cell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::{Outcome, tokens, tree};

/// Where `unsafe` may occur at all.
const SOURCES: [&str; 3] = ["orion-rt/src", "orion-macros/src", "orion-ffi/src"];

pub(crate) fn run(root: &Path) -> Outcome {
    let mut found = BTreeMap::new();
    for source in SOURCES {
        for path in tree::files_with(&root.join(source), &["rs"])? {
            let name = tree::relative(&path, root);
            let text = tree::read(&path)?;
            if tokens::has_unsafe(&text).map_err(|error| format!("{name}: {error}"))? {
                found.insert(name, subject(&text));
            }
        }
    }
    let listed = listed(&tree::read(&root.join("ARCHITECTURE.md"))?);
    println!("{} files with unsafe code, {} listed", found.len(), listed.len());
    compare(&found, &listed)
}

/// What the file says it is for: the first line of its documentation.
fn subject(text: &str) -> String {
    text.lines().find_map(|line| line.strip_prefix("//! ")).unwrap_or_default().to_string()
}

/// The paths in the first cells of the table's rows.
fn listed(architecture: &str) -> BTreeSet<String> {
    let first_cell = |line: &str| {
        let cell = line.trim().strip_prefix('|')?.split('|').next()?.trim();
        let path = cell.strip_prefix('`')?.strip_suffix('`')?;
        (path.ends_with(".rs") && SOURCES.iter().any(|source| path.starts_with(source))).then(|| path.to_string())
    };
    architecture.lines().filter_map(first_cell).collect()
}

/// `found`: the files and their subjects.
fn compare(found: &BTreeMap<String, String>, listed: &BTreeSet<String>) -> Outcome {
    let missing = found.iter().filter(|(path, _)| !listed.contains(*path));
    let missing: Vec<_> = missing.map(|(path, subject)| format!("| `{path}` | {subject} |")).collect();
    let stale: Vec<_> = listed.iter().filter(|path| !found.contains_key(*path)).cloned().collect();
    if missing.is_empty() && stale.is_empty() {
        return Ok(());
    }
    let (missing, stale) = (missing.join("\n"), stale.join("\n"));
    Err(format!("ARCHITECTURE.md's table of files with unsafe code\nlacks:\n{missing}\nshould not have:\n{stale}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_are_read_and_other_lines_are_not() {
        let text = "| file | why |\n|---|---|\n| `orion-rt/src/a.rs` | links |\n| `orion-rt/src/b.rs`|x|\n`orion-rt/src/c.rs`\n| `Chan` | y |";
        assert_eq!(listed(text), set(&["orion-rt/src/a.rs", "orion-rt/src/b.rs"]));
    }

    #[test]
    fn both_directions_fail() {
        let found = BTreeMap::from([("a".to_string(), subject("//! A list.\n//! More."))]);
        assert!(compare(&found, &set(&["a"])).is_ok());
        assert!(compare(&found, &set(&[])).unwrap_err().contains("lacks:\n| `a` | A list. |"));
        assert!(compare(&BTreeMap::new(), &set(&["a"])).unwrap_err().ends_with("not have:\na"));
    }
}

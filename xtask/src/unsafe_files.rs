//! `cargo xtask unsafe`: ARCHITECTURE.md's table names every file with `unsafe` in it, and no other.
//!
//! A row of the table is a line that starts with `|` and whose first cell is a path in backticks, relative to the
//! repository (`orion-rt/src/util/list.rs`). Other tables of that document have no such first cell.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{Outcome, tokens, tree};

/// Where `unsafe` may occur at all.
const SOURCES: [&str; 3] = ["orion-rt/src", "orion-macros/src", "orion-ffi/src"];

pub(crate) fn run(root: &Path) -> Outcome {
    let mut found = BTreeSet::new();
    for source in SOURCES {
        for path in tree::files_with(&root.join(source), &["rs"])? {
            let name = tree::relative(&path, root);
            if tokens::has_unsafe(&tree::read(&path)?).map_err(|error| format!("{name}: {error}"))? {
                found.insert(name);
            }
        }
    }
    let listed = listed(&tree::read(&root.join("ARCHITECTURE.md"))?);
    println!("{} files with unsafe code, {} listed", found.len(), listed.len());
    compare(&found, &listed)
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

fn compare(found: &BTreeSet<String>, listed: &BTreeSet<String>) -> Outcome {
    let missing = found.difference(listed).map(|path| format!("  | `{path}` |  <- has unsafe code, is not listed"));
    let stale = listed.difference(found).map(|path| format!("  | `{path}` |  <- is listed, has no unsafe code"));
    let lines: Vec<_> = missing.chain(stale).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(format!("ARCHITECTURE.md's table of files with unsafe code is not exact:\n{}", lines.join("\n")))
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
        assert!(compare(&set(&["a"]), &set(&["a"])).is_ok());
        assert!(compare(&set(&["a"]), &set(&[])).unwrap_err().contains("not listed"));
        assert!(compare(&set(&[]), &set(&["a"])).unwrap_err().contains("no unsafe code"));
    }
}

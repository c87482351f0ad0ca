//! `cargo xtask sizes`: files stay near 300 lines and under 500.

use std::path::Path;

use crate::{Outcome, tree};

/// A file longer than this fails the check.
const LIMIT: usize = 500;
/// A file longer than this is shown.
const SHOWN: usize = 250;
/// What counts as source. Generated files (orion.h, assembly) are checked for freshness instead.
const SOURCE: [&str; 5] = ["rs", "c", "cpp", "ll", "toml"];

pub(crate) fn run(root: &Path) -> Outcome {
    let mut sizes = Vec::new();
    for path in tree::files_with(root, &SOURCE)? {
        let lines = tree::read(&path)?.lines().count();
        sizes.push((lines, tree::relative(&path, root)));
    }
    sizes.sort_by(|a, b| b.cmp(a));
    let total: usize = sizes.iter().map(|(lines, _)| lines).sum();
    for (lines, path) in sizes.iter().take_while(|(lines, _)| *lines > SHOWN) {
        println!("{lines:>5}  {path}");
    }
    println!("{total:>5}  in {} files; those up to {SHOWN} lines are not shown", sizes.len());
    verdict(&sizes)
}

fn verdict(sizes: &[(usize, String)]) -> Outcome {
    let long: Vec<_> = sizes.iter().filter(|(lines, _)| *lines > LIMIT).collect();
    if long.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = long.iter().map(|(lines, path)| format!("  {path}: {lines} lines")).collect();
    Err(format!("over {LIMIT} lines; split by subject:\n{}", names.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_over_the_limit_fail() {
        assert!(verdict(&[(LIMIT, "a.rs".into())]).is_ok());
        let message = verdict(&[(LIMIT + 1, "b.rs".into()), (3, "a.rs".into())]).unwrap_err();
        assert!(message.contains("b.rs") && !message.contains("a.rs"));
    }
}

//! The files of a crate, and from paths in their text the edges between them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{tokens, tree};

/// A module's place in the crate: `["chan", "core"]`; empty for lib.rs.
pub(crate) type Name = Vec<String>;

/// One file that is not only for tests.
#[derive(Debug)]
pub(crate) struct File {
    /// Relative to orion-rt/src.
    pub(crate) path: String,
    pub(crate) facts: tokens::Facts,
}

/// All files by their module.
pub(crate) type Files = BTreeMap<Name, File>;

/// One file uses a name of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: Name,
    pub(crate) to: Name,
    /// `file:line`.
    pub(crate) at: String,
}

/// Reads every file below `source`, without those that a `#[cfg(test)] mod x;` declares.
pub(crate) fn read(source: &Path) -> Result<Files, String> {
    let mut files = Files::new();
    for path in tree::files_with(source, &["rs"])? {
        let relative = tree::relative(&path, source);
        let facts = tokens::facts(&tree::read(&path)?).map_err(|error| format!("{relative}: {error}"))?;
        files.insert(name_of(&relative), File { path: relative, facts });
    }
    Ok(without_tests(files))
}

/// `chan/core.rs` and `chan/core/mod.rs` are `chan::core`.
fn name_of(relative: &str) -> Name {
    let stem = relative.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if stem == "lib" { Name::new() } else { stem.split('/').map(String::from).collect() }
}

fn without_tests(mut files: Files) -> Files {
    let mut test_only: Vec<Name> = Vec::new();
    for (name, file) in &files {
        for module in file.facts.modules.iter().filter(|module| module.test_only) {
            test_only.push(name.iter().cloned().chain([module.name.clone()]).collect());
        }
    }
    files.retain(|name, _| !test_only.iter().any(|prefix| name.starts_with(prefix)));
    files
}

/// Every use of another file's names.
pub(crate) fn edges(files: &Files) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (from, file) in files {
        for path in &file.facts.paths {
            let Some(target) = absolute(from, path, file) else { continue };
            let to = owner(files, &target);
            let hands_on = path.reexport && to.starts_with(from);
            if to != *from && !hands_on {
                edges.push(Edge { from: from.clone(), to, at: format!("{}:{}", file.path, path.line) });
            }
        }
    }
    edges
}

/// The path from the crate's root; `None` when it leads out of the crate.
fn absolute(from: &Name, path: &tokens::Path, file: &File) -> Option<Name> {
    let here = || from.iter().chain(&path.inside).cloned().collect::<Name>();
    let first = path.segments.first()?.as_str();
    let mut base = match first {
        "crate" => Name::new(),
        "self" | "super" => here(),
        child if path.inside.is_empty() && file.facts.modules.iter().any(|module| module.name == child) => {
            let mut base = here();
            base.push(child.to_string());
            base
        }
        _ => return None,
    };
    let mut rest = path.segments.as_slice();
    if first == "super" {
        while let Some(("super", tail)) = rest.split_first().map(|(head, tail)| (head.as_str(), tail)) {
            base.pop();
            rest = tail;
        }
    } else {
        rest = &rest[1..];
    }
    base.extend(rest.iter().filter(|segment| *segment != "self").cloned());
    Some(base)
}

/// The file that `target` lies in: the longest prefix that is one. An unknown first segment stays as it is, so that
/// `check` can name it.
fn owner(files: &Files, target: &Name) -> Name {
    (0..=target.len()).rev().map(|n| &target[..n]).find(|prefix| files.contains_key(*prefix)).unwrap_or(&[]).to_vec()
}

/// The edges that lead from one folder to another, neither of which lies in the other. A file beside lib.rs is a
/// folder of its own.
pub(crate) fn between_folders(files: &Files, edges: &[Edge]) -> Vec<Edge> {
    let folder = |name: &Name| {
        let is_folder = files.get(name).is_none_or(|file| file.path.ends_with("/mod.rs")) || name.len() < 2;
        if is_folder { name.clone() } else { name[..name.len() - 1].to_vec() }
    };
    let moved = edges.iter().map(|edge| Edge { from: folder(&edge.from), to: folder(&edge.to), at: edge.at.clone() });
    moved.filter(|edge| !edge.from.starts_with(&edge.to) && !edge.to.starts_with(&edge.from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> (Name, File) {
        (name_of(path), File { path: path.into(), facts: tokens::facts(text).unwrap() })
    }

    fn name(text: &str) -> Name {
        text.split("::").map(String::from).collect()
    }

    #[test]
    fn paths_resolve_to_files() {
        let files = Files::from([
            file("lib.rs", "pub use chan::Chan; mod chan; mod sys;"),
            file("sys/mod.rs", ""),
            file("chan/mod.rs", "mod core; mod node; pub use core::Core; use node::Node;"),
            file(
                "chan/core.rs",
                "use super::node::Node; use crate::sys::Mutex; use std::fmt; mod a { use super::super::X; }",
            ),
            file("chan/node.rs", "use crate::Chan;"),
        ]);
        let found: Vec<_> = edges(&files).into_iter().map(|edge| (edge.from, edge.to)).collect();
        let expected = [
            (name("chan"), name("chan::node")),
            (name("chan::core"), name("chan::node")),
            (name("chan::core"), name("sys")),
            (name("chan::core"), name("chan")),
            (name("chan::node"), Name::new()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn files_of_one_folder_are_one() {
        let files = Files::from([
            file("lib.rs", "mod sched; mod coop;"),
            file("coop.rs", ""),
            file("sched/mod.rs", "mod queue; mod multi; mod local;"),
            file("sched/queue.rs", "use crate::coop::spend;"),
            file("sched/multi/mod.rs", "mod worker; use self::worker::W; use super::queue::Q;"),
            file("sched/multi/worker.rs", "use super::X; use crate::sched::local::L;"),
            file("sched/local/mod.rs", "use super::multi::worker::W;"),
        ]);
        let found: Vec<_> = between_folders(&files, &edges(&files)).into_iter().map(|e| (e.from, e.to)).collect();
        let expected = [
            (name("sched::local"), name("sched::multi")),
            (name("sched::multi"), name("sched::local")),
            (name("sched"), name("coop")),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn files_declared_for_tests_are_left_out() {
        let files = without_tests(Files::from([
            file("chan/mod.rs", "#[cfg(test)] mod tests; #[cfg(all(loom, test))] mod models;"),
            file("chan/tests.rs", "use crate::runtime::run;"),
            file("chan/models/mod.rs", ""),
        ]));
        assert_eq!(files.keys().cloned().collect::<Vec<_>>(), [name("chan")]);
    }
}

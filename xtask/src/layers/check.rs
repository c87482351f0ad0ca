//! What an edge may do, and what a set of edges may not form.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::{Edge, Files, Name};
use super::table;

/// The module of a file: its first segment, `lib` for the root.
fn module(name: &Name) -> &str {
    name.first().map_or("lib", String::as_str)
}

/// Files of modules that the table does not name.
pub(crate) fn unknown_modules(files: &Files) -> Vec<String> {
    let unknown: BTreeSet<&str> = files.keys().map(module).filter(|name| table::floor(name).is_none()).collect();
    unknown.iter().map(|name| format!("module `{name}` has no floor; add it to xtask/src/layers/table.rs")).collect()
}

/// Edges that do not lead to a lower floor, between different modules.
pub(crate) fn climbing(edges: &[Edge]) -> Vec<String> {
    let mut wrong = Vec::new();
    for edge in edges {
        let (from, to) = (module(&edge.from), module(&edge.to));
        let (Some(low), Some(high)) = (table::floor(from), table::floor(to)) else { continue };
        if from != to && high >= low {
            wrong.push(format!("{}: `{from}` (floor {low}) imports from `{to}` (floor {high})", edge.at));
        }
    }
    wrong
}

/// Cycles among the folders, each told with the lines that form it.
pub(crate) fn cycles(edges: &[Edge]) -> Vec<String> {
    let mut graph: BTreeMap<&Name, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        graph.entry(&edge.from).or_default().push(edge);
    }
    let mut finished = BTreeSet::new();
    let mut found = Vec::new();
    for start in graph.keys() {
        follow(start, &graph, &mut Vec::new(), &mut finished, &mut found);
    }
    found
}

/// Depth first: `trail` is the way here, `finished` what leads to no new cycle.
fn follow<'e>(
    at: &'e Name,
    graph: &BTreeMap<&Name, Vec<&'e Edge>>,
    trail: &mut Vec<&'e Edge>,
    finished: &mut BTreeSet<&'e Name>,
    found: &mut Vec<String>,
) {
    if finished.contains(at) {
        return;
    }
    if let Some(begin) = trail.iter().position(|edge| edge.from == *at) {
        let way: Vec<_> = trail[begin..].iter().map(|edge| edge.at.as_str()).collect();
        found.push(format!("cycle: {} -> back to {}", way.join(" -> "), at.join("::")));
        return;
    }
    for edge in graph.get(at).into_iter().flatten() {
        trail.push(edge);
        follow(&edge.to, graph, trail, finished, found);
        trail.pop();
    }
    finished.insert(at);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str) -> Edge {
        let name = |text: &str| text.split("::").filter(|part| !part.is_empty()).map(String::from).collect();
        Edge { from: name(from), to: name(to), at: format!("{from}:1") }
    }

    #[test]
    fn only_the_way_down_is_open() {
        assert!(
            climbing(&[edge("chan::core", "sys"), edge("scope", "task::state"), edge("chan::a", "chan::b")]).is_empty()
        );
        assert_eq!(climbing(&[edge("sys", "chan::core")]).len(), 1, "up");
        assert_eq!(climbing(&[edge("chan", "task")]).len(), 1, "the same floor");
        assert_eq!(climbing(&[edge("chan", "")]).len(), 1, "lib.rs is the roof");
    }

    #[test]
    fn a_cycle_is_told_once() {
        let told = cycles(&[edge("chan::a", "chan::b"), edge("chan::b", "chan::c"), edge("chan::c", "chan::a")]);
        assert_eq!(told, ["cycle: chan::a:1 -> chan::b:1 -> chan::c:1 -> back to chan::a"]);
        assert!(
            cycles(&[edge("chan::a", "chan::b"), edge("chan::a", "chan::c"), edge("chan::b", "chan::c")]).is_empty()
        );
    }

    #[test]
    fn a_module_without_a_floor_is_named() {
        let files = Files::from([(
            vec!["attic".to_string()],
            super::super::resolve::File { path: "attic.rs".into(), facts: Default::default() },
        )]);
        assert!(unknown_modules(&files)[0].contains("`attic`"));
    }
}

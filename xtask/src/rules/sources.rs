//! The files that belong to a crate: its root, and what `mod` leads to from there. A file that no `mod` names is not
//! compiled, so what it says shows nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::items::{self, Child, Found, Under};
use crate::tree;

/// One file of a crate.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) found: Found,
}

/// The files of the crate whose root is `root`.
pub(super) fn of_crate(root: &Path, makers: &BTreeSet<String>) -> Result<Vec<Source>, String> {
    let mut sources = Vec::new();
    let mut waiting = vec![(root.to_path_buf(), root.parent().expect("a file").to_path_buf(), Under::default())];
    while let Some((path, below, under)) = waiting.pop() {
        let text = tree::read(&path)?;
        let found = items::find(&text, under, makers).map_err(|error| format!("{}: {error}", path.display()))?;
        waiting.extend(found.children.iter().filter_map(|child| file_of(child, &below)));
        sources.push(Source { path, text, found });
    }
    Ok(sources)
}

/// The file of `mod name;` in a file whose modules are below the directory `below`, and where its own are. Without such a
/// file it is the compiler's to complain (or a `#[path]`, which nothing here uses).
fn file_of(child: &Child, below: &Path) -> Option<(PathBuf, PathBuf, Under)> {
    let within = below.join(child.inside.iter().collect::<PathBuf>());
    let own = within.join(&child.name);
    let candidates = [own.with_extension("rs"), own.join("mod.rs")];
    let path = candidates.into_iter().find(|path| path.is_file())?;
    Some((path, own, child.under))
}

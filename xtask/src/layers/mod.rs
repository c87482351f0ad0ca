//! `cargo xtask layers`: orion-rt/src is a house of floors, and imports go down the stairs only.
//!
//! ```text
//!   files --tokens--> paths --resolve--> edges file -> file --check--> a lower floor, or the same module without a cycle
//!                                        table --draw--> the drawing that ARCHITECTURE.md has to contain
//! ```
//!
//! Invariants
//! 1. [`table::FLOORS`] is the only place that names the floors.
//! 2. A module imports from lower floors and from itself; two modules of one floor do not know each other.
//! 3. The folders inside a module import each other without a cycle. The files of one folder are one subject told in
//!    parts; they may know each other, and a folder may know the one it lies in.
//! 4. Nothing but `sys` uses the platform's locks, atomics, threads and clock directly (`door`): what goes past it no model sees.

mod check;
mod door;
mod resolve;
mod table;

use std::path::Path;

use crate::{Outcome, tree};

pub(crate) fn run(root: &Path) -> Outcome {
    let drawing = table::draw();
    print!("{drawing}");
    let source = root.join("orion-rt/src");
    let files = resolve::read(&source)?;
    let edges = resolve::edges(&files);
    let mut wrong = check::unknown_modules(&files);
    wrong.extend(check::climbing(&edges));
    wrong.extend(check::cycles(&resolve::between_folders(&files, &edges)));
    wrong.extend(door::bypasses(&files));
    match tree::read(&root.join("ARCHITECTURE.md")) {
        Ok(text) if text.contains(drawing.trim_end()) => {}
        Ok(_) => wrong.push("ARCHITECTURE.md does not contain the drawing above, word for word".into()),
        Err(error) => wrong.push(error),
    }
    println!("{} files, {} imports between them", files.len(), edges.len());
    if wrong.is_empty() { Ok(()) } else { Err(format!("layers:\n  {}", wrong.join("\n  "))) }
}

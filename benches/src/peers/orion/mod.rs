//! orion-rt: `run`, and a `Runtime` of one and of two workers; its channel halves, and `select!`.
//!
//! The traits of [`crate::capability`] ask for `'static` tasks, as the peers do; orion's groups carry the lifetime of
//! their scope. The adapters erase that lifetime, which costs nothing at run time. Invariants they rely on:
//!
//! 1. A group's clones are held by the workload's tasks and by nobody else, and a workload returns numbers only.
//! 2. A root returns only after all its tasks have been dropped (R3), and a group that has outlived its root is safe to
//!    hold (S2).
//! 3. On `run`, everything stays on the calling thread (R1).

mod channel;
mod local;
mod multi;

use super::{Cells, SUBJECT};
use crate::capability::{Mode, Tasks};
pub use channel::{Halves, Shared};
pub use local::OnRun;
pub use multi::OnRuntime;

pub(super) fn add(cells: &mut Cells) {
    rows::<OnRun>(cells, Mode::Run);
    for workers in [1, 2] {
        rows::<OnRuntime>(cells, Mode::Workers(workers));
    }
}

fn rows<R: Tasks>(cells: &mut Cells, mode: Mode) {
    cells.tasks::<R>(SUBJECT, mode);
    cells.channel::<R, Halves>(SUBJECT, mode);
    cells.mpmc::<R, Halves>(SUBJECT, mode);
    cells.select_one_hot::<R, Shared>(SUBJECT, mode);
    cells.select_all_hot::<R, Shared>(SUBJECT, mode);
}

//! Looking at a runtime while it runs: dumps of every live task.
#![forbid(unsafe_code)]

mod deadlock;
mod dump;
mod dumper;
mod standstill;

pub use deadlock::{Deadlock, DeadlockPolicy};
pub use dump::{Dump, TaskInfo, TaskState, Wait};
pub use dumper::{Dumper, dumper};
pub(crate) use standstill::{Parked, Standstill, look};

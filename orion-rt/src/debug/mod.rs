//! Looking at a runtime while it runs: dumps of every live task.
#![forbid(unsafe_code)]

mod dump;
mod dumper;

pub use dump::{Dump, TaskInfo, TaskState, Wait};
pub use dumper::{Dumper, dumper};

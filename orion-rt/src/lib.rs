//! Structured concurrency for Rust.
#![deny(rust_2018_idioms)]

mod chan;
mod coop;
mod debug;
mod meta;
mod runtime;
mod scheduler;
mod scope;
mod select;
mod sys;
mod task;
mod time;
mod util;

pub use chan::{Chan, ChanInfo, Receiver, RecvFuture, SendError, SendFuture, Sender, TryRecvError, TrySendError};
pub use coop::{YieldNow, yield_now};
pub use debug::{Dump, Dumper, TaskInfo, TaskState, Wait, dumper};
pub use meta::TaskId;
pub use runtime::{Builder, LocalRuntime, Runtime};
pub use scope::{Finished, Get, Group, GroupFuture, Join, JoinHandle, Scope, TaskBuilder, run};
pub use select::{Select, SelectFuture, Selected};
pub use task::error::{Panic, TaskError};
pub use task::kind::{Kind, Local, Multi};
pub use time::{Elapsed, Interval, Sleep, Tick, Timeout, interval, now, sleep, sleep_until, timeout, timeout_at};

// Their documentation is written, and its examples run, in orion-macros; rustdoc shows it here.
pub use orion_macros::{main, select, test};

/// What the macros expand to; no part of the API.
#[doc(hidden)]
pub mod __private {
    pub use crate::runtime::outcome;
    pub mod select {
        pub use crate::select::seam::*;
    }
}

/// What `orion-ffi` is built on; no part of the API.
#[doc(hidden)]
pub mod __ffi {
    pub use crate::chan::erased::*;
    pub use crate::coop::{budget_left, note_join, wake_tail};
    pub use crate::scope::driver::{Drive, LocalDriver, MultiDriver, spawn_here};
}

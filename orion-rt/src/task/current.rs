//! The task this thread is polling.

use std::cell::Cell;
use std::ptr::NonNull;

use crate::sys::thread_local;

use super::header::Header;
use super::kind::{Local, Multi};

/// A task of either kind, valid while it is being polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyTask {
    /// Of a single-threaded root.
    Local(NonNull<Header<Local>>),
    /// Of a runtime with workers.
    Multi(NonNull<Header<Multi>>),
}

thread_local! {
    static CURRENT: Cell<Option<AnyTask>> = const { Cell::new(None) };
}

/// The task this thread polls now.
#[inline]
pub(crate) fn get() -> Option<AnyTask> {
    CURRENT.get()
}

/// Makes `task` the current one until the guard is dropped; polls nest when a destructor or a foreign executor polls inside.
#[inline]
pub(crate) fn enter(task: AnyTask) -> Entered {
    Entered { before: CURRENT.replace(Some(task)) }
}

/// There is no current task until the guard is dropped.
#[inline]
pub(crate) fn hide() -> Entered {
    Entered { before: CURRENT.replace(None) }
}

/// See [`enter`] and [`hide`].
pub(crate) struct Entered {
    before: Option<AnyTask>,
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

//! A counted reference to a task of either kind that may go to any thread: for futures that a task has polled and that stay in
//! touch with it wherever they are moved, dropped or forgotten.
//!
//! Invariants
//! 1. `waker` is one of `task`'s, so it owns a reference: the header is alive.
//! 2. Away from the task's own thread nothing plain of the header is touched: only the pointer to its annex, made once, what
//!    there is atomic or behind a lock, and what a waker may.

use std::ptr::NonNull;
use std::task::Waker;

use super::current::{self, AnyTask};
use super::header::Header;
use super::kind::Sealed;
use super::shields::Shields;
use super::waker::{WakerRef, may_be_cancelled};
use crate::util::contain::contained;

/// See the module.
pub(crate) struct TaskRef {
    task: AnyTask,
    waker: Waker,
}

// SAFETY: (2).
unsafe impl Send for TaskRef {}
// SAFETY: (2).
unsafe impl Sync for TaskRef {}

impl TaskRef {
    /// The task this thread polls.
    pub(crate) fn current() -> Option<Self> {
        let task = current::get()?;
        let waker = match task {
            AnyTask::Local(task) => WakerRef::new(task).clone(),
            AnyTask::Multi(task) => WakerRef::new(task).clone(),
        };
        Some(Self { task, waker })
    }

    /// Whether it is `task`.
    pub(crate) fn is(&self, task: AnyTask) -> bool {
        self.task == task
    }

    /// A shield becomes pending in the task, which this thread polls.
    pub(crate) fn enter_shield(&self) {
        match self.task {
            AnyTask::Local(task) => make_shields(task).enter(),
            AnyTask::Multi(task) => make_shields(task).enter(),
        }
    }

    /// A shield that was pending in the task is no more: if it was the last, and the task is cancelled, it is woken to its end.
    pub(crate) fn leave_shield(&self) {
        let wake = match self.task {
            AnyTask::Local(task) => leave(task),
            AnyTask::Multi(task) => leave(task),
        };
        // In a turn of the task itself the end of that turn looks whether there are shields; a wake-up would only bring one more.
        if wake && current::get() != Some(self.task) {
            contained(|| self.waker.wake_by_ref());
        }
    }
}

fn make_shields<'a, K: Sealed>(task: NonNull<Header<K>>) -> &'a Shields {
    // SAFETY: the task is being polled by this thread.
    &unsafe { task.as_ref() }.annex_or_new().shields
}

fn leave<K: Sealed>(task: NonNull<Header<K>>) -> bool {
    // SAFETY: (1).
    let header = unsafe { task.as_ref() };
    let annex = header.annex.get().expect("a task that was shielded has one");
    annex.shields.leave(|| may_be_cancelled(header))
}

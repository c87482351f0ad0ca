//! Holding the current task: what its future has lent to another thread keeps it from being dropped (S10). Unlike a shield, a
//! hold stops whatever ends tasks, and only the task itself gives it up.
//!
//! ```text
//!   set(true) ──> a request to stop wakes the task: it is polled once more, and sees the request ──> set(false), Pending: it ends
//! ```
//!
//! Invariants
//! 1. The current task is being polled or dropped by this thread, so its header is alive and `held` is this thread's.

use std::ptr::NonNull;

use super::current::{self, AnyTask};
use super::header::Header;
use super::kind::Sealed;
use crate::sys::atomic::Ordering;

/// Holds the current task, or lets go of it. `false`: there is no current task.
pub(crate) fn set(held: bool) -> bool {
    match current::get() {
        Some(AnyTask::Local(task)) => set_of(task, held),
        Some(AnyTask::Multi(task)) => set_of(task, held),
        None => return false,
    }
    true
}

fn set_of<K: Sealed>(task: NonNull<Header<K>>, held: bool) {
    // SAFETY: (1).
    unsafe { task.as_ref() }.annex_or_new().held.store(held, Ordering::Relaxed);
}

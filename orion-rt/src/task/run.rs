//! One turn of a task: what a scheduler does with a task it took from a queue.

use std::ptr::NonNull;

use super::header::Header;
use super::kind::Sealed;
use super::state::{Start, Suspend, TaskState};
use crate::coop;

/// What became of the task.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Turn {
    /// It is parked or over; the scheduler has nothing to do with it.
    Gone,
    /// It was woken meanwhile: put it at the tail of a queue.
    Requeue,
}

/// Polls `task` once, or drops its future if it is cancelled, and completes it if that was its end.
///
/// # Safety
/// `task` is scheduled and was just taken out of its queue by this thread.
pub(crate) unsafe fn step<K: Sealed>(task: NonNull<Header<K>>, budget: u32) -> Turn {
    let header = {
        // SAFETY: a scheduled task is incomplete, so its scope's list keeps it alive.
        unsafe { task.as_ref() }
    };
    let entered = super::current::enter(K::any(task));
    let mut over = false;
    if header.state.start() == Start::Poll {
        coop::begin_poll(budget);
        // SAFETY: this thread has RUNNING since `start`.
        over = unsafe { (header.vtable.poll)(task) };
        let wait = coop::end_poll();
        if !over {
            header.wait.store(wait);
            match header.state.suspend() {
                Suspend::Parked => return Turn::Gone,
                Suspend::Requeue => return Turn::Requeue,
                Suspend::Cancel => {}
            }
        }
    }
    if !over {
        // SAFETY: this thread has RUNNING and the future is still there.
        unsafe { (header.vtable.abandon)(task) };
    }
    drop(entered);
    // SAFETY: the result is stored and this thread has RUNNING.
    unsafe { super::finish::returned(task) };
    Turn::Gone
}

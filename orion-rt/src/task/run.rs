//! One turn of a task: what a scheduler does with a task it took from a queue.

use std::ptr::NonNull;

use super::header::Header;
use super::kind::Sealed;
use super::state::{Start, Suspend, TaskState};
use crate::coop::{self, Shared, Waits};
use crate::locals;
use crate::meta::ledger;
use crate::util::contain::contained;

/// What became of the task.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Turn {
    /// It is parked or over; the scheduler has nothing to do with it.
    Gone,
    /// It was woken meanwhile: put it at the tail of a queue.
    Requeue,
}

/// How the tasks of a runtime take their turns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Operations per turn, 0: no limit.
    pub(crate) budget: u32,
    /// What is left open is written down.
    pub(crate) strict: bool,
}

impl Pace {
    /// One turn of `task`.
    ///
    /// # Safety
    /// As [`step`].
    #[inline]
    pub(crate) unsafe fn step<K: Sealed>(self, task: NonNull<Header<K>>) -> Turn {
        if self.strict {
            // SAFETY: promised by the caller.
            unsafe { step_strict(task, self.budget) }
        } else {
            // SAFETY: promised by the caller.
            unsafe { step(task, self.budget) }
        }
    }
}

/// As [`step`], under a strict root: what the task leaves open is written to its root's ledger, but for what a cancellation
/// drops (J8, C14).
///
/// # Safety
/// As [`step`].
unsafe fn step_strict<K: Sealed>(task: NonNull<Header<K>>, budget: u32) -> Turn {
    // SAFETY: a scheduled task is incomplete, so its scope's list keeps it alive.
    let scope = unsafe { task.as_ref() }.scope;
    // SAFETY: as above: the scope of an incomplete task is alive.
    let ledger = unsafe { scope.as_ref() }.ledger().cloned();
    let _entered = ledger.map(ledger::enter);
    // SAFETY: promised by the caller.
    unsafe { step(task, budget) }
}

/// Polls `task` once, or drops its future if it is cancelled, and completes it if that was its end.
///
/// # Safety
/// `task` is scheduled and was just taken out of its queue by this thread.
unsafe fn step<K: Sealed>(task: NonNull<Header<K>>, budget: u32) -> Turn {
    let header = {
        // SAFETY: a scheduled task is incomplete, so its scope's list keeps it alive.
        unsafe { task.as_ref() }
    };
    let _root = coop::belongs_to(K::root_of(header));
    let entered = super::current::enter(K::any(task));
    let mut over = false;
    if header.state.start(|| header.stays()) == Start::Poll {
        let locals = header.enter_locals();
        let mut shared = header.wait.shared();
        if shared != Shared::NOBODY && !header.has_registrations() {
            shared = Shared::NOBODY;
        }
        coop::begin_poll(budget, Waits { shared, registrar: super::waker::registrar::<K>() });
        // SAFETY: this thread has RUNNING since `start`.
        over = unsafe { (header.vtable.poll)(task) };
        let wait = coop::end_poll();
        if over {
            drop_locals(locals);
        } else {
            header.leave_locals(locals);
            header.wait.store(wait);
            // Captures no reference to the header: one would have to stay valid until `suspend` returns, and the task that it has
            // given up may be gone by then.
            let stays = move || {
                // SAFETY: asked before the task is given up.
                unsafe { task.as_ref() }.stays()
            };
            match header.state.suspend(stays) {
                Suspend::Parked => return Turn::Gone,
                Suspend::Requeue => return Turn::Requeue,
                Suspend::Cancel => {}
            }
        }
    }
    if !over {
        // SAFETY: this thread has RUNNING and the future is still there.
        unsafe { abandon(task) };
    }
    drop(entered);
    // SAFETY: the result is stored and this thread has RUNNING.
    unsafe { super::finish::returned(task) };
    Turn::Gone
}

/// Drops the future of `task` unpolled, with the task's locals.
///
/// # Safety
/// This thread has RUNNING and the future is there.
pub(crate) unsafe fn abandon<K: Sealed>(task: NonNull<Header<K>>) {
    let header = {
        // SAFETY: a running task is alive.
        unsafe { task.as_ref() }
    };
    let locals = header.enter_locals();
    // SAFETY: promised by the caller.
    unsafe { (header.vtable.abandon)(task) };
    drop_locals(locals);
}

/// The future is gone; the last task that has inherited a value drops it.
#[inline]
fn drop_locals(locals: Option<locals::Entered>) {
    #[cold]
    fn leave(entered: locals::Entered) {
        let locals = entered.leave();
        contained(|| drop(locals));
    }
    if let Some(entered) = locals {
        leave(entered);
    }
}

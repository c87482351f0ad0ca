//! Whether what this thread polls has been asked to stop meanwhile, by another thread, so that it ends at its next suspension.
//!
//! A request to stop reaches one task after the other. One that is being polled may see what the request has made of another, a join that
//! gives `Cancelled`, before it is stopped itself; and the panic that it makes of that would pass for a reason of its own. So a join
//! that would give an error suspends instead, where it is the task's last (X1).
//!
//! Invariants
//! 1. The current task is being polled, so it and its scope are alive; a group has references to its parent and its opener.
//! 2. A scope that is marked, or whose opener is, has all below it asked: whoever has marked it goes on to them (`cancel`).
//!
//! On one thread a request reaches all before any of them goes on. A task that has itself made a request in this turn knows what it does:
//! it goes on to its next suspension in earnest.

use std::ptr::NonNull;
use std::task::Context;

use super::current::{self, AnyTask};
use super::header::Header;
use super::kind::Multi;
use super::owner::Place;
use super::state::TaskState;
use super::{unit, waker};
use crate::coop;

/// Whether whoever returns `Pending` for the current task, polled with `cx`, is not polled again: the task, or the body of a group
/// around it, ends there. With another waker than the task's own it cannot be said: a `block_on` would poll on, or wait for ever.
pub(crate) fn is_near(cx: &Context<'_>) -> bool {
    let Some(AnyTask::Multi(task)) = current::get() else { return false };
    if coop::has_requested_stop() || !waker::is_of(cx.waker(), task) {
        return false;
    }
    // SAFETY: (1).
    let header = unsafe { task.as_ref() };
    unit::one_is_ending() || has_been_asked(header) && !header.stays()
}

fn has_been_asked(task: &Header<Multi>) -> bool {
    if task.state.is_cancelled() || task.is_body {
        return task.state.is_cancelled();
    }
    // SAFETY: (1).
    let mut scope = unsafe { task.scope.as_ref() };
    loop {
        if scope.is_cancelled() {
            return true;
        }
        let Place::Group { parent, opener, .. } = &scope.place else { return false };
        // SAFETY: (1).
        let is_cancelled = |opener: &NonNull<Header<Multi>>| unsafe { opener.as_ref() }.state.is_cancelled();
        if opener.as_ref().is_some_and(is_cancelled) {
            return true;
        }
        scope = parent;
    }
}

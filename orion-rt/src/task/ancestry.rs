//! What a task runs inside of: the task that opened its group, the one that opened that task's group, and so on (S3).
//!
//! ```text
//!   root  <-- task, level 0  <--opened-- group  <-- task, level 1  <--opened-- group  <-- task, level 2
//! ```
//!
//! Invariants
//! 1. A task that others run inside of has opened a group, so it has an annex, made before they were.
//! 2. Each step upwards leads to a task whose level is one less.
//! 3. The scope of a task that is not complete is alive, and a group has a reference to its opener.
//!
//! Rejected: a look at all that is above, at each join: a pile of tasks, each of which joins the next, would take a time that
//! grows with the square of its height.

use std::ptr::NonNull;

use super::header::Header;
use super::kind::Sealed;
use super::owner::Place;
use crate::meta::TaskId;

/// How many tasks `task` runs inside of. To be asked by the thread that runs it.
pub(super) fn level<K: Sealed>(task: &Header<K>) -> u32 {
    // SAFETY: (3), the task is being run.
    unsafe { opener(task) }.map_or(0, |above| level_of_opener(above) + 1)
}

/// Whether `task`, which this thread is running, is `other` or runs inside of it, so that `other` cannot end before `task` does (J4).
pub(crate) fn runs_inside<K: Sealed>(task: NonNull<Header<K>>, other: &Header<K>) -> bool {
    if task.as_ptr().cast_const() == std::ptr::from_ref(other) {
        return true;
    }
    // (1)
    let Some(annex) = other.annex.get() else { return false };
    // SAFETY: being run, says the caller.
    let mut below = unsafe { task.as_ref() };
    // SAFETY: (3): the first is being run, the others answer for the group below them and so are not complete.
    while let Some(above) = unsafe { opener(below) } {
        // (2)
        if level_of_opener(above) <= annex.level {
            return std::ptr::eq(above, other) && above.answers_for_groups();
        }
        if !above.answers_for_groups() {
            return false;
        }
        below = above;
    }
    false
}

/// The task that has opened the group that `task`, which is not complete, is in.
pub(crate) fn opener_of<K: Sealed>(task: &Header<K>) -> Option<TaskId> {
    // SAFETY: (3), says the caller.
    unsafe { opener(task) }.map(|opener| opener.id)
}

/// Whether `task`, which is not complete, or a task that it runs inside of, is one in the background (S9).
pub(crate) fn is_in_background<K: Sealed>(task: &Header<K>) -> bool {
    let mut task = task;
    loop {
        // SAFETY: (3): the first is not complete, says the caller; those above answer for the group below them.
        let Place::Group { opener, background, .. } = (unsafe { &task.scope.as_ref().place }) else { return false };
        if *background {
            return true;
        }
        // SAFETY: (3).
        match opener.map(|opener| unsafe { &*opener.as_ptr().cast_const() }) {
            Some(above) if above.answers_for_groups() => task = above,
            _ => return false,
        }
    }
}

fn level_of_opener<K: Sealed>(opener: &Header<K>) -> u32 {
    opener.annex.get().expect("the opener of a group has an annex").level
}

/// The task that has opened the group `task` is in.
///
/// # Safety
/// `task` is not complete.
unsafe fn opener<K: Sealed>(task: &Header<K>) -> Option<&Header<K>> {
    // SAFETY: (3).
    match unsafe { &task.scope.as_ref().place } {
        // SAFETY: (3).
        Place::Group { opener, .. } => opener.map(|opener| unsafe { &*opener.as_ptr().cast_const() }),
        Place::Root(_) => None,
    }
}

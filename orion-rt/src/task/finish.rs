//! Completing tasks: from the stored result to the joiner's wake-up, the scope's count and the reference; then on to the
//! opener that becomes complete with its last descendant, in a loop.

use std::ptr::NonNull;

use super::header::Header;
use super::kind::{Count, Schedule, Sealed};
use super::owner::{ORDINARY, ScopeCore};
use super::scope_ref::ScopeRef;
use super::state::{Completed, TaskState};

/// The future of `task` is gone and its result stored; this thread has RUNNING.
///
/// The task, its scope and its root may be gone when this returns.
///
/// # Safety
/// As said.
pub(crate) unsafe fn returned<K: Sealed>(task: NonNull<Header<K>>) {
    let header = {
        // SAFETY: a running task is alive.
        unsafe { task.as_ref() }
    };
    let completed = match header.annex.get() {
        None => header.state.finish(),
        Some(annex) => {
            header.state.returned();
            if annex.pending.sub(1) != 0 {
                // The group that loses its last task completes this one.
                return;
            }
            header.state.complete()
        }
    };
    // SAFETY: the transition above made this thread the one that completes the task.
    let next = unsafe { dispose(task, completed) };
    complete_from(next);
}

/// Takes back one that was added to the count of `task`'s pending descendants.
///
/// # Safety
/// As said.
pub(crate) unsafe fn discharge<K: Sealed>(task: NonNull<Header<K>>) {
    // SAFETY: a task with pending descendants is not complete, so alive.
    let annex = unsafe { task.as_ref() }.annex.get().expect("a task with descendants has an annex");
    if annex.pending.sub(1) == 0 {
        complete_from(Some(task));
    }
}

/// Completes `next`, whose count of pending descendants this thread has taken to zero, and every opener above that becomes
/// complete with it.
fn complete_from<K: Sealed>(mut next: Option<NonNull<Header<K>>>) {
    while let Some(opener) = next {
        // SAFETY: its count of pending descendants reached zero here, so it is returned, not complete, and alive.
        let completed = unsafe { opener.as_ref() }.state.complete();
        // SAFETY: as above.
        next = unsafe { dispose(opener, completed) };
    }
}

/// Everything after the transition to COMPLETE. Gives the next task to complete.
///
/// # Safety
/// The caller made the transition that gave `completed`, which added a reference.
unsafe fn dispose<K: Sealed>(task: NonNull<Header<K>>, completed: Completed) -> Option<NonNull<Header<K>>> {
    // SAFETY: the completion reference keeps the header alive; it is given back at the end.
    let header = unsafe { task.as_ref() };
    if completed.join_waker {
        // SAFETY: JOIN_WAKER was set at completion: the slot is filled and both sides only read it.
        if let Some(waker) = unsafe { &*header.join_waker.get() } {
            crate::util::contain::contained(|| waker.wake_by_ref());
        }
        if header.state.join_waker_done() {
            // SAFETY: the handle is gone, so the slot is this thread's.
            unsafe { empty_slot(header) };
        }
    }
    if !completed.wanted {
        // SAFETY: no handle: the result is this thread's, and is dropped before the scope can end.
        unsafe { drop_result(task) };
    }
    // The membership is the handle's from now on if there is one: that in the list, or in none; a body's is in none ever.
    let stays_listed = completed.wanted && header.outstays;
    let mine = if completed.wanted { 1 } else { 2 };
    if header.state.has_wakers(mine) {
        header.keeps_shared.set(true);
        // SAFETY: the root has not ended: this task is still counted.
        unsafe { <K::Shared as Schedule<K>>::retain(header.shared) };
    }
    let scope = header.scope;
    let next = if header.is_body {
        // SAFETY: the root waits for its body, which is counted until here.
        let root = unsafe { ScopeRef::upgrade(scope) };
        if let Some(root) = root {
            root.end_activity(ORDINARY);
        }
        None
    } else {
        // SAFETY: a task that is no body is counted in its scope until here.
        unsafe { ScopeCore::leave(scope, task, !stays_listed) }
    };
    // SAFETY: the completion reference, and the membership where nobody wants the result.
    unsafe { give_back(task, mine) };
    next
}

/// Drops the result of a task that nobody will join; the panic of an isolated one goes to its scope's end, unless it was
/// released (P2).
///
/// # Safety
/// The result is there and the caller's; the task's scope is alive if the task was enlisted.
pub(crate) unsafe fn drop_result<K: Sealed>(task: NonNull<Header<K>>) {
    // SAFETY: the caller has the result, so the header is alive.
    let header = unsafe { task.as_ref() };
    // SAFETY: promised by the caller.
    let payload = crate::util::contain::contained_value(|| unsafe { (header.vtable.drop_result)(task) });
    let Some(payload) = payload else { return };
    if header.is_released() || !header.was_enlisted() {
        // The panic hook has seen it.
        return crate::util::contain::discard(payload);
    }
    // SAFETY: promised by the caller.
    super::cancel::raise_at_end(unsafe { header.scope.as_ref() }, payload);
}

/// Drops the join waker.
///
/// # Safety
/// The slot is the caller's.
pub(crate) unsafe fn empty_slot<K: Sealed>(header: &Header<K>) {
    // SAFETY: promised by the caller.
    let waker = unsafe { &mut *header.join_waker.get() }.take();
    crate::util::contain::contained(|| drop(waker));
}

/// Gives `n` references back; of a `Local` task on the thread that runs, or has run, its root.
///
/// # Safety
/// The caller has them.
pub(crate) unsafe fn give_back<K: Sealed>(task: NonNull<Header<K>>, n: usize) {
    // SAFETY: the references keep the header alive.
    if unsafe { task.as_ref() }.state.release(n) {
        // SAFETY: none is left.
        unsafe { super::waker::free(task) };
    }
}

//! The state of a `Local` task: a word its own thread touches with plain loads and stores, and an atomic one for wakers
//! that live on other threads.
//!
//! Invariants
//! 1. `flags` and `refs` are touched by the owner thread only.
//! 2. The number of references is `refs + shared / REF` (signed, either part may be negative) until `MERGED`, then
//!    `shared / REF`. The sum is never below the number of holders.
//! 3. If the owner sees `refs == 0` after giving one up and the shared count 0, nobody holds a reference: whoever made the
//!    last foreign one had it from the owner by a synchronised hand-over, so its count is visible.
//! 4. Otherwise the owner's last step (giving up the last reference of a completed task's list or handle) is to merge: it adds
//!    `refs` to the shared count, and whoever takes that to zero frees.
//! 5. A waker that the owner has cloned and another thread uses up, as in each wake-up from there, takes the two parts one further
//!    apart, without end. So the owner adds `refs` to the shared count, and starts from zero, before it is far from it: what
//!    was said of the sum is true of any two parts.
//!
//! Rejected: one atomic word as for `Multi` (5 ns for each of spawn, wake, poll, join); forbidding wakers to leave the thread
//! (`Waker` is `Send`).

use std::cell::Cell;

use crate::sys::MODELLED;
use crate::sys::atomic::{AtomicIsize, Ordering};

use super::state::{Completed, Release, Start, Suspend, TaskState, Wake};

const SCHEDULED: u32 = 1;
const RUNNING: u32 = 1 << 1;
const RETURNED: u32 = 1 << 2;
const COMPLETE: u32 = 1 << 3;
const CANCEL: u32 = 1 << 4;
const HANDLE: u32 = 1 << 5;
const JOIN_WAKER: u32 = 1 << 6;

/// In `shared`: a wake-up is on its way to the owner.
const REMOTE_WAKE: isize = 1;
/// In `shared`: the owner has left, all references are counted here.
const MERGED: isize = 1 << 1;
const REF: isize = 1 << 2;

/// How far from zero `refs` may be (5).
const FAR: u32 = if MODELLED || cfg!(miri) { 2 } else { 1 << 16 };

/// See the module.
#[derive(Debug)]
pub struct LocalState {
    flags: Cell<u32>,
    refs: Cell<i32>,
    shared: AtomicIsize,
}

impl LocalState {
    fn has(&self, bits: u32) -> bool {
        self.flags.get() & bits != 0
    }

    fn set(&self, bits: u32) {
        self.flags.set(self.flags.get() | bits);
    }

    fn clear(&self, bits: u32) {
        self.flags.set(self.flags.get() & !bits);
    }

    fn is_merged(&self) -> bool {
        self.shared.load(Ordering::Acquire) & MERGED != 0
    }

    #[inline]
    fn set_refs(&self, refs: i32) {
        if refs.unsigned_abs() > FAR {
            self.even_out(refs);
        } else {
            self.refs.set(refs);
        }
    }

    /// Puts `refs` to the shared count (5).
    #[cold]
    fn even_out(&self, refs: i32) {
        self.refs.set(0);
        no_more_than_possible(self.shared.fetch_add(refs as isize * REF, Ordering::AcqRel));
    }
}

/// Wakers leaked in a loop must not wrap the count into a use after free.
fn no_more_than_possible(shared: isize) {
    if shared > isize::MAX / 2 {
        std::process::abort();
    }
}

impl TaskState for LocalState {
    #[inline]
    fn new(handle: bool) -> Self {
        Self {
            flags: Cell::new(SCHEDULED | if handle { HANDLE } else { 0 }),
            refs: Cell::new(1),
            shared: AtomicIsize::new(0),
        }
    }

    #[inline]
    fn wake(&self) -> Wake {
        let parked = !self.has(SCHEDULED | RUNNING | RETURNED);
        self.set(SCHEDULED);
        if parked { Wake::Schedule } else { Wake::Nothing }
    }

    #[inline]
    fn start(&self, shielded: impl Fn() -> bool) -> Start {
        self.clear(SCHEDULED);
        self.set(RUNNING);
        if self.has(CANCEL) && !shielded() { Start::Cancel } else { Start::Poll }
    }

    #[inline]
    fn suspend(&self, shielded: impl Fn() -> bool) -> Suspend {
        if self.has(CANCEL) && !shielded() {
            return Suspend::Cancel;
        }
        self.clear(RUNNING);
        if self.has(SCHEDULED) { Suspend::Requeue } else { Suspend::Parked }
    }

    #[inline]
    fn returned(&self) {
        self.clear(RUNNING);
        self.set(RETURNED);
    }

    #[inline]
    fn finish(&self) -> Completed {
        self.returned();
        self.complete()
    }

    #[inline]
    fn complete(&self) -> Completed {
        self.set(COMPLETE);
        self.refs.set(self.refs.get() + 1);
        Completed { wanted: self.has(HANDLE), join_waker: self.has(JOIN_WAKER) }
    }

    #[inline]
    fn cancel(&self) -> Wake {
        self.set(CANCEL);
        self.wake()
    }

    #[inline]
    fn is_cancelled(&self) -> bool {
        self.has(CANCEL)
    }

    #[inline]
    fn is_complete(&self) -> bool {
        self.has(COMPLETE)
    }

    #[inline]
    fn is_returned(&self) -> bool {
        self.has(RETURNED)
    }

    fn activity(&self) -> (bool, bool) {
        (self.has(SCHEDULED), self.has(RUNNING))
    }

    #[inline]
    fn owns_join_slot(&self) -> bool {
        !self.has(JOIN_WAKER)
    }

    #[inline]
    fn publish_join_waker(&self) -> bool {
        self.set(JOIN_WAKER);
        true
    }

    #[inline]
    fn withdraw_join_waker(&self) -> bool {
        let early = !self.has(COMPLETE);
        if early {
            self.clear(JOIN_WAKER);
        }
        early
    }

    #[inline]
    fn join_waker_done(&self) -> bool {
        self.clear(JOIN_WAKER);
        !self.has(HANDLE)
    }

    #[inline]
    fn release_handle(&self) -> Release {
        self.clear(HANDLE);
        if self.has(COMPLETE) { Release::Late { slot: !self.has(JOIN_WAKER) } } else { Release::Early }
    }

    #[inline]
    fn has_wakers(&self, mine: usize) -> bool {
        let expected = mine as isize + isize::from(self.has(HANDLE));
        self.refs.get() as isize + self.shared.load(Ordering::Acquire).div_euclid(REF) > expected
    }

    #[inline]
    fn retain(&self) {
        if self.is_merged() {
            return self.retain_remote();
        }
        self.set_refs(self.refs.get() + 1);
    }

    #[inline]
    fn release(&self, n: usize) -> bool {
        if self.is_merged() {
            return self.shared.fetch_sub(n as isize * REF, Ordering::AcqRel).div_euclid(REF) == n as isize;
        }
        let left = self.refs.get() - n as i32;
        if !self.has(COMPLETE) || self.has(HANDLE) {
            // The list or the handle holds one: not the end.
            self.set_refs(left);
            return false;
        }
        self.refs.set(left);
        let shared = self.shared.load(Ordering::Acquire).div_euclid(REF);
        if left == 0 && shared == 0 {
            return true;
        }
        // (4) From here on every holder counts in the shared word.
        let merged = self.shared.fetch_add(left as isize * REF + MERGED, Ordering::AcqRel) + left as isize * REF;
        merged.div_euclid(REF) == 0
    }

    fn retain_remote(&self) {
        no_more_than_possible(self.shared.fetch_add(REF, Ordering::Relaxed));
    }

    fn release_remote(&self) -> bool {
        let old = self.shared.fetch_sub(REF, Ordering::AcqRel);
        old & MERGED != 0 && old.div_euclid(REF) == 1
    }

    fn wake_remote(&self) -> Wake {
        let old = self.shared.fetch_or(REMOTE_WAKE, Ordering::AcqRel);
        if old & (REMOTE_WAKE | MERGED) == 0 { Wake::Schedule } else { Wake::Nothing }
    }

    fn remote_wake_taken(&self) {
        self.shared.fetch_and(!REMOTE_WAKE, Ordering::AcqRel);
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    // J6: a waker goes to another thread for each wake-up from there, or comes from there, as often as you like.
    #[test]
    fn a_count_stays_near_zero_however_many_wakers_go_to_other_threads() {
        let cycles = 3 * FAR + 5;
        let state = LocalState::new(false);
        for _ in 0..cycles {
            state.retain();
            assert!(!state.release_remote());
            assert!(state.refs.get().unsigned_abs() <= FAR);
        }
        for _ in 0..2 * cycles {
            state.retain_remote();
            assert!(!state.release(1));
            assert!(state.refs.get().unsigned_abs() <= FAR);
        }
        let _ = state.start(|| false);
        let _ = state.finish();
        assert!(!state.has_wakers(2));
        assert!(state.release(2), "the list's and the completion's were the only ones");
    }
}

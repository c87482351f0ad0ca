//! The state of a `Local` task: a word its own thread touches with plain loads and stores, and an atomic one for wakers
//! that live on other threads.
//!
//! Invariants
//! 1. `flags` and `refs` are touched by the owner thread only, except `MERGED` tasks, whose `flags` no longer change.
//! 2. The number of references is `refs + shared / REF` (signed, either part may be negative) until `MERGED`, then
//!    `shared / REF`. The sum is never below the number of holders.
//! 3. If the owner sees `refs == 0` after giving one up and the shared count 0, nobody holds a reference: whoever made the
//!    last foreign one had it from the owner by a synchronised hand-over, so its count is visible.
//! 4. Otherwise the owner's last step (giving up the last reference of a completed task's list or handle) is to merge: it adds
//!    `refs` to the shared count, and whoever takes that to zero frees.
//!
//! Rejected: one atomic word as for `Multi` (5 ns for each of spawn, wake, poll, join); forbidding wakers to leave the thread
//! (`Waker` is `Send`).

use std::cell::Cell;

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
        match self.refs.get().checked_add(1) {
            Some(refs) => self.refs.set(refs),
            // A waker leaked in a loop must not wrap the count into a use after free.
            None => std::process::abort(),
        }
    }

    #[inline]
    fn release(&self, n: usize) -> bool {
        if self.is_merged() {
            return self.shared.fetch_sub(n as isize * REF, Ordering::AcqRel).div_euclid(REF) == n as isize;
        }
        let left = self.refs.get() - n as i32;
        self.refs.set(left);
        if !self.has(COMPLETE) || self.has(HANDLE) {
            // The list or the handle holds one: not the end.
            return false;
        }
        let shared = self.shared.load(Ordering::Acquire).div_euclid(REF);
        if left == 0 && shared == 0 {
            return true;
        }
        // (4) From here on every holder counts in the shared word.
        let merged = self.shared.fetch_add(left as isize * REF + MERGED, Ordering::AcqRel) + left as isize * REF;
        merged.div_euclid(REF) == 0
    }

    fn retain_remote(&self) {
        if self.shared.fetch_add(REF, Ordering::Relaxed) > isize::MAX / 2 {
            std::process::abort();
        }
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

//! The state of a `Local` task: a word its own thread touches with plain loads and stores, and an atomic one for wakers
//! that live on other threads.
//!
//! Invariants
//! 1. `flags`, `refs` and `own` are touched by the owner thread only.
//! 2. The number of references is `refs + shared / REF` (signed, either part may be negative; what `OWN` counts left out) until
//!    `MERGED`, then `shared / REF`. The sum is never below the number of holders.
//! 3. If the owner sees `refs == 0` after giving one up and the shared count 0, nobody holds a reference: whoever made the
//!    last foreign one had it from the owner by a synchronised hand-over, so its count is visible.
//! 4. Otherwise the owner's last step (giving up the last reference of a completed task's list or handle) is to merge: it adds
//!    `refs` to the shared count, and whoever takes that to zero frees.
//! 5. Registrations are counted alike: their number is `own + shared / OWN`.
//! 6. A waker that the owner has cloned and another thread uses up, as in each wake-up from there, takes the two parts one further
//!    apart, without end. So the owner adds `refs` to the shared count, and starts from zero, before it is far from it: what
//!    was said of the sum is true of any two parts.
//!
//! Rejected: one atomic word as for `Multi` (5 ns for each of spawn, wake, poll, join); forbidding wakers to leave the thread
//! (`Waker` is `Send`).

use std::cell::Cell;

use crate::sys::MODELLED;
use crate::sys::atomic::{AtomicI64, Ordering};

use super::state::{Completed, References, Release, Start, Suspend, TaskState, Wake};

const SCHEDULED: u16 = 1;
const RUNNING: u16 = 1 << 1;
const RETURNED: u16 = 1 << 2;
const COMPLETE: u16 = 1 << 3;
const CANCEL: u16 = 1 << 4;
const HANDLE: u16 = 1 << 5;
const JOIN_WAKER: u16 = 1 << 6;

/// In `shared`: a wake-up is on its way to the owner.
const REMOTE_WAKE: i64 = 1;
/// In `shared`: the owner has left, all references are counted here.
const MERGED: i64 = 1 << 1;
/// In `shared`: the number of references, 32 bits with a sign.
const REF: i64 = 1 << 2;
/// In `shared`, above: the number of registrations.
const OWN: i64 = 1 << 34;

/// How far from zero `refs` and `own` may be (6).
const FAR: u16 = if MODELLED || cfg!(miri) { 2 } else { 1 << 14 };

/// The references that `shared` counts.
fn shared_refs(shared: i64) -> i64 {
    shared << 30 >> 32
}

/// The registrations that `shared` counts.
fn shared_own(shared: i64) -> i64 {
    (shared - shared_refs(shared) * REF) >> 34
}

/// See the module.
#[derive(Debug)]
pub struct LocalState {
    flags: Cell<u16>,
    refs: Cell<i16>,
    own: Cell<i16>,
    shared: AtomicI64,
}

impl LocalState {
    fn has(&self, bits: u16) -> bool {
        self.flags.get() & bits != 0
    }

    fn set(&self, bits: u16) {
        self.flags.set(self.flags.get() | bits);
    }

    fn clear(&self, bits: u16) {
        self.flags.set(self.flags.get() & !bits);
    }

    #[inline]
    fn uncount_own(&self) {
        if self.is_merged() {
            self.shared.fetch_sub(OWN, Ordering::Relaxed);
        } else {
            self.set_own(self.own.get() - 1);
        }
    }

    fn is_merged(&self) -> bool {
        self.shared.load(Ordering::Acquire) & MERGED != 0
    }

    #[inline]
    fn set_refs(&self, refs: i16) {
        self.refs.set(refs);
        if refs.unsigned_abs() > FAR {
            self.even_out();
        }
    }

    #[inline]
    fn set_own(&self, own: i16) {
        self.own.set(own);
        if own.unsigned_abs() > FAR {
            self.even_out();
        }
    }

    /// Puts `refs` and `own` to the shared counts (6).
    #[cold]
    fn even_out(&self) {
        self.add_shared(self.plain());
    }

    /// Takes the plain counts, as an addend to the shared ones.
    fn plain(&self) -> i64 {
        i64::from(self.refs.take()) * REF + i64::from(self.own.take()) * OWN
    }

    fn add_shared(&self, what: i64) {
        let shared = self.shared.fetch_add(what, Ordering::AcqRel);
        // Wakers leaked in a loop must not wrap the count into a use after free.
        if shared_refs(shared) > i64::from(i32::MAX / 2) {
            std::process::abort();
        }
    }
}

impl TaskState for LocalState {
    #[inline]
    fn new(handle: bool) -> Self {
        Self {
            flags: Cell::new(SCHEDULED | if handle { HANDLE } else { 0 }),
            refs: Cell::new(1),
            own: Cell::new(0),
            shared: AtomicI64::new(0),
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
        self.references().all > mine as i64 + i64::from(self.has(HANDLE))
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
        let gone = n as i64;
        if self.is_merged() {
            return shared_refs(self.shared.fetch_sub(gone * REF, Ordering::AcqRel)) == gone;
        }
        // Few, and `refs` is near zero.
        let left = self.refs.get() - n as i16;
        if !self.has(COMPLETE) || self.has(HANDLE) {
            // The list or the handle holds one: not the end.
            self.set_refs(left);
            return false;
        }
        self.refs.set(left);
        if left == 0 && shared_refs(self.shared.load(Ordering::Acquire)) == 0 {
            return true;
        }
        // (4) From here on every holder counts in the shared word.
        let plain = self.plain();
        shared_refs(self.shared.fetch_add(plain + MERGED, Ordering::AcqRel) + plain) == 0
    }

    #[inline]
    fn retain_own(&self) {
        if self.is_merged() {
            return self.add_shared(REF + OWN);
        }
        self.set_own(self.own.get() + 1);
        self.set_refs(self.refs.get() + 1);
    }

    #[inline]
    fn release_own(&self) -> (bool, bool) {
        self.uncount_own();
        let none_left = !self.has_registrations();
        (self.release(1), none_left)
    }

    #[inline]
    fn wake_own(&self) -> Wake {
        self.uncount_own();
        self.wake()
    }

    #[inline]
    fn has_registrations(&self) -> bool {
        i64::from(self.own.get()) + shared_own(self.shared.load(Ordering::Relaxed)) != 0
    }

    fn references(&self) -> References {
        let shared = self.shared.load(Ordering::Acquire);
        References {
            all: i64::from(self.refs.get()) + shared_refs(shared),
            own: i64::from(self.own.get()) + shared_own(shared),
        }
    }

    fn retain_remote(&self) {
        self.add_shared(REF);
    }

    fn release_remote(&self) -> bool {
        let old = self.shared.fetch_sub(REF, Ordering::AcqRel);
        old & MERGED != 0 && shared_refs(old) == 1
    }

    fn release_own_remote(&self) -> bool {
        let old = self.shared.fetch_sub(REF + OWN, Ordering::AcqRel);
        old & MERGED != 0 && shared_refs(old) == 1
    }

    fn wake_own_remote(&self) -> Wake {
        self.shared.fetch_sub(OWN, Ordering::Relaxed);
        self.wake_remote()
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
        let cycles = 3 * u32::from(FAR) + 5;
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

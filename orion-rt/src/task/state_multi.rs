//! The state word of a `Multi` task: flags and references in one atomic, one read-modify-write per transition.
//!
//! Known bits make arithmetic do for transitions: `start` runs on a word that has `SCHEDULED` and not `RUNNING`, so adding
//! `RUNNING - SCHEDULED` moves it, whatever else changes at the same time.
//!
//! Orderings: a transition that hands the future or the result to another thread releases, the one that takes it over
//! acquires; every such step is `AcqRel` on the same word, so each is ordered after the one it follows.

use crate::sys::atomic::{AtomicUsize, Ordering};

use super::state::{Completed, Release, Start, Suspend, TaskState, Wake};

const SCHEDULED: usize = 1;
const RUNNING: usize = 1 << 1;
const RETURNED: usize = 1 << 2;
const COMPLETE: usize = 1 << 3;
const CANCEL: usize = 1 << 4;
const HANDLE: usize = 1 << 5;
const JOIN_WAKER: usize = 1 << 6;
const REF: usize = 1 << 8;

/// See the module.
#[derive(Debug)]
pub struct MultiState(AtomicUsize);

impl MultiState {
    fn completed(old: usize) -> Completed {
        debug_assert!(old & COMPLETE == 0);
        Completed { wanted: old & HANDLE != 0, join_waker: old & JOIN_WAKER != 0 }
    }

    /// Changes `JOIN_WAKER` unless the task is complete.
    fn change_join_waker(&self, change: impl Fn(usize) -> usize) -> bool {
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| (s & COMPLETE == 0).then(|| change(s))).is_ok()
    }
}

impl TaskState for MultiState {
    #[inline]
    fn new(handle: bool) -> Self {
        Self(AtomicUsize::new(SCHEDULED | REF | if handle { HANDLE } else { 0 }))
    }

    #[inline]
    fn wake(&self) -> Wake {
        let old = self.0.fetch_or(SCHEDULED, Ordering::AcqRel);
        if old & (SCHEDULED | RUNNING | RETURNED) == 0 { Wake::Schedule } else { Wake::Nothing }
    }

    #[inline]
    fn start(&self, shielded: impl Fn() -> bool) -> Start {
        let old = self.0.fetch_add(RUNNING - SCHEDULED, Ordering::AcqRel);
        debug_assert!(old & (SCHEDULED | RUNNING | RETURNED) == SCHEDULED);
        if old & CANCEL != 0 && !shielded() { Start::Cancel } else { Start::Poll }
    }

    #[inline]
    fn suspend(&self, shielded: impl Fn() -> bool) -> Suspend {
        // A cancelled task stays RUNNING, so that its future is dropped here and now.
        let mut s = self.0.load(Ordering::Acquire);
        loop {
            if s & CANCEL != 0 && !shielded() {
                return Suspend::Cancel;
            }
            match self.0.compare_exchange_weak(s, s & !RUNNING, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) if s & SCHEDULED != 0 => return Suspend::Requeue,
                Ok(_) => return Suspend::Parked,
                Err(now) => s = now,
            }
        }
    }

    #[inline]
    fn returned(&self) {
        self.0.fetch_add(RETURNED - RUNNING, Ordering::AcqRel);
    }

    #[inline]
    fn finish(&self) -> Completed {
        let old = self.0.fetch_add(COMPLETE + RETURNED - RUNNING + REF, Ordering::AcqRel);
        debug_assert!(old & RUNNING != 0, "only who runs the task finishes it");
        Self::completed(old)
    }

    #[inline]
    fn complete(&self) -> Completed {
        Self::completed(self.0.fetch_add(COMPLETE + REF, Ordering::AcqRel))
    }

    #[inline]
    fn cancel(&self) -> Wake {
        let old = self.0.fetch_or(CANCEL | SCHEDULED, Ordering::AcqRel);
        if old & (SCHEDULED | RUNNING | RETURNED) == 0 { Wake::Schedule } else { Wake::Nothing }
    }

    #[inline]
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire) & CANCEL != 0
    }

    #[inline]
    fn is_complete(&self) -> bool {
        self.0.load(Ordering::Acquire) & COMPLETE != 0
    }

    #[inline]
    fn is_returned(&self) -> bool {
        self.0.load(Ordering::Acquire) & RETURNED != 0
    }

    fn activity(&self) -> (bool, bool) {
        let s = self.0.load(Ordering::Relaxed);
        (s & SCHEDULED != 0, s & RUNNING != 0)
    }

    #[inline]
    fn owns_join_slot(&self) -> bool {
        self.0.load(Ordering::Acquire) & JOIN_WAKER == 0
    }

    #[inline]
    fn publish_join_waker(&self) -> bool {
        self.change_join_waker(|s| s | JOIN_WAKER)
    }

    #[inline]
    fn withdraw_join_waker(&self) -> bool {
        self.change_join_waker(|s| s & !JOIN_WAKER)
    }

    #[inline]
    fn join_waker_done(&self) -> bool {
        self.0.fetch_and(!JOIN_WAKER, Ordering::AcqRel) & HANDLE == 0
    }

    #[inline]
    fn release_handle(&self) -> Release {
        let old = self.0.fetch_and(!HANDLE, Ordering::AcqRel);
        if old & COMPLETE == 0 { Release::Early } else { Release::Late { slot: old & JOIN_WAKER == 0 } }
    }

    #[inline]
    fn has_wakers(&self, mine: usize) -> bool {
        let s = self.0.load(Ordering::Acquire);
        s / REF > mine + usize::from(s & HANDLE != 0)
    }

    #[inline]
    fn retain(&self) {
        let old = self.0.fetch_add(REF, Ordering::Relaxed);
        // A waker leaked in a loop must not wrap the count into a use after free.
        if old > usize::MAX / 2 {
            std::process::abort();
        }
    }

    #[inline]
    fn release(&self, n: usize) -> bool {
        let old = self.0.fetch_sub(n * REF, Ordering::AcqRel);
        debug_assert!(old / REF >= n);
        old / REF == n
    }

    fn retain_remote(&self) {
        self.retain();
    }

    fn release_remote(&self) -> bool {
        self.release(1)
    }

    fn wake_remote(&self) -> Wake {
        self.wake()
    }

    fn remote_wake_taken(&self) {}
}

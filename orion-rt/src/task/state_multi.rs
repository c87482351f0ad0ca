//! The state word of a `Multi` task: flags and references in one atomic, one read-modify-write per transition.
//!
//! Known bits make arithmetic do for transitions: `start` runs on a word that has `SCHEDULED` and not `RUNNING`, so adding
//! `RUNNING - SCHEDULED` moves it, whatever else changes at the same time.
//!
//! ```text
//!   | 63 .. 36  registrations | 35 .. 8  references | 7 .. 0  flags |
//! ```
//!
//! Orderings: a transition that hands the future or the result to another thread releases, the one that takes it over
//! acquires; every such step is `AcqRel` on the same word, so each is ordered after the one it follows.

use crate::sys::atomic::{AtomicU64, Ordering};

use super::state::{Completed, References, Release, Start, Suspend, TaskState, Wake};

const SCHEDULED: u64 = 1;
const RUNNING: u64 = 1 << 1;
const RETURNED: u64 = 1 << 2;
const COMPLETE: u64 = 1 << 3;
const CANCEL: u64 = 1 << 4;
const HANDLE: u64 = 1 << 5;
const JOIN_WAKER: u64 = 1 << 6;
const REF: u64 = 1 << 8;
/// A reference that is a registration's, in addition to `REF`.
const OWN: u64 = 1 << 36;
const REFS: u64 = OWN / REF - 1;
/// More references than this are wakers leaked in a loop, which must not run over into the registrations.
const MOST: u64 = REFS / 2;

/// How many references a word counts.
fn refs(s: u64) -> u64 {
    (s / REF) & REFS
}

/// See the module.
#[derive(Debug)]
pub struct MultiState(AtomicU64);

impl MultiState {
    fn completed(old: u64) -> Completed {
        debug_assert!(old & COMPLETE == 0);
        Completed { wanted: old & HANDLE != 0, join_waker: old & JOIN_WAKER != 0 }
    }

    #[inline]
    fn add(&self, what: u64) {
        let old = self.0.fetch_add(what, Ordering::Relaxed);
        if refs(old) > MOST {
            std::process::abort();
        }
    }

    /// Changes `JOIN_WAKER` unless the task is complete.
    fn change_join_waker(&self, change: impl Fn(u64) -> u64) -> bool {
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| (s & COMPLETE == 0).then(|| change(s))).is_ok()
    }
}

impl TaskState for MultiState {
    #[inline]
    fn new(handle: bool) -> Self {
        Self(AtomicU64::new(SCHEDULED | REF | if handle { HANDLE } else { 0 }))
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
        refs(s) > mine as u64 + u64::from(s & HANDLE != 0)
    }

    #[inline]
    fn retain(&self) {
        self.add(REF);
    }

    #[inline]
    fn release(&self, n: usize) -> bool {
        let n = n as u64;
        let old = self.0.fetch_sub(n * REF, Ordering::AcqRel);
        debug_assert!(refs(old) >= n);
        refs(old) == n
    }

    #[inline]
    fn retain_own(&self) {
        self.add(REF + OWN);
    }

    #[inline]
    fn release_own(&self) -> (bool, bool) {
        let old = self.0.fetch_sub(REF + OWN, Ordering::AcqRel);
        debug_assert!(old >= REF + OWN);
        (refs(old) == 1, old / OWN == 1)
    }

    #[inline]
    fn wake_own(&self) -> Wake {
        let mut s = self.0.load(Ordering::Acquire);
        loop {
            debug_assert!(s >= OWN);
            match self.0.compare_exchange_weak(s, (s - OWN) | SCHEDULED, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) if s & (SCHEDULED | RUNNING | RETURNED) == 0 => return Wake::Schedule,
                Ok(_) => return Wake::Nothing,
                Err(now) => s = now,
            }
        }
    }

    #[inline]
    fn has_registrations(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= OWN
    }

    fn references(&self) -> References {
        let s = self.0.load(Ordering::Acquire);
        References { all: refs(s) as i64, own: (s / OWN) as i64 }
    }

    fn retain_remote(&self) {
        self.retain();
    }

    fn release_remote(&self) -> bool {
        self.release(1)
    }

    fn release_own_remote(&self) -> bool {
        self.release_own().0
    }

    fn wake_own_remote(&self) -> Wake {
        self.wake_own()
    }

    fn wake_remote(&self) -> Wake {
        self.wake()
    }

    fn remote_wake_taken(&self) {}
}

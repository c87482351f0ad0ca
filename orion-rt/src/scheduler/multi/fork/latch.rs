//! What a worker waits for whose forked closure another has taken: a flag, and whether the waiter has to be woken for it.
//!
//! ```text
//!   UNSET ──fall_asleep──> ASLEEP ──set──> SET, and the setter wakes the waiter
//!     │  <───wake_up─────────┘
//!     └──set──> SET, the waiter looks again before it sleeps
//! ```
//!
//! Invariants
//! 1. `set` is the last touch of whatever the latch is a part of: the waiter may free that as soon as it sees SET.
//! 2. Only the waiter calls `fall_asleep` and `wake_up`. It parks only in ASLEEP; whoever sets the latch then wakes it after.
//!
//! Rejected: always waking the waiter (a call of the system for each stolen closure).

#![forbid(unsafe_code)]

use crate::sys::atomic::{AtomicU32, Ordering};

const UNSET: u32 = 0;
const ASLEEP: u32 = 1;
const SET: u32 = 2;

/// Whether the waiter has to be woken.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Waiter {
    /// It parks, or is about to.
    Asleep,
    /// It will look at the latch by itself.
    Awake,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Latch(AtomicU32);

impl Latch {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(UNSET))
    }

    /// Whether it is set; everything done before is visible then.
    #[inline]
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire) == SET
    }

    /// Sets it, as the last touch (1).
    pub(super) fn set(&self) -> Waiter {
        if self.0.swap(SET, Ordering::AcqRel) == ASLEEP { Waiter::Asleep } else { Waiter::Awake }
    }

    /// The waiter is about to park. `false`: it is set.
    pub(super) fn fall_asleep(&self) -> bool {
        self.0.compare_exchange(UNSET, ASLEEP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The waiter does not park any more.
    pub(super) fn wake_up(&self) {
        // Fails if it is set.
        let _ = self.0.compare_exchange(ASLEEP, UNSET, Ordering::AcqRel, Ordering::Acquire);
    }
}

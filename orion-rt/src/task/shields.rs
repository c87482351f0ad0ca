//! The shields that are pending in something a cancellation may end: a task, a group's body, a child of a local group. While
//! there are any it goes on (X3).
//!
//! ```text
//!   canceller              who runs the unit                   who drops the last shield, perhaps elsewhere
//!   request = true    sees the request: are_pending()?    leave(): count to 0, then: request?
//!                       0: ends the unit                     yes: wakes the unit
//!                       else: polls or parks it              no:  nothing, the next look finds 0
//! ```
//!
//! Invariants
//! 1. `enter` is called by the thread that polls the unit.
//! 2. `are_pending` and `leave` are read-modify-writes of the same word. A look that finds a shield therefore comes before the
//!    `leave` that takes it away, which then sees the request that made the thread look, and wakes the unit.
//!
//! Rejected: a plain load in `are_pending` (both sides could miss each other: the unit would never end).

#![forbid(unsafe_code)]

use crate::sys::atomic::{AtomicUsize, Ordering};

/// See the module.
#[derive(Debug)]
pub(crate) struct Shields(AtomicUsize);

impl Shields {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// A shield becomes pending (1).
    pub(crate) fn enter(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// A shield is over, or gone. `true`: it was the last, and `asked`, looked at only then, says that the unit has been asked to
    /// end: the caller wakes it.
    #[must_use]
    pub(crate) fn leave(&self, asked: impl FnOnce() -> bool) -> bool {
        self.0.fetch_sub(1, Ordering::AcqRel) == 1 && asked()
    }

    /// How many there are, for a look.
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether there are any, asked by who has seen a request to end the unit (2).
    pub(crate) fn are_pending(&self) -> bool {
        self.0.fetch_add(0, Ordering::AcqRel) != 0
    }
}

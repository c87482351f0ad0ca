//! A waiter that is made when its owner has to wait, and not before.
//!
//! ```text
//!   NEW --make--> MADE --over--> OVER        NEW --over--> OVER: the operation was done at its first poll
//!       <--unmake--/                  <--renew---/: a stream or a sink begins its next one
//! ```
//!
//! Purpose: most operations are done at once, and then a waiter is a hundred bytes written and moved for nothing.
//!
//! Invariants
//! 1. The waiter is initialised exactly while the stage is MADE.
//! 2. Only the owner, one thread at a time, touches the stage; peers know the waiter by its address and nothing else.
//!
//! Rejected: an `Option` (peers point into it while its owner would hold a reference to the whole).

use super::waiter::{Status, Waiter};
use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Made,
    Over,
}

pub(crate) struct LazyWaiter {
    stage: Cell<Stage>,
    waiter: UnsafeCell<MaybeUninit<Waiter>>,
}

impl LazyWaiter {
    #[inline]
    pub(super) const fn new() -> Self {
        Self { stage: Cell::new(Stage::New), waiter: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// That of an operation that has not been given yet.
    pub(super) const fn new_over() -> Self {
        Self { stage: Cell::new(Stage::Over), waiter: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// The operation is over, and its owner begins another in the same place.
    #[inline]
    pub(super) fn renew(&self) {
        debug_assert!(self.is_over());
        self.stage.set(Stage::New);
    }

    /// Whether the operation has not begun.
    #[inline]
    pub(super) fn is_new(&self) -> bool {
        self.stage.get() == Stage::New
    }

    /// Whether the operation is over.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.stage.get() == Stage::Over
    }

    /// The waiter, if it has been made.
    #[inline]
    pub(super) fn get(&self) -> Option<&Waiter> {
        if self.stage.get() != Stage::Made {
            return None;
        }
        let waiter = self.waiter.get().cast::<Waiter>();
        // SAFETY: (1): initialised; nobody has a mutable reference to it, all its fields are cells.
        Some(unsafe { &*waiter })
    }

    /// The waiter, made now unless it has been. It must not be over.
    #[inline]
    pub(super) fn make(&self) -> &Waiter {
        self.make_as(Waiter::new)
    }

    /// As `make`, with the waiter that `new` gives.
    #[inline]
    pub(super) fn make_as(&self, new: impl FnOnce() -> Waiter) -> &Waiter {
        if self.stage.get() == Stage::New {
            let waiter = self.waiter.get().cast::<Waiter>();
            // SAFETY: (1, 2): not initialised, so nobody refers to it.
            unsafe { waiter.write(new()) };
            self.stage.set(Stage::Made);
        }
        self.get().expect("an operation that is over does not wait")
    }

    /// What has become of the operation: `Idle` before the waiter is made, `Finished` when it is over.
    #[inline]
    pub(super) fn status(&self) -> Status {
        match self.get() {
            Some(waiter) => waiter.status(),
            None if self.is_new() => Status::Idle,
            None => Status::Finished,
        }
    }

    /// The operation is over. The waiter, if there is one, is not linked, and no lock is held.
    #[inline]
    pub(super) fn over(&self) {
        if self.stage.replace(Stage::Over) == Stage::Made {
            self.destroy();
        }
    }

    /// The waiter is not needed any more; it is not linked and has no waker. As new.
    #[inline]
    pub(super) fn unmake(&self) {
        debug_assert!(self.get().is_none_or(Waiter::has_no_waker));
        // A waiter without a waker owns nothing.
        self.stage.set(Stage::New);
    }

    #[cold]
    fn destroy(&self) {
        let waiter = self.waiter.get().cast::<Waiter>();
        // SAFETY: (1): it was initialised and no longer counts as that: called by `over` only.
        unsafe { waiter.drop_in_place() };
    }
}

impl Drop for LazyWaiter {
    #[inline]
    fn drop(&mut self) {
        if self.stage.get() == Stage::Made {
            self.over();
        }
    }
}

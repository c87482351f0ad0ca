//! Wakers collected under a channel's lock, to be woken after it has been released (C8).
//!
//! Invariants
//! 1. A `Wakes` is never dropped or woken while a channel lock is held.
//! 2. A panic of one waker does not keep the others from being woken; it resumes in the caller (P3).

use crate::coop;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

/// How many wakers `close` collects without allocating.
const FEW: usize = 8;

/// A waker and whether its task is to queue at the tail (it sits in a select).
#[derive(Debug)]
pub(super) struct Wake {
    pub(super) waker: Waker,
    pub(super) tail: bool,
}

/// The wake-ups of one operation: usually none or one.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    first: Option<Wake>,
    more: Vec<Wake>,
}

impl Wakes {
    pub(crate) const fn new() -> Self {
        Self { first: None, more: Vec::new() }
    }

    #[inline]
    pub(super) fn push(&mut self, wake: Option<Wake>) {
        match wake {
            None => {}
            wake if self.first.is_none() => self.first = wake,
            Some(wake) => self.more.push(wake),
        }
    }

    /// Wakes all. Called without a channel lock.
    #[inline]
    pub(crate) fn wake_all(self) {
        let Some(first) = self.first else {
            // Nothing was pushed, so there is no memory to free.
            std::mem::forget(self.more);
            return;
        };
        if self.more.is_empty() {
            std::mem::forget(self.more);
            coop::wake(first.waker, first.tail);
        } else {
            wake_several(first, self.more);
        }
    }

    /// Ends an operation that has not found anybody to wake.
    #[inline]
    pub(crate) fn unused(self) {
        debug_assert!(self.first.is_none());
        // Nothing was pushed, so there is nothing to free.
        std::mem::forget(self);
    }

    /// Wakes all from a destructor, where a panic of a waker is discarded.
    pub(crate) fn wake_all_in_drop(self) {
        wake_each(self.first.into_iter().chain(self.more), false);
    }
}

/// The wake-ups of a `close`.
#[derive(Debug, Default)]
pub(super) struct Batch {
    few: [Option<Wake>; FEW],
    used: usize,
    more: Vec<Wake>,
}

impl Batch {
    pub(super) fn push(&mut self, wake: Option<Wake>) {
        match wake {
            None => {}
            wake if self.used < FEW => {
                self.few[self.used] = wake;
                self.used += 1;
            }
            Some(wake) => self.more.push(wake),
        }
    }

    pub(super) fn wake_all(self, resume: bool) {
        wake_each(self.few.into_iter().flatten().chain(self.more), resume);
    }
}

#[cold]
fn wake_several(first: Wake, more: Vec<Wake>) {
    wake_each([first].into_iter().chain(more), true);
}

fn wake_each(wakes: impl Iterator<Item = Wake>, resume: bool) {
    let mut panic: Option<Box<dyn Any + Send>> = None;
    for Wake { waker, tail } in wakes {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| coop::wake(waker, tail))) {
            if panic.is_none() {
                panic = Some(payload);
            } else {
                // Its destructor could panic as well, and nobody is left to hear of it.
                std::mem::forget(payload);
            }
        }
    }
    match panic {
        Some(payload) if resume => resume_unwind(payload),
        payload => std::mem::forget(payload),
    }
}

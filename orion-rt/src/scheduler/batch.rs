//! A random order of the tasks that can run at the same time (D9), as Trio has it: all that are runnable now make a batch, which
//! runs in an order drawn from the thread's random numbers; what becomes runnable meanwhile makes the next one. So a task that
//! yields comes behind every task of the current batch (Y1), and none waits longer than two batches (Y4).
//!
//! Rejected: drawing the next task from all that are runnable (one may wait without bound, and `yield_now` means nothing).
//!
//! Invariants
//! 1. A task in the batch is scheduled, so alive until it is taken out and run, as in the queue.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::ptr::NonNull;

use crate::task::header::{Header, QueueLink};
use crate::task::kind::Sealed;
use crate::util::rng;

use super::queue::RunQueue;

/// See the module.
#[derive(Debug)]
pub(super) struct Batch<K: Sealed>(RefCell<Vec<NonNull<Header<K>>>>);

impl<K: Sealed<Link = QueueLink<K>>> Batch<K> {
    pub(super) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// A task of the batch; when it is used up, all of `queue` makes the next.
    pub(super) fn next(&self, queue: &RunQueue<K>) -> Option<NonNull<Header<K>>> {
        let mut batch = self.0.borrow_mut();
        if batch.is_empty() {
            batch.extend(std::iter::from_fn(|| queue.pop()));
        }
        // Drawing one of those left at a time is a shuffle (Fisher and Yates).
        let left = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        if left > 1 {
            let drawn = rng::below(left) as usize;
            return Some(batch.swap_remove(drawn));
        }
        batch.pop()
    }
}

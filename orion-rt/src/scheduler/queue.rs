//! A first-in-first-out queue of tasks, linked through their headers: no allocation, no atomic.
//!
//! Invariants
//! 1. A task in the queue is scheduled, so alive until it is taken out and run.
//! 2. One thread uses the queue.

use std::cell::Cell;
use std::ptr::NonNull;

use crate::task::header::{Header, QueueLink};
use crate::task::kind::Sealed;

#[derive(Debug)]
pub(super) struct RunQueue<K: Sealed> {
    head: Cell<Option<NonNull<Header<K>>>>,
    tail: Cell<Option<NonNull<Header<K>>>>,
}

impl<K: Sealed<Link = QueueLink<K>>> RunQueue<K> {
    pub(super) const fn new() -> Self {
        Self { head: Cell::new(None), tail: Cell::new(None) }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head.get().is_none()
    }

    /// Appends a scheduled task that is in no queue.
    #[inline]
    pub(super) fn push(&self, task: NonNull<Header<K>>) {
        match self.tail.replace(Some(task)) {
            // SAFETY: (1): the tail is in the queue.
            Some(tail) => unsafe { tail.as_ref() }.link.set(Some(task)),
            None => self.head.set(Some(task)),
        }
    }

    #[inline]
    pub(super) fn pop(&self) -> Option<NonNull<Header<K>>> {
        let task = self.head.get()?;
        // SAFETY: (1).
        let next = unsafe { task.as_ref() }.link.take();
        self.head.set(next);
        if next.is_none() {
            self.tail.set(None);
        }
        Some(task)
    }
}

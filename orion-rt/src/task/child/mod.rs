//! A child of a local group: a future that is polled inside the task that waits for the group. It is a task to its handle,
//! which joins, cancels and releases it, but no scheduler knows it.
//!
//! ```text
//!   handle ──> JoinCell { result, joiner } <── Work { future } <── group (boxed, typed no more: `Sealed::Child`)
//!                   │                                                 │
//!                   └──────> Record { state, identity } <─────────────┘<── wakers of the future, other threads too
//!                                   │ woken or cancelled
//!                                   v
//!                              Ready { queue of records, the group's waker }
//! ```
//!
//! Invariants
//! 1. A record is in the queue when, and as often as, its state word says SCHEDULED without RUNNING: once at most.
//! 2. What a waker can reach (record, queue) is `'static`. The result is reached by the handle and the group alone.
//! 3. No user code runs under the lock of a cell or of the queue.
//!
//! The transitions are those of a `Multi` task (`state`), whose model covers them: only the word's flags are used, and nobody
//! counts references in it.
//!
//! Rejected: a task of the scheduler for each child (its future would be erased and could not borrow from the caller);
//! intrusive lists as in `FuturesUnordered` (unsafe code for one allocation less).

mod cell;
#[cfg(all(test, loom))]
mod model;
mod record;
mod waker;

pub(crate) use cell::{JoinCell, Work};
pub(crate) use record::{Ready, Record, is_inside};
pub(crate) use waker::{ChildWaker, Wakers};
pub(super) use waker::{register, same};

use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::error::TaskError;

/// What its group does with a child whose type it does not know.
pub trait Child {
    /// Polls the future. `Ready`: it has returned, its value is kept until [`settle`](Child::settle).
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
    /// Drops the future. Its destructor may panic.
    fn drop_future(self: Pin<&mut Self>);
    /// After `drop_future`: the result, `error` if there is one, goes to the handle, which is woken, or is dropped if nobody
    /// wants it.
    fn settle(self: Pin<&mut Self>, error: Option<TaskError>);
}

impl<P: DerefMut<Target: Child>> Child for Pin<P> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.as_deref_mut().poll(cx)
    }

    fn drop_future(self: Pin<&mut Self>) {
        self.as_deref_mut().drop_future();
    }

    fn settle(self: Pin<&mut Self>, error: Option<TaskError>) {
        self.as_deref_mut().settle(error);
    }
}

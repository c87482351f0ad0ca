//! Finishing something though the task has been cancelled.
//!
//! ```text
//!   Shield --first poll--> pending in the task that polls it and in the units around --ready, panicked or dropped--> over
//!              └─ polled elsewhere later: pending there, no more where it was
//! ```
//!
//! Invariants
//! 1. `place` is where the future was polled last; while it is set the future exists.
//! 2. The future is dropped before its place is left: what protects its work protects its destructors.

#![forbid(unsafe_code)]

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::current;
use super::task_ref::TaskRef;
use super::unit::{self, Protection};
use crate::util::contain::contained;

/// Runs `future` to its end though the task that awaits it has been cancelled.
///
/// While any shield is pending the whole task lives, whatever else it polls beside it; after the last it ends at its next
/// suspension. It is pending from its first poll until its future is over; one that was never polled protects nothing.
///
/// Inside, [`cancelled`](crate::cancelled) resolves when the *task* is cancelled, and [`is_cancelled`](crate::is_cancelled) tells. The body
/// of a group that is to stop while its task goes on waits for its group's [`cancelled`](crate::Group::cancelled) instead. A child of a
/// local group that is cancelled alone has nothing of the kind: who cancels it tells it, by a channel say.
///
/// A shield stops what the runtime ends: a cancelled task, the body of a group (after a panic in it, an `Err` in a
/// [`try_group`](crate::Group::try_group), the deadline of a [`group_timeout`](crate::Group::group_timeout)), a child of a local group. It does not
/// stop a combinator that drops it: a `timeout` around a shield ends it, a shield around a `timeout` does not last longer than
/// that. Tasks below the cancelled one are cancelled with it, those of groups opened inside the shield too: what must go on
/// there needs a shield of its own.
///
/// A shield that waits for what nobody can do keeps nothing for ever: when no task of the root can run any more, and nobody could make one,
/// what was to end ends where it is. So it is where that is proven, as of a [deadlock](crate::DeadlockPolicy); at a [`Chan`](crate::Chan), whose handles may be
/// anywhere, the shield stands. (A pending shield that its task has given away, in a box, cannot be told from one that it still has.)
///
/// Cancel safe if `future` is: dropping the shield drops it.
///
/// ```
/// use orion_rt::{Chan, TaskError, shield};
/// orion_rt::run(async |s| {
///     let log = Chan::unbounded();
///     let entries = log.clone();
///     let task = s.spawn(async move {
///         shield(async {
///             orion_rt::cancelled().await;
///             orion_rt::yield_now().await; // such as flushing a file
///             entries.send("flushed").await.unwrap();
///         })
///         .await;
///         orion_rt::yield_now().await;
///         entries.send("never").await.unwrap();
///     });
///     orion_rt::yield_now().await;
///     task.cancel();
///     assert!(matches!(task.await, Err(TaskError::Cancelled)));
///     assert_eq!(log.try_recv(), Ok("flushed"));
///     assert!(log.is_empty());
/// });
/// ```
///
/// Rule: X3.
pub fn shield<F: IntoFuture>(future: F) -> Shield<F::IntoFuture> {
    Shield { future: Some(future.into_future()), place: None }
}

pin_project! {
    /// The future of [`shield`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Shield<F> {
        // Before `place` (2).
        #[pin]
        future: Option<F>,
        place: Option<Place>,
    }
}

impl<F> fmt::Debug for Shield<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shield").field("pending", &self.place.is_some()).finish_non_exhaustive()
    }
}

impl<F: Future> Future for Shield<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let mut future = this.future.as_mut();
        assert!(future.is_some(), "a shield was polled after it had completed");
        if !this.place.as_ref().is_some_and(Place::is_here) {
            // The new place is entered before the old one is left.
            *this.place = Some(Place::enter());
        }
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let value = ready!(future.as_mut().as_pin_mut().expect("looked at above").poll(cx));
            future.set(None);
            Poll::Ready(value)
        }));
        if !matches!(polled, Ok(Poll::Pending)) {
            // Over, also after a panic: whoever catches it may keep the shield, and its task has to end all the same.
            contained(|| this.future.set(None));
            *this.place = None;
        }
        polled.unwrap_or_else(|payload| resume_unwind(payload))
    }
}

/// Whom a shield protects: the task that polled it last, and the units around that poll.
struct Place {
    task: Option<TaskRef>,
    units: Vec<Arc<Protection>>,
}

impl Place {
    fn enter() -> Self {
        let units = unit::around(current::get());
        units.iter().for_each(|unit| unit.enter());
        let task = TaskRef::current();
        if let Some(task) = &task {
            task.enter_shield();
        }
        Self { task, units }
    }

    fn is_here(&self) -> bool {
        let task = current::get();
        let same = match (&self.task, task) {
            (Some(before), Some(now)) => before.is(now),
            (None, None) => true,
            _ => false,
        };
        same && unit::are_around(task, &self.units)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.units.iter().for_each(|unit| unit.leave());
        if let Some(task) = &self.task {
            task.leave_shield();
        }
    }
}

//! Opening a group.

#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::task::kind::Kind;

use super::Group;
use super::begin::Begin;
use super::nest::Nest;

impl<'scope, K: Kind> Group<'scope, K> {
    /// Opens a scope inside the calling task, runs `body` in it and waits for all its tasks.
    ///
    /// The tasks may borrow what the root's tasks may (`'scope`), not the caller's own variables. Dropping the future before it
    /// is ready cancels the tasks and drops the body; the enclosing task still waits for them. On `Multi` the future is `Send`
    /// if the body's is.
    ///
    /// An `Err` that the body returns cancels nothing; for that there is [`try_group`](Self::try_group).
    ///
    /// # Panics
    /// With the first panic of the body or a task of the group, after the others have been cancelled and are gone.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let parts = s.group(async |g| {
    ///         let halves = [g.spawn(async { 1 }), g.spawn(async { 2 })];
    ///         let mut sum = 0;
    ///         for half in halves {
    ///             sum += half.await.unwrap();
    ///         }
    ///         sum
    ///     });
    ///     assert_eq!(parts.await, 3);
    /// });
    /// ```
    ///
    /// Rules: S2, S3, S4, P1, X2.
    #[track_caller]
    pub fn group<B, F>(&self, body: B) -> GroupFuture<'scope, K, B, F>
    where
        B: FnOnce(Group<'scope, K>) -> F,
        F: Future,
    {
        GroupFuture { nest: Nest::new(self.clone(), Begin::new(body)) }
    }
}

pin_project! {
    /// The future of [`Group::group`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct GroupFuture<'scope, K: Kind, B, F: Future> {
        #[pin]
        nest: Nest<'scope, K, Begin<Group<'scope, K>, B, F>, F, F::Output>,
    }
}

impl<K: Kind, B, F: Future> fmt::Debug for GroupFuture<'_, K, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupFuture").field("location", &self.nest.location()).finish_non_exhaustive()
    }
}

impl<K: Kind, B, F: Future> Future for GroupFuture<'_, K, B, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let ended = self.project().nest.poll(cx, Begin::call, Some);
        ended.map(|value| value.expect("a body that did not panic has returned"))
    }
}

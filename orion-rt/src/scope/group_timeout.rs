//! A group with a deadline.

#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::coop;
use crate::task::kind::Kind;
use crate::time::{Elapsed, Sleep, after};
use crate::util::contain::contained;

use super::Group;
use super::begin::Begin;
use super::nest::Nest;

impl<'scope, K: Kind> Group<'scope, K> {
    /// Opens a group, as [`group`](Self::group) does, for at most `duration`, counted from the first poll.
    ///
    /// At the deadline its tasks and its body are asked to stop: each is dropped at its next suspension, or when the
    /// [`shield`](crate::shield) it is in has ended. The future is ready when all are gone, which may be later.
    ///
    /// Dropping it acts as dropping a group's future.
    ///
    /// # Errors
    /// [`Elapsed`] if anything of the group was left at the deadline; the value of a body that had returned is dropped. A group
    /// whose body is over and whose tasks are gone at the first look after the deadline is in time. An `Err` that the body returns is
    /// such a value, and the tasks may use up the time; a [`try_group`](Self::try_group) inside ends them with it.
    ///
    /// # Panics
    /// With the first panic of the body or a task of the group. And like [`sleep`](crate::sleep()), when polled on a thread that
    /// runs no orion root.
    ///
    /// ```
    /// use std::time::Duration;
    /// orion_rt::run(async |s| {
    ///     let late = s.group_timeout(Duration::from_millis(1), async |g| g.go(std::future::pending()));
    ///     assert!(late.await.is_err());
    ///     let answer = s.group_timeout(Duration::from_secs(60), async |g| g.spawn(async { 42 }).await.unwrap());
    ///     assert_eq!(answer.await, Ok(42));
    ///     let failed = s.group_timeout(Duration::from_secs(60), async |g| {
    ///         g.try_group(async |g| {
    ///             g.go(std::future::pending());
    ///             Err::<(), _>("at once")
    ///         })
    ///         .await
    ///     });
    ///     assert_eq!(failed.await, Ok(Err("at once")));
    /// });
    /// ```
    ///
    /// Rules: S2, S3, S4, P1, X1, X3.
    #[track_caller]
    pub fn group_timeout<B, F>(&self, duration: Duration, body: B) -> GroupTimeout<'scope, K, B, F>
    where
        B: FnOnce(Group<'scope, K>) -> F,
        F: Future,
    {
        let nest = Nest::new(self.clone(), Begin::new(body));
        GroupTimeout { nest, duration: Some(duration), sleep: None, elapsed: false }
    }
}

pin_project! {
    /// The future of [`Group::group_timeout`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct GroupTimeout<'scope, K: Kind, B, F: Future> {
        #[pin]
        nest: Nest<'scope, K, Begin<Group<'scope, K>, B, F>, F, F::Output>,
        duration: Option<Duration>,
        #[pin]
        sleep: Option<Sleep>,
        elapsed: bool,
    }
}

impl<K: Kind, B, F: Future> fmt::Debug for GroupTimeout<'_, K, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupTimeout")
            .field("location", &self.nest.location())
            .field("elapsed", &self.elapsed)
            .finish_non_exhaustive()
    }
}

impl<K: Kind, B, F: Future> Future for GroupTimeout<'_, K, B, F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(duration) = this.duration.take() {
            this.sleep.set(Some(Sleep::new(after(duration), this.nest.location())));
        }
        let had_budget = coop::budget_left();
        loop {
            if let Poll::Ready(value) = this.nest.as_mut().poll(cx, Begin::call, Some) {
                this.sleep.set(None);
                if *this.elapsed {
                    contained(|| drop(value));
                    return Poll::Ready(Err(Elapsed::at(this.nest.location())));
                }
                return Poll::Ready(Ok(value.expect("a body that did not panic and was not stopped has returned")));
            }
            // As with a timeout, whose end has to wait its turn where there was no budget before.
            let sleep = this.sleep.as_mut().as_pin_mut();
            match sleep.map(|sleep| if had_budget { sleep.poll_deadline(cx) } else { sleep.poll(cx) }) {
                Some(Poll::Ready(())) => {
                    this.sleep.set(None);
                    *this.elapsed = true;
                    // What has been stopped here and now is looked at once more.
                    this.nest.as_mut().stop();
                }
                Some(Poll::Pending) | None => return Poll::Pending,
            }
        }
    }
}

//! Giving up on a future at a moment.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use super::sleep::{Sleep, sleep_until};
use crate::coop;

/// The time was up first.
///
/// Of [`timeout`], [`timeout_at`] and [`Group::group_timeout`](crate::Group::group_timeout). It says where the time was set. Any two are
/// equal: they say the same of what was waited for.
///
/// ```
/// use std::time::Duration;
/// orion_rt::run(async |_| {
///     let elapsed = orion_rt::timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
///     assert!(elapsed.to_string().starts_with(&format!("the time given at {} was up", elapsed.location())));
/// });
/// ```
///
/// Rule: T1.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Elapsed {
    location: &'static Location<'static>,
}

impl Elapsed {
    pub(crate) fn at(location: &'static Location<'static>) -> Self {
        Self { location }
    }

    /// The place of the call whose time was up.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl PartialEq for Elapsed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Elapsed {}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the time given at {} was up before the future was ready: give it more, or go on without the value",
            self.location
        )
    }
}

impl std::error::Error for Elapsed {}

/// Runs `future` for at most `duration`.
///
/// The future is polled before the clock is looked at, so one that is ready wins whatever the duration. As cancel safe as
/// `future`, which is dropped when the time is up: around a [`JoinHandle`](crate::JoinHandle) that gives up waiting, and the task goes
/// on; around a [`group`](crate::Group::group) it cancels the group's tasks, without waiting until they are gone, as
/// [`group_timeout`](crate::Group::group_timeout) does.
///
/// # Errors
/// [`Elapsed`] when the time is up first; `future` is dropped with the `Timeout`.
///
/// # Panics
/// Like [`sleep`](crate::sleep), when polled on a thread that runs no orion root.
///
/// ```
/// use std::time::Duration;
/// orion_rt::run(async |_| {
///     assert_eq!(orion_rt::timeout(Duration::from_secs(9), async { 7 }).await, Ok(7));
///     let never = std::future::pending::<()>();
///     assert!(orion_rt::timeout(Duration::from_millis(1), never).await.is_err());
/// });
/// ```
///
/// Rule: T1.
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    timeout_at(super::after(duration), future)
}

/// Runs `future` until `deadline`, by [`now`](crate::now), at the latest. See [`timeout`], which has the same errors and panics. For
/// several steps that share one deadline:
///
/// ```
/// use orion_rt::{Elapsed, now, sleep, timeout_at};
/// use std::time::Duration;
/// orion_rt::run(async |_| {
///     let deadline = now() + Duration::from_millis(2);
///     timeout_at(deadline, async { "a quick step" }).await.unwrap();
///     let slow = timeout_at(deadline, sleep(Duration::from_secs(60))).await;
///     assert!(matches!(slow, Err(Elapsed { .. })));
/// });
/// ```
///
/// Rule: T1.
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { future: future.into_future(), sleep: sleep_until(deadline) }
}

pin_project! {
    /// The future of [`timeout`] and [`timeout_at`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        #[pin]
        sleep: Sleep,
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = coop::budget_left();
        if let Poll::Ready(value) = this.future.poll(cx) {
            return Poll::Ready(Ok(value));
        }
        let location = this.sleep.location;
        // The end comes also where the future has spent the budget. But where there was none before, nothing has been tried: a loop
        // around timeouts that have passed would go on for ever without a suspension (Y2).
        let over = if had_budget { this.sleep.poll_deadline(cx) } else { this.sleep.poll(cx) };
        over.map(|()| Err(Elapsed::at(location)))
    }
}

//! Giving up on a future at a moment.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use super::sleep::{Sleep, sleep_until};

/// The time was up first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time was up before the future was ready")
    }
}

impl std::error::Error for Elapsed {}

/// Runs `future` for at most `duration`.
///
/// The future is polled before the clock is looked at, so one that is ready wins whatever the duration. As cancel safe as
/// `future`.
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

/// Runs `future` until `deadline` at the latest. See [`timeout`].
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
        if let Poll::Ready(value) = this.future.poll(cx) {
            return Poll::Ready(Ok(value));
        }
        this.sleep.poll_deadline(cx).map(|()| Err(Elapsed))
    }
}

//! A steady beat.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_core::Stream;

use crate::coop::{self, Reason};

use super::sleep::Sleep;

/// A beat every `period`, the first at once.
///
/// A beat that is missed because nobody waited is made up for at once, and the rhythm goes on from where it would have been:
/// beats are `period` apart on average. Skipping is one comparison away: `tick` gives the moment the beat was due.
///
/// # Panics
/// If `period` is zero; and like [`sleep`](crate::sleep), when polled on a thread that runs no orion root.
///
/// ```
/// use std::time::Duration;
/// orion_rt::run(async |_| {
///     let mut beat = orion_rt::interval(Duration::from_millis(1));
///     let first = beat.tick().await;
///     assert!(beat.tick().await >= first + Duration::from_millis(1));
/// });
/// ```
///
/// Rule: T1.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    assert!(!period.is_zero(), "the period of an `interval` is zero: give it at least a nanosecond");
    let next = super::now();
    Interval { period, next, sleep: None, location: Location::caller() }
}

/// See [`interval`]. Also a `Stream` of the moments the beats were due, which never ends.
#[derive(Debug)]
pub struct Interval {
    period: Duration,
    next: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
    location: &'static Location<'static>,
}

impl Interval {
    /// Waits for the next beat; gives the moment it was due. Cancel safe: a beat nobody took is still there.
    ///
    /// # Panics
    /// Like [`sleep`](crate::sleep), when polled on a thread that runs no orion root.
    ///
    /// ```
    /// use orion_rt::{Chan, interval, select};
    /// use std::time::Duration;
    /// orion_rt::run(async |_| {
    ///     let (jobs, mut beat) = (Chan::<u32>::new(1), interval(Duration::from_millis(1)));
    ///     for _ in 0..3 {
    ///         select! {
    ///             _ = beat.tick() => {} // loses no beat when a job comes first
    ///             job = <-jobs => println!("{job:?}"),
    ///         }
    ///     }
    /// });
    /// ```
    ///
    /// Rule: T1.
    #[track_caller]
    pub fn tick(&mut self) -> Tick<'_> {
        Tick { interval: self, location: Location::caller() }
    }

    /// The time between two beats.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Where the interval was made.
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Waits on behalf of the code at `location`.
    fn poll_tick(&mut self, cx: &mut Context<'_>, location: &'static Location<'static>) -> Poll<Instant> {
        let (due, made) = (self.next, self.location);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(Sleep::new(due, made)));
        if sleep.as_mut().poll_deadline(cx).is_pending() {
            // The sleep may be an earlier tick's.
            coop::note_wait(Reason::Sleep, 0, location);
            return Poll::Pending;
        }
        ready!(sleep.as_mut().consume(cx));
        self.next = super::later(due, self.period);
        self.sleep = None;
        Poll::Ready(due)
    }
}

impl Stream for Interval {
    type Item = Instant;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        let this = self.get_mut();
        this.poll_tick(cx, this.location).map(Some)
    }
}

/// The future of [`Interval::tick`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Tick<'a> {
    interval: &'a mut Interval,
    location: &'static Location<'static>,
}

impl Future for Tick<'_> {
    type Output = Instant;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        let this = self.get_mut();
        this.interval.poll_tick(cx, this.location)
    }
}

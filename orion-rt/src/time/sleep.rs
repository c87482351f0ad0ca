//! Waiting for a moment.

use std::future::Future;
use std::marker::PhantomPinned;
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use crate::coop::{self, Once, Reason};

use super::timers::{Entry, Timers, current};

/// Waits for `duration`.
///
/// Never returns early, by [`now`](crate::now); how late it returns is a matter of load. Cancel safe. The first poll has to be inside a `run`, a
/// `Runtime::run` or one of their tasks, whose timer it becomes.
///
/// # Panics
/// When first polled on a thread that runs no orion root.
///
/// ```
/// use std::time::{Duration, Instant};
/// let before = Instant::now();
/// orion_rt::run(async |_| orion_rt::sleep(Duration::from_millis(2)).await);
/// assert!(before.elapsed() >= Duration::from_millis(2));
/// ```
///
/// Rules: T1, T2, T3.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(super::after(duration))
}

/// Waits until `deadline`, by [`now`](crate::now). Cancel safe; see [`sleep`].
///
/// # Panics
/// As `sleep`.
///
/// ```
/// use std::time::Duration;
/// orion_rt::run(async |_| {
///     let deadline = orion_rt::now() + Duration::from_millis(2);
///     orion_rt::sleep_until(deadline).await;
///     assert!(orion_rt::now() >= deadline);
/// });
/// ```
///
/// Rules: T1, T2, T3.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::new(deadline, Location::caller())
}

/// Wakes `waker` when `after` has passed by the clock of `timers`, unless it is dropped before that.
#[track_caller]
pub(crate) fn alarm(timers: &Arc<Timers>, after: Duration, waker: &Waker) -> Pin<Box<Sleep>> {
    let mut sleep = sleep_until(super::later(timers.now(), after));
    sleep.timers = Some(Arc::clone(timers));
    let sleep = Box::pin(sleep);
    // SAFETY: pinned, and taken out by `drop`.
    let is_new = unsafe { timers.insert(NonNull::from(&sleep.entry), sleep.deadline, waker) };
    debug_assert!(is_new, "a new entry has not fired");
    sleep
}

/// The future of [`sleep`] and [`sleep_until`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep {
    deadline: Instant,
    timers: Option<Arc<Timers>>,
    entry: Entry,
    once: Once,
    pub(super) location: &'static Location<'static>,
    _pin: PhantomPinned,
}

// SAFETY: the entry's cells are used under the timers' lock (invariant 2 of `timers`).
unsafe impl Send for Sleep {}
// SAFETY: `&Sleep` gives access to the deadline only.
unsafe impl Sync for Sleep {}

impl Sleep {
    /// A wait until `deadline` on behalf of the code at `location`.
    pub(crate) fn new(deadline: Instant, location: &'static Location<'static>) -> Self {
        Self { deadline, timers: None, entry: Entry::new(), once: Once::default(), location, _pin: PhantomPinned }
    }

    /// The moment it waits for.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }
}

impl Sleep {
    /// Takes the unit of whoever waits for it.
    pub(crate) fn consume(self: Pin<&mut Self>, cx: &Context<'_>) -> Poll<()> {
        // SAFETY: nothing is moved out of the reference.
        unsafe { self.get_unchecked_mut() }.once.consume(cx)
    }

    /// Polls it for a deadline: whoever is over time has to stop, also when all of the budget is spent (Y2).
    pub(crate) fn poll_deadline(self: Pin<&mut Self>, cx: &Context<'_>) -> Poll<()> {
        // SAFETY: nothing is moved out of the reference.
        let this = unsafe { self.get_unchecked_mut() };
        if this.entry.has_fired() || this.deadline <= super::now() {
            return Poll::Ready(());
        }
        // It belongs to the root it is polled in; one that was moved from another leaves that root's timers.
        let here = current();
        if let (Some(stored), Some(here)) = (&this.timers, &here)
            && !Arc::ptr_eq(stored, here)
        {
            stored.remove(&this.entry);
            this.timers = None;
        }
        if this.timers.is_none() {
            let timers = here.unwrap_or_else(|| {
                panic!(
                    "a timer (sleep, timeout or interval, {}) was polled on a thread that runs no orion root: await it inside \
                     `orion_rt::run`, `Runtime::run` or one of their tasks",
                    this.location
                )
            });
            this.timers = Some(timers);
        }
        let timers = this.timers.as_ref().expect("set above");
        // SAFETY: pinned, and taken out by `drop`.
        if unsafe { timers.insert(NonNull::from(&this.entry), this.deadline, cx.waker()) } {
            coop::note_wait(Reason::Sleep, 0, this.location);
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.as_mut().poll_deadline(cx));
        self.consume(cx)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(timers) = &self.timers {
            timers.remove(&self.entry);
        }
    }
}

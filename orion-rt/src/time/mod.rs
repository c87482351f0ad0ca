//! Time: the timers of a runtime (one heap behind a lock), and the futures that wait on them.
//!
//! ```text
//!   Sleep (pinned, holds an Entry) ──insert──> Timers { heap of (deadline, entry) } <──fire── scheduler, every 61 polls and
//!        <──fired, wake─────────────────────────────                                          before it sleeps
//! ```
//!
//! Each `Timers` has a clock of its own, which everything here reads through the thread's current timers: one virtual clock
//! per deterministic runtime, the system's everywhere else.

mod heap;
mod interval;
mod sleep;
mod timeout;
mod timers;

pub use interval::{Interval, Tick, interval};
pub(crate) use sleep::alarm;
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};
pub(crate) use timers::{Clock, Timers, enter, is_entered};

use std::time::{Duration, Instant};

/// The current time, as the timers see it: of the system's monotonic clock, and inside a root of a
/// [`deterministic`](crate::Builder::deterministic) runtime of its virtual clock.
///
/// Moments of two clocks are not to be compared: a virtual clock starts at the moment its runtime was built, and then goes its own
/// way. Blocking calls and other threads see the system's time.
///
/// ```
/// use std::time::{Duration, Instant};
/// let runtime = orion_rt::Runtime::builder().deterministic(true).build_local()?;
/// let real = Instant::now();
/// runtime.run(async |_| {
///     let before = orion_rt::now();
///     orion_rt::sleep(Duration::from_secs(3600)).await;
///     assert_eq!(orion_rt::now(), before + Duration::from_secs(3600));
/// });
/// assert!(real.elapsed() < Duration::from_secs(3600));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Rules: T1, T3.
#[must_use]
pub fn now() -> Instant {
    timers::current_time()
}

/// `now() + duration`; see [`later`].
pub(crate) fn after(duration: Duration) -> Instant {
    later(now(), duration)
}

/// `from + duration`, or a moment about thirty years away where that is no time the clock can hold.
fn later(from: Instant, duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 30);
    from.checked_add(duration).or_else(|| from.checked_add(FAR)).unwrap_or(from)
}

#[cfg(all(test, loom))]
mod model;

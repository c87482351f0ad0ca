//! Time: the timers of a runtime (one heap behind a lock), and the futures that wait on them.
//!
//! ```text
//!   Sleep (pinned, holds an Entry) ──insert──> Timers { heap of (deadline, entry) } <──fire── scheduler, every 61 polls and
//!        <──fired, wake─────────────────────────────                                          before it sleeps
//! ```

mod heap;
mod interval;
mod sleep;
mod timeout;
mod timers;

pub use interval::{Interval, Tick, interval};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};
pub(crate) use timers::{Timers, enter, is_entered};

use std::time::{Duration, Instant};

use crate::sys::clock;

/// The current time, as the timers see it.
///
/// Rule: T1.
#[must_use]
pub fn now() -> Instant {
    clock::now()
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

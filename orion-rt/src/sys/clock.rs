//! The clock of a model: it goes on when a thread waits by it, and else stands still, so that an order of steps that has
//! failed fails again.
//!
//! A wait with a timeout is one step here, after which the clock has gone on by that much: what would happen meanwhile
//! happens before or after. So a timer may be late by any number of steps, and is never early (T1).

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The longest step; a wait may end early, and the range of the clock is not used up by waits for ever.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

static START: OnceLock<Instant> = OnceLock::new();

std::thread_local! {
    /// The threads of one execution of a model are coroutines on one thread of the system, and this is theirs together.
    static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

pub(crate) fn now() -> Instant {
    *START.get_or_init(Instant::now) + PASSED.get()
}

pub(crate) fn advance(by: Duration) {
    PASSED.set(PASSED.get() + by.min(LONGEST));
}

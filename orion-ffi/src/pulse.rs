//! Whether a task has been woken since it began to wait on a channel: exact, for the census.
//!
//! ```text
//!             poll                    pending on a channel
//!   [ woken ] ------> [ running ] ---------------------------> [ parked ]   counted as such
//!       ^                 | wake                                   | wake: active again, then the task's waker
//!       `-----------------+----------------------------------------'
//! ```
//!
//! The node of a task is the waker its operations get; it passes the wake-up on to the scheduler's.
//!
//! Invariants
//! 1. `PARKED` is entered, and left by a wake-up, under the lock, together with the census.
//! 2. A wake-up before `begin` needs no memory: the poll that follows sees whatever it was for.
//! 3. The scheduler's waker of a task is always the same: the first one is kept.
#![forbid(unsafe_code)]

use crate::census::Census;
use crate::sync::lock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock};
use std::task::Waker;

const RUNNING: u8 = 0;
const WOKEN: u8 = 1;
const PARKED: u8 = 2;

#[derive(Default)]
pub(crate) struct Pulse {
    state: AtomicU8,
    counting: Mutex<()>,
    scheduler: OnceLock<Waker>,
}

impl Pulse {
    /// A poll begins, with the scheduler's waker.
    pub(crate) fn begin(&self, scheduler: &Waker, census: &Census) {
        self.scheduler.get_or_init(|| scheduler.clone());
        // Polled without a wake-up through here. Only this task's polls park it, so nobody else is about to.
        if self.state.swap(RUNNING, Ordering::SeqCst) == PARKED {
            census.unparked();
        }
    }

    /// The poll has left the task waiting on a channel.
    pub(crate) fn park(&self, census: &Census) {
        let _counting = lock(&self.counting);
        if self.state.compare_exchange(RUNNING, PARKED, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            census.parked();
        }
    }

    /// The task is to be counted as active from now on.
    pub(crate) fn beat(&self, census: &Census) {
        if self.state.compare_exchange(RUNNING, WOKEN, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            return;
        }
        let _counting = lock(&self.counting);
        if self.state.swap(WOKEN, Ordering::SeqCst) == PARKED {
            census.unparked();
        }
    }

    /// Wakes the task.
    pub(crate) fn wake(&self, census: &Census) {
        self.beat(census);
        if let Some(scheduler) = self.scheduler.get() {
            scheduler.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // V7: a wake-up during the poll is not forgotten, one while parked makes the task active at once.
    #[test]
    fn a_task_is_parked_only_until_it_is_woken() {
        let (pulse, census) = (Pulse::default(), Census::default());
        census.spawned();
        pulse.begin(Waker::noop(), &census);
        pulse.wake(&census);
        pulse.park(&census);
        assert!(!census.nobody_runs(), "woken while it ran");
        pulse.begin(Waker::noop(), &census);
        pulse.park(&census);
        assert!(census.nobody_runs() && census.somebody_is_parked());
        pulse.wake(&census);
        pulse.wake(&census);
        assert!(!census.nobody_runs() && !census.somebody_is_parked());
        pulse.begin(Waker::noop(), &census);
        census.finished();
        assert!(census.nobody_runs());
    }
}

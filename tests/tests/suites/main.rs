//! Behaviour suites of other projects, re-expressed against orion-rt's rules: Go's channel tests, those of crossbeam-channel,
//! tokio's of tasks, joins and `select!`, Trio's of nurseries and cancel scopes. `SUITES.md` beside this crate's manifest lists, test
//! by test, what comes from where and what was left out.
//!
//! Nothing is copied: each test says which behaviour it checks, by which rule, and where the idea was found.

mod crossbeam_channels;
mod crossbeam_select;
mod crossbeam_threads;
mod go_chan;
mod go_ken;
mod go_powser;
mod go_runtime;
mod go_select;
mod tokio_join_set;
mod tokio_select;
mod tokio_tasks;
mod tokio_time;
mod trio_cancel;
mod trio_nurseries;
mod trio_time;

use std::future::Future;
use std::pin::pin;

use orion_rt::{Chan, yield_now};
use orion_tests::{Count, poll_once};

/// How often a loop that hunts for races runs.
const ROUNDS: usize = if cfg!(miri) { 10 } else { 1000 };

/// Lets others run until so many receivers are parked on `chan`.
async fn receivers_park<T>(chan: &Chan<T>, count: usize) {
    while chan.inspect().receivers_waiting < count {
        yield_now().await;
    }
}

/// Lets others run until so many senders are parked on `chan`.
async fn senders_park<T>(chan: &Chan<T>, count: usize) {
    while chan.inspect().senders_waiting < count {
        yield_now().await;
    }
}

/// Whether `future` has to wait: it is polled once, by hand.
fn blocks(future: impl Future) -> bool {
    poll_once(pin!(future), &Count::default()).is_pending()
}

/// What is in `log`, in order.
fn drain<T>(log: &Chan<T>) -> Vec<T> {
    std::iter::from_fn(|| log.try_recv().ok()).collect()
}

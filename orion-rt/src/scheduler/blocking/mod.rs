//! Blocking calls: closures that may block their thread, run on threads of their own so that no worker waits (S10, I2).
//!
//! ```text
//!   task [ Call: job + closure, later the value ] ──first poll: submit──> queue ──> a thread of the pool
//!        <──────────────────────── DONE, wake ──────────────────────────────────────────┘
//! ```
//!
//! A blocking call is an ordinary task, so it has a place in its scope, a handle, a dump's line and a panic's way like any other.
//! Its future lends its own memory and what the closure borrows to the pool; while it does, the task is *held*: a request to stop
//! wakes it but does not end it. `state` has the states of a job, `job` the protocol between the two threads, `pool` the threads.

mod call;
mod job;
mod pool;
mod state;

#[cfg(all(test, loom))]
mod model;

use std::sync::Arc;

use crate::sys::OnceLock;

pub(crate) use call::Call;
pub(crate) use pool::{Pool, Settings};

/// A runtime's pool, made when it is first used: most roots make no blocking call.
#[derive(Debug)]
pub(crate) struct Blocking {
    settings: Settings,
    pool: OnceLock<Arc<Pool>>,
}

impl Blocking {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, pool: OnceLock::new() }
    }

    /// Those of a runtime whose system starts the first `N` threads and no more.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn starve<const N: usize>(&self) {
        let starve: pool::Starter = |name, f| {
            let index = name.rsplit('-').next().and_then(|i| i.parse::<usize>().ok());
            if index.is_some_and(|i| i < N) { pool::start(name, f) } else { Err(std::io::Error::other("starved")) }
        };
        self.pool.set(Pool::new(self.settings.clone(), starve)).expect("before the first call");
    }

    pub(super) fn pool(&self) -> &Arc<Pool> {
        self.pool.get_or_init(|| Pool::new(self.settings.clone(), pool::start))
    }

    /// How many calls have been submitted whose tasks have not seen the end yet.
    pub(crate) fn outstanding(&self) -> usize {
        self.pool.get().map_or(0, |pool| pool.outstanding())
    }

    /// Whether this thread is one of the pool's.
    pub(crate) fn is_here(&self) -> bool {
        self.pool.get().is_some_and(|pool| pool.is_here())
    }

    /// See [`Pool::close`].
    pub(crate) fn close(&self, wait: bool) {
        if let Some(pool) = self.pool.get() {
            debug_assert!(!wait || self.outstanding() == 0, "the tasks are gone");
            pool.close(wait);
        }
    }
}

//! Parking of a model's threads, exact: a thread that is parked wakes by a token or not at all, so that a wake-up which is lost
//! is a deadlock. Loom's own forgets an `unpark` that meets a thread on its way into a lock; shuttle's parked threads wake by
//! chance, mostly before anybody would notice that nobody woke them.

use std::sync::Arc;
use std::time::Duration;

#[cfg(loom)]
use ::loom::sync::Condvar;
#[cfg(shuttle)]
use ::shuttle::sync::Condvar;

use super::{Mutex, backend, clock, thread_local};

pub(crate) use backend::{Builder, JoinHandle};

/// As `std`'s.
#[derive(Clone, Debug)]
pub(crate) struct Thread(Arc<Token>);

#[derive(Debug)]
struct Token {
    there: Mutex<bool>,
    changed: Condvar,
}

impl Thread {
    fn new() -> Self {
        Self(Arc::new(Token { there: Mutex::new(false), changed: Condvar::new() }))
    }

    pub(crate) fn unpark(&self) {
        *self.0.there.lock() = true;
        self.0.changed.notify_one();
    }
}

thread_local! {
    static CURRENT: Thread = Thread::new();
}

pub(crate) fn current() -> Thread {
    CURRENT.with(Clone::clone)
}

pub(crate) fn park() {
    let Thread(token) = current();
    let mut there = token.there.lock();
    while !*there {
        there = token.changed.wait(there).unwrap_or_else(|poisoned| poisoned.into_inner());
    }
    *there = false;
}

/// As `std`'s; here it returns at once, by the virtual clock when the time is over.
pub(crate) fn park_timeout(wait: Duration) {
    backend::yield_now();
    clock::advance(wait);
}

//! The primitives of a `--cfg loom` build, in the shape of those of a normal build.

pub(crate) use ::loom::cell::UnsafeCell;
pub(crate) use ::loom::sync::{MutexGuard, atomic};
pub(crate) use std::sync::{OnceLock, mpsc};

pub(crate) mod hint {
    pub(crate) use ::loom::hint::spin_loop;
}

pub(crate) mod thread {
    use std::sync::Arc;
    use std::time::Duration;

    use ::loom::sync::{Condvar, Mutex};

    pub(crate) use ::loom::thread::{Builder, JoinHandle};

    /// As `std`'s. Loom's own forgets an `unpark` that meets a thread on its way into a lock.
    #[derive(Clone, Debug)]
    pub(crate) struct Thread(Arc<Token>);

    #[derive(Debug)]
    struct Token {
        there: Mutex<bool>,
        changed: Condvar,
    }

    crate::sys::thread_local! {
        static CURRENT: Thread = Thread(Arc::new(Token { there: Mutex::new(false), changed: Condvar::new() }));
    }

    impl Thread {
        pub(crate) fn unpark(&self) {
            *self.0.there.lock().unwrap() = true;
            self.0.changed.notify_one();
        }
    }

    pub(crate) fn current() -> Thread {
        CURRENT.with(Clone::clone)
    }

    pub(crate) fn park() {
        let Thread(token) = current();
        let mut there = token.there.lock().unwrap();
        while !*there {
            there = token.changed.wait(there).unwrap();
        }
        *there = false;
    }

    /// As `std`'s; here it returns at once, by the virtual clock when the time is over.
    pub(crate) fn park_timeout(wait: Duration) {
        super::super::clock::advance(wait);
        ::loom::thread::yield_now();
    }
}

/// `loom`'s lock with `parking_lot`'s signatures: no poisoning.
#[derive(Debug, Default)]
pub struct Mutex<T>(::loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(::loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

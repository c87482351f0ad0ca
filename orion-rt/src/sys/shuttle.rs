//! The primitives of a `--cfg shuttle` build, in the shape of those of a normal build.

pub(crate) use ::shuttle::sync::{MutexGuard, atomic, mpsc};
// Its `set` and `get` do not wait where one thread sets: each is a step.
pub(crate) use std::sync::OnceLock;

pub(crate) mod hint {
    pub(crate) use ::shuttle::hint::spin_loop;
}

/// `shuttle`'s lock with `parking_lot`'s signatures: no poisoning.
#[derive(Debug, Default)]
pub struct Mutex<T>(::shuttle::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(::shuttle::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

//! The primitives of a `--cfg loom` build, in the shape of those of a normal build.

pub(crate) use ::loom::cell::UnsafeCell;
pub(crate) use ::loom::sync::{MutexGuard, atomic};
pub(crate) use std::sync::{OnceLock, mpsc};

pub(crate) mod hint {
    pub(crate) use ::loom::hint::spin_loop;
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

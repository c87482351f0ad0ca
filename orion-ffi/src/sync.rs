//! Locks, and how a thread sleeps.
//!
//! Invariants
//! 1. No code of another party runs under a lock of this crate, and no panic of this crate passes the C ABI, so a poisoned
//!    lock guards consistent data.
//! 2. Nothing here leaves a destructor with the thread: the main thread of a foreign program may never run one.
//!
//! Rejected: `std::thread::park` (`thread::current` registers a destructor, 2).
#![forbid(unsafe_code)]

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::task::Wake;

/// Locks `mutex`, poisoned or not (1).
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks `lock` for reading, poisoned or not (1).
pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// Locks `lock` for writing, poisoned or not (1).
pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// A thread that waits for a wake-up.
#[derive(Default)]
pub(crate) struct Parker {
    woken: Mutex<bool>,
    wakes: Condvar,
}

impl Parker {
    /// Forgets earlier wake-ups: the caller looks at what it waits for now.
    pub(crate) fn rearm(&self) {
        *lock(&self.woken) = false;
    }

    /// Waits until there has been a wake-up since `rearm`.
    pub(crate) fn park(&self) {
        let mut woken = lock(&self.woken);
        while !*woken {
            woken = self.wakes.wait(woken).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether there has been a wake-up since `rearm`.
    pub(crate) fn is_woken(&self) -> bool {
        *lock(&self.woken)
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *lock(&self.woken) = true;
        self.wakes.notify_one();
    }
}

/// A number no other living thread has.
#[inline(never)]
pub(crate) fn thread_key() -> usize {
    thread_local! {
        static KEY: u8 = const { 0 };
    }
    KEY.with(|key| std::ptr::from_ref(key).addr())
}

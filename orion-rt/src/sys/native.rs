//! The primitives of a normal build: `std` atomics and threads, `parking_lot` locks.

pub(crate) use parking_lot::{Mutex, MutexGuard};
pub(crate) use std::sync::{OnceLock, atomic, mpsc};
pub(crate) use std::{thread, thread_local};

pub(crate) mod hint {
    pub(crate) use std::hint::spin_loop;
}

/// What time it is.
pub(crate) mod clock {
    use std::time::Instant;

    #[inline]
    pub(crate) fn now() -> Instant {
        Instant::now()
    }
}

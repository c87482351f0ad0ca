//! The primitives of a `--cfg shuttle` build, in the shape of those of a normal build.

pub(crate) use ::shuttle::sync::{MutexGuard, atomic, mpsc};
// Its `set` and `get` do not wait where one thread sets: each is a step.
pub(crate) use std::sync::OnceLock;

pub(crate) mod hint {
    pub(crate) use ::shuttle::hint::spin_loop;
}

pub(crate) mod thread {
    use std::time::Duration;

    pub(crate) use ::shuttle::thread::{Builder, JoinHandle, Thread, current, park};

    /// As `std`'s; here it returns at once, by the virtual clock when the time is over.
    pub(crate) fn park_timeout(wait: Duration) {
        ::shuttle::thread::yield_now();
        super::super::clock::advance(wait);
    }
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

/// `std::thread::LocalKey` with what this crate uses of it, over a shuttle key.
pub(crate) struct LocalKey<T: 'static>(pub(crate) ::shuttle::thread::LocalKey<T>);

mod local_key {
    use super::LocalKey;
    use ::shuttle::thread::AccessError;
    use std::cell::{Cell, RefCell};

    impl<T> LocalKey<T> {
        pub(crate) fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
            self.0.with(f)
        }

        pub(crate) fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
            self.0.try_with(f)
        }
    }

    impl<T> LocalKey<Cell<T>> {
        pub(crate) fn get(&'static self) -> T
        where
            T: Copy,
        {
            self.with(Cell::get)
        }

        pub(crate) fn set(&'static self, value: T) {
            self.with(|cell| cell.set(value));
        }

        pub(crate) fn replace(&'static self, value: T) -> T {
            self.with(|cell| cell.replace(value))
        }
    }

    impl<T> LocalKey<RefCell<T>> {
        pub(crate) fn set(&'static self, value: T) {
            self.replace(value);
        }

        pub(crate) fn replace(&'static self, value: T) -> T {
            self.with(|cell| cell.replace(value))
        }

        pub(crate) fn with_borrow<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
            self.with(|cell| f(&cell.borrow()))
        }
    }
}

/// `std::thread_local!` over [`LocalKey`].
macro_rules! local_keys {
    () => {};
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::sys::thread_local!(@one $(#[$attr])* $vis $name, $t, $init);
        $($crate::sys::thread_local! { $($rest)* })?
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty = $init:expr $(; $($rest:tt)*)?) => {
        $crate::sys::thread_local!(@one $(#[$attr])* $vis $name, $t, $init);
        $($crate::sys::thread_local! { $($rest)* })?
    };
    (@one $(#[$attr:meta])* $vis:vis $name:ident, $t:ty, $init:expr) => {
        $(#[$attr])*
        $vis static $name: $crate::sys::LocalKey<$t> = $crate::sys::LocalKey(::shuttle::thread::LocalKey {
            init: || $init,
            _p: std::marker::PhantomData,
        });
    };
}
pub(crate) use local_keys as thread_local;

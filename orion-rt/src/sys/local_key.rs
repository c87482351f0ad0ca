//! Thread-locals of a model's threads, with the calls of `std`'s that this crate makes. The models' own have only `with`.

use std::cell::{Cell, RefCell};

#[cfg(loom)]
pub(crate) use ::loom::thread as backend;
#[cfg(shuttle)]
pub(crate) use ::shuttle::thread as backend;

use backend::AccessError;

/// As `std::thread::LocalKey`.
pub(crate) struct LocalKey<T: 'static>(pub(crate) backend::LocalKey<T>);

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

    pub(crate) fn with_borrow_mut<R>(&'static self, f: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| f(&mut cell.borrow_mut()))
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
        $vis static $name: $crate::sys::LocalKey<$t> = $crate::sys::LocalKey($crate::sys::backend::LocalKey {
            init: || $init,
            _p: std::marker::PhantomData,
        });
    };
}
pub(crate) use local_keys as thread_local;

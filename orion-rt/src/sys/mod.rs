//! One door to the platform's synchronisation primitives.
//!
//! Everything above imports locks, atomics, cells, threads, thread-locals and the clock from here, so that the same source
//! runs on `std` and `parking_lot` and under two model checkers:
//!
//! | | normal | `--cfg loom` | `--cfg shuttle` |
//! |---|---|---|---|
//! | what runs | everything | models of single protocols | whole programs (`scenarios`) |
//! | which orders | the machine's | all, within a bound of preemptions, weak memory included | random ones, sequentially consistent |
//! | [`Mutex`], [`atomic`] | `parking_lot`, `std` | loom's | shuttle's |
//! | [`thread`] | `std`'s | loom's, exact parking | shuttle's, exact parking |
//! | [`thread_local!`] | `std`'s, `const` | loom's | shuttle's |
//! | [`OnceLock`], [`mpsc`] | `std`'s | `std`'s | `std`'s and shuttle's |
//! | [`clock`] | the machine's | virtual | virtual |
//!
//! Both run their threads as coroutines on one thread of the system: there a thread-local of `std` would be shared by all of
//! them, and a lock of `parking_lot` held over a switch would hang. So unit tests that reach a thread-local outside a model
//! are for the normal build.
//!
//! [`plain`] has what no model follows, and why that is enough. `Arc` is `std`'s everywhere: its count is a protocol of its
//! own. `crossbeam-deque` knows of no model; its operations do not block, so under shuttle each is one step.
//!
//! Rejected: a generic parameter for the backend (every type of the crate would carry it).

#[cfg(not(loom))]
mod cell;
#[cfg(any(loom, shuttle))]
pub(crate) mod clock;
#[cfg(any(loom, shuttle))]
mod local_key;
#[cfg(loom)]
mod loom;
#[cfg(not(any(loom, shuttle)))]
mod native;
#[cfg(any(loom, shuttle))]
pub(crate) mod parking;
#[cfg(all(test, any(loom, shuttle)))]
mod quarantine;
#[cfg(shuttle)]
mod shuttle;

#[cfg(not(loom))]
pub(crate) use self::cell::UnsafeCell;
#[cfg(any(loom, shuttle))]
pub(crate) use self::local_key::{LocalKey, backend, thread_local};
#[cfg(loom)]
pub(crate) use self::loom::*;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use self::native::*;
#[cfg(any(loom, shuttle))]
pub(crate) use self::parking as thread;
#[cfg(shuttle)]
pub(crate) use self::shuttle::*;

#[cfg(all(loom, shuttle))]
compile_error!("`--cfg loom` and `--cfg shuttle` exclude each other");

/// Whether this is a build for a model checker: loops that wait for luck are short there, and nothing depends on what ran
/// before a model.
pub(crate) const MODELLED: bool = cfg!(any(loom, shuttle));

/// What no model follows. Each use says why its order does not matter.
pub(crate) mod plain {
    pub(crate) use parking_lot::Mutex;
    pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
}

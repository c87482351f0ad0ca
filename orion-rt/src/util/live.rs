//! How many tasks, scopes and channels are allocated, for the leak harness: counted only in a build with `--cfg leaks`.
//! In any other build [`Alive`] is nothing, and costs nothing.
//!
//! Invariant: each allocation has one [`Alive`] in it, made with it and dropped with it.

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Task,
    Scope,
    Channel,
}

/// Counts what it is a field of, from its making to its drop.
#[derive(Debug)]
pub(crate) struct Alive<const WHAT: usize>(());

/// A task's allocation.
pub(crate) type AliveTask = Alive<{ What::Task as usize }>;
/// A scope's.
pub(crate) type AliveScope = Alive<{ What::Scope as usize }>;
/// A channel's core.
pub(crate) type AliveChannel = Alive<{ What::Channel as usize }>;

impl<const WHAT: usize> Alive<WHAT> {
    #[inline]
    pub(crate) fn new() -> Self {
        #[cfg(leaks)]
        counted::LIVE[WHAT].fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Self(())
    }
}

#[cfg(leaks)]
pub(crate) mod counted {
    //! The counters.

    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Alive, What};

    pub(super) static LIVE: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

    impl<const WHAT: usize> Drop for Alive<WHAT> {
        fn drop(&mut self) {
            LIVE[WHAT].fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// The allocations of this process's runtimes that are alive now.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Live {
        /// Tasks, complete ones that a waker or a handle still refers to included.
        pub tasks: usize,
        /// Scopes of roots and groups.
        pub scopes: usize,
        /// Channels.
        pub channels: usize,
    }

    /// What is alive now.
    pub fn live() -> Live {
        let of = |what: What| LIVE[what as usize].load(Ordering::SeqCst);
        Live { tasks: of(What::Task), scopes: of(What::Scope), channels: of(What::Channel) }
    }
}

//! The shared part of a channel: one allocation, counted by handles.
//!
//! ```text
//!   Chan<T>, Sender<T>, Receiver<T>, RawChan --> Core { handles, hint, id, elem | Mutex<State> }
//!   ScopeSender, ScopeReceiver ----------------> the same, but it belongs to a root, which frees it
//! ```
//!
//! Invariants
//! 1. `handles` counts sending handles in its upper half and receiving handles in its lower half; a `Chan` is one of
//!    each. When a side reaches zero that side is *gone*, once and for ever; the core is freed by whoever makes the second
//!    side gone, after all its work, so everyone who works on a core either holds a handle or has not yet counted itself.
//!    A core of a root starts without handles, its sides may go and come again, and it is freed by the root
//!    (registry.rs): its handles use `leave`, never `release`.
//! 2. `hint` is stored only under the lock, from the state it describes, and before the lock is released. A cleared bit
//!    was the truth at the instant of its store: an operation that reads it may conclude "not ready" at that instant.
//! 3. `state` is touched under the lock only; no foreign code (destructors, wakers) runs while it is held (C8), except
//!    the closure of `inspect_with` and the global allocator.
//!
//! Rejected: `Arc<Core>` plus two counters (three read-modify-writes per clone instead of one).

use super::elem::Erased;
use super::origin::Origin;
use super::ring::Discarded;
use super::transfer::State;
use super::wakes::Batch;
use crate::coop::Root;
use crate::meta::id;
use crate::sys::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sys::{Mutex, MutexGuard};
use crate::util::live::AliveChannel;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::ptr::NonNull;

/// A receive may be ready: a value, a waiting sender, or closed.
pub(super) const RECV_READY: u32 = 1;
/// A send may be ready: space, a waiting receiver, or closed.
pub(super) const SEND_READY: u32 = 2;

/// Which halves a handle counts for, as its addend to `handles`.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Side {
    Send = 1 << 32,
    Recv = 1,
    Both = 1 << 32 | 1,
}

/// Handles per half beyond which the process is aborted, as `Arc` does.
const MAX_HANDLES: u64 = u32::MAX as u64 / 2;

/// Laid out so that what every operation writes, the end of the state, its lock and the hint, shares one line of the cache.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct Core {
    state: Mutex<State>,
    hint: AtomicU32,
    sides_gone: AtomicU32,
    handles: AtomicU64,
    pub(super) id: u64,
    pub(super) elem: Erased,
    /// `None`: unbounded.
    pub(super) capacity: Option<usize>,
    /// What its creator's strict root wants to know, if there is one.
    origin: Option<Box<Origin>>,
    _alive: AliveChannel,
}

impl Core {
    /// A channel with one handle of `side`, if any, created at a place that may be known.
    pub(super) fn allocate(
        elem: Erased,
        capacity: Option<usize>,
        side: Option<Side>,
        created: Option<&'static Location<'static>>,
        home: Root,
    ) -> NonNull<Self> {
        let state = State::new(elem, capacity.unwrap_or(usize::MAX), home);
        let core = Self {
            hint: AtomicU32::new(state.hint()),
            sides_gone: AtomicU32::new(0),
            handles: AtomicU64::new(side.map_or(0, |side| side as u64)),
            id: id::fresh(),
            elem,
            capacity,
            state: Mutex::new(state),
            origin: Origin::of_a_channel(created),
            _alive: AliveChannel::new(),
        };
        NonNull::from(Box::leak(Box::new(core)))
    }

    #[inline]
    pub(super) fn lock(&self) -> Locked<'_> {
        let mut state = self.state.lock();
        state.users.note();
        Locked { state, core: self }
    }

    /// As `lock`, to look at what is there: that is no use of the channel.
    pub(super) fn look(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Whether an operation may be ready (2).
    #[inline]
    pub(super) fn may(&self, ready: u32) -> bool {
        self.hint.load(Ordering::Acquire) & ready != 0
    }

    /// Counts one more handle of `side`.
    #[inline]
    pub(super) fn retain(&self, side: Side) {
        // Relaxed, as in `Arc`: the new handle is made from one that is alive.
        let before = self.handles.fetch_add(side as u64, Ordering::Relaxed);
        if before >> 32 > MAX_HANDLES || before & u64::from(u32::MAX) > MAX_HANDLES {
            std::process::abort();
        }
    }

    /// Closes the channel; `false` if it was. `in_drop`: panics of wakers are discarded (P3).
    pub(super) fn close(&self, in_drop: bool) -> bool {
        let mut batch = Batch::default();
        let closed = self.lock().close(&mut batch);
        batch.wake_all(!in_drop);
        closed
    }

    /// No receiver is left: closes, and gives what is buffered, to be dropped now that the lock is not held (C4).
    #[cold]
    pub(super) fn abandon(&self) -> Discarded {
        let mut batch = Batch::default();
        let (discarded, lost) = {
            let mut state = self.lock();
            let lost = if state.close(&mut batch) { state.len() } else { 0 };
            (state.abandon(self.elem), lost)
        };
        batch.wake_all(false);
        self.report_lost(lost);
        discarded
    }

    /// The channel was closed by nobody and had `values` inside when their time came (C14).
    pub(super) fn report_lost(&self, values: usize) {
        if values > 0 {
            Origin::report(self.origin.as_deref(), || (self.id, self.name(), values));
        }
    }

    /// One handle of `side` less: which sides have gone with it.
    #[inline]
    fn uncount(&self, side: Side) -> (bool, bool) {
        let before = self.handles.fetch_sub(side as u64, Ordering::AcqRel);
        let last_sender = side as u64 >> 32 == 1 && before >> 32 == 1;
        let last_receiver = side as u64 & 1 == 1 && before & u64::from(u32::MAX) == 1;
        (last_sender, last_receiver)
    }

    /// Gives up a handle of `side`.
    ///
    /// # Safety
    /// The caller owned such a handle and does not use `core` afterwards. The channel does not belong to a root.
    #[inline]
    pub(super) unsafe fn release(core: NonNull<Self>, side: Side) {
        // SAFETY: (1): the handle is counted until here.
        let (last_sender, last_receiver) = unsafe { core.as_ref() }.uncount(side);
        if last_sender || last_receiver {
            // SAFETY: this handle was the last of these sides, and they have not been counted as gone.
            unsafe { Self::sides_end(core, last_sender, last_receiver) };
        }
    }

    /// Gives up a handle of `side`, of a channel that belongs to a root.
    pub(super) fn leave(&self, side: Side) {
        let (last_sender, last_receiver) = self.uncount(side);
        if last_receiver {
            drop(self.abandon());
        } else if last_sender {
            self.close(true);
        }
    }

    /// # Safety
    /// The sides named are gone and not yet counted as gone; the caller does not use `core` afterwards.
    #[cold]
    unsafe fn sides_end(core: NonNull<Self>, senders: bool, receivers: bool) {
        /// Frees the core if both sides are gone, also when a destructor of a buffered value panics.
        struct Gone {
            core: NonNull<Core>,
            sides: u32,
        }
        impl Drop for Gone {
            fn drop(&mut self) {
                // SAFETY: (1): these sides are not counted yet.
                let before = unsafe { self.core.as_ref() }.sides_gone.fetch_add(self.sides, Ordering::AcqRel);
                if before + self.sides == 2 {
                    // SAFETY: (1): the second side: nobody else is left; allocated as a box.
                    drop(unsafe { Box::from_raw(self.core.as_ptr()) });
                }
            }
        }
        let gone = Gone { core, sides: u32::from(senders) + u32::from(receivers) };
        // SAFETY: (1): our sides are counted as gone only when `gone` is dropped.
        let this = unsafe { gone.core.as_ref() };
        if receivers {
            drop(this.abandon());
        } else {
            this.close(true);
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // Normally empty: the end of the receiving side has taken what was buffered. It still frees the memory.
        let discarded = self.lock().abandon(self.elem);
        drop(discarded);
    }
}

/// The state, while the lock is held; publishes the hint when it is released (2).
pub(crate) struct Locked<'a> {
    state: MutexGuard<'a, State>,
    core: &'a Core,
}

impl<'a> Locked<'a> {
    pub(super) fn core(&self) -> &'a Core {
        self.core
    }

    /// The current task is about to wait here.
    #[inline]
    pub(super) fn note_wait(&self) {
        self.state.users.note_wait();
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    #[inline]
    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        self.core.hint.store(self.state.hint(), Ordering::Release);
    }
}

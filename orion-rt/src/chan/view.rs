//! The typed view of a channel: [`ChanRef`], which all handles and futures share.
//!
//! Invariants
//! 1. A `ChanRef<T>` points to a core whose element has `T`'s size and alignment and, unless the channel was adopted from
//!    the C ABI, `T`'s destructor. It owns nothing: whoever makes one promises that the core is alive while it is used,
//!    because a handle is, or the root that the channel belongs to.
//! 2. `T` is invariant: a value sent through one handle is received through another.
//!
//! It is not `Copy`: a reference to one leads out of the crate through the operand traits of `select!`, and a copy could be
//! used when the handle has gone.

use super::core::{Core, RECV_READY, SEND_READY};
use super::elem::Typed;
use super::error::{TryRecvError, TrySendError};
use super::recv::{RecvFuture, give_back};
use super::send::SendFuture;
use super::transfer::{Put, Took};
use super::wakes::Wakes;
use crate::coop::{self, Once};
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr;
use std::ptr::NonNull;

/// A channel, seen as a channel of `T`; what [`Receives`](crate::__private::select::Receives) and
/// [`Sends`](crate::__private::select::Sends) lead to.
#[doc(hidden)]
#[repr(transparent)]
pub struct ChanRef<T> {
    core: NonNull<Core>,
    _value: PhantomData<T>,
    _invariant: PhantomData<fn(T) -> T>,
}

// SAFETY: the core serialises all access; values move between threads, which `T: Send` allows. A `&T` is seen only by the
// one thread that holds the lock (`inspect_with`), so `T: Sync` is not needed.
unsafe impl<T: Send> Send for ChanRef<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for ChanRef<T> {}
// A panic leaves no channel half changed: nothing foreign runs under its lock.
impl<T> UnwindSafe for ChanRef<T> {}
impl<T> RefUnwindSafe for ChanRef<T> {}

impl<T> ChanRef<T> {
    /// # Safety
    /// `core` is as (1) says.
    pub(super) const unsafe fn new(core: NonNull<Core>) -> Self {
        Self { core, _value: PhantomData, _invariant: PhantomData }
    }

    #[inline]
    pub(super) fn core(&self) -> &Core {
        // SAFETY: (1): it is alive.
        unsafe { self.core.as_ref() }
    }

    pub(super) fn pointer(&self) -> NonNull<Core> {
        self.core
    }

    /// The same channel once more.
    ///
    /// # Safety
    /// The core is alive while the result is used (1): for as long as the lifetime that a future is made with, if it is
    /// for one.
    #[inline]
    pub(super) unsafe fn again(&self) -> Self {
        Self { core: self.core, _value: PhantomData, _invariant: PhantomData }
    }

    /// A send that takes nothing from the yield budget.
    pub(super) fn send_unbudgeted(&self, value: T, location: &'static Location<'static>) -> SendFuture<'_, T> {
        // SAFETY: as long as this is borrowed.
        SendFuture::new(unsafe { self.again() }, value, location, Once::FREE)
    }

    /// A receive that takes nothing from the yield budget.
    pub(super) fn recv_unbudgeted(&self, location: &'static Location<'static>) -> RecvFuture<'_, T> {
        // SAFETY: as long as this is borrowed.
        RecvFuture::new(unsafe { self.again() }, location, Once::FREE)
    }

    #[inline]
    pub(super) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        coop::spend();
        self.offer(value)
    }

    /// As `try_send`, of an operation that has been counted.
    #[inline]
    pub(super) fn offer(&self, value: T) -> Result<(), TrySendError<T>> {
        let core = self.core();
        if !core.may(SEND_READY) {
            return Err(TrySendError::Full(value));
        }
        let mut value = ManuallyDrop::new(value);
        let mut wakes = Wakes::new();
        // SAFETY: a valid value, which is not used again if it was sent.
        let put = unsafe { core.lock().put(Typed::<T>::new(), (&raw const *value).cast(), ptr::null(), &mut wakes) };
        if put == Put::Sent {
            wakes.wake_all();
            return Ok(());
        }
        // SAFETY: it was not sent and is taken once.
        let value = unsafe { ManuallyDrop::take(&mut value) };
        Err(if put == Put::Full { TrySendError::Full(value) } else { TrySendError::Closed(value) })
    }

    #[inline]
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        coop::spend();
        let core = self.core();
        if !core.may(RECV_READY) {
            return Err(TryRecvError::Empty);
        }
        let mut slot = MaybeUninit::<T>::uninit();
        let mut wakes = Wakes::new();
        // SAFETY: a place for a value.
        let took = unsafe { core.lock().take(Typed::<T>::new(), slot.as_mut_ptr().cast(), ptr::null(), &mut wakes) };
        match took {
            Took::Value(seq) => {
                let back = GivenBack { core, slot: &mut slot, seq };
                wakes.wake_all();
                std::mem::forget(back);
                // SAFETY: `take` has filled it.
                Ok(unsafe { slot.assume_init() })
            }
            Took::Empty => Err(TryRecvError::Empty),
            Took::Closed => Err(TryRecvError::Closed),
        }
    }

    pub(super) fn inspect_with<R>(&self, f: impl FnOnce(&mut dyn Iterator<Item = &T>) -> R) -> R {
        let state = self.core().look();
        let mut values = (0..state.len()).map(|index| {
            // SAFETY: a buffered value, which stays where it is while the lock is held.
            unsafe { &*state.value(Typed::<T>::new(), index).cast::<T>() }
        });
        f(&mut values)
    }
}

/// A value that was taken and not given to the caller yet: a waker that panics meanwhile does not lose it (C7, P3).
struct GivenBack<'a, T> {
    core: &'a Core,
    slot: &'a mut MaybeUninit<T>,
    seq: u64,
}

impl<T> Drop for GivenBack<'_, T> {
    #[cold]
    fn drop(&mut self) {
        // SAFETY: the slot holds the value with this number, which its owner will not see.
        unsafe { give_back(self.core, Typed::<T>::new(), self.slot.as_mut_ptr().cast(), self.seq) };
    }
}

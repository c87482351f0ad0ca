//! The untyped view of a channel, for the C ABI: [`RawChan`] and its operations (ABI.md E1, E4).
//!
//! Purpose: orion-ffi creates channels of elements described at run time, shares `Chan<T>`s with foreign frames and adopts
//! theirs. It is the same object and the same operations; only the element is known later and the slots are elsewhere.
//!
//! Invariants
//! 1. A `RawChan` counts as both halves.
//! 2. The slot of a `RawSend` or `RawRecv` is the caller's memory, aligned and valid until the operation has ended or
//!    has been dropped (E2). A receive writes it at the hand-off and at no other time.
//!
//! Rejected: status codes here (orion-ffi owns the mapping to the C enumeration).

use super::core::{Core, Side};
use super::elem::{Elem, Erased};
use super::handle::Chan;
use super::info::ChanInfo;
use super::lazy::LazyWaiter;
use super::transfer::{Put, Took};
use super::view::ChanRef;
use super::waiter::Status;
use super::wakes::Wakes;
use super::{recv, send};
use crate::coop::{self, Once, Reason, Root};
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomPinned;
use std::panic::Location;
use std::pin::Pin;
use std::ptr;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

pub use super::elem::DropElem;

/// A handle of a channel whose element is known at run time.
///
/// It is `Send` and `Sync`: who creates or shares a channel through it promises that its elements may move between
/// threads.
pub struct RawChan(NonNull<Core>);

// SAFETY: promised where a `RawChan` is made (`new`, `from_chan`): the element may move between threads.
unsafe impl Send for RawChan {}
// SAFETY: as above; the core serialises all access.
unsafe impl Sync for RawChan {}

/// How a raw send ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawSent {
    /// The value has moved into the channel.
    Sent,
    /// The channel is closed: the value is still the caller's.
    Closed,
}

/// How a raw receive ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawReceived {
    /// The value is in the caller's memory.
    Received,
    /// The channel is closed and drained; nothing was written.
    Closed,
}

/// How an attempt to send ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawTrySent {
    /// The value has moved into the channel.
    Sent,
    /// It would have to wait: the value is still the caller's.
    Full,
    /// The channel is closed: the value is still the caller's.
    Closed,
}

/// How an attempt to receive ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawTryReceived {
    /// The value is in the caller's memory.
    Received,
    /// It would have to wait; nothing was written.
    Empty,
    /// The channel is closed and drained; nothing was written.
    Closed,
}

impl RawChan {
    /// A channel of elements of `size` bytes aligned to `align`, dropped with `drop`. `None`: there is no such element
    /// (the alignment is not a power of two, or does not divide the size).
    ///
    /// # Safety
    /// `drop`, if given, may be called once for each value sent, on any thread, with its address; the elements may move
    /// between threads.
    #[must_use]
    pub unsafe fn new(size: usize, align: usize, capacity: Option<usize>, drop: Option<DropElem>) -> Option<Self> {
        Some(Self(Core::allocate(Erased::new(size, align, drop)?, capacity, Some(Side::Both), None, Root::NONE)))
    }

    /// One more handle of `chan`.
    #[must_use]
    pub fn from_chan<T: Send + 'static>(chan: &Chan<T>) -> Self {
        let chan: &ChanRef<T> = chan.as_ref();
        chan.core().retain(Side::Both);
        Self(chan.pointer())
    }

    /// The channel as one of `T`.
    ///
    /// # Errors
    /// The size or the alignment differs: the handle comes back.
    ///
    /// # Safety
    /// The channel's values are values of `T`, and dropping a `T` does what its element's `drop` does.
    pub unsafe fn into_chan<T: Send + 'static>(self) -> Result<Chan<T>, Self> {
        if self.elem_size() != size_of::<T>() || self.elem_align() != align_of::<T>() {
            return Err(self);
        }
        let core = self.0;
        std::mem::forget(self);
        // SAFETY: the layout was compared, the rest is promised by the caller; this handle's count passes over.
        Ok(unsafe { Chan::from_counted(core) })
    }

    fn core(&self) -> &Core {
        // SAFETY: (1): counted.
        unsafe { self.0.as_ref() }
    }

    /// Bytes per element.
    #[must_use]
    pub fn elem_size(&self) -> usize {
        self.core().elem.size()
    }

    /// Alignment of an element.
    #[must_use]
    pub fn elem_align(&self) -> usize {
        self.core().elem.align()
    }

    /// A send of the value at `value`, which the operation owns from now on until it ends with `Closed`.
    ///
    /// # Safety
    /// `value` is aligned, holds an element, and stays valid until the operation has ended or has been dropped (2), for
    /// writes too: a value that is not sent is dropped in place.
    #[track_caller]
    pub unsafe fn send(&self, value: *const u8) -> RawSend {
        let location = Location::caller();
        RawSend {
            chan: self.clone(),
            slot: value.cast_mut(),
            waiter: LazyWaiter::new(),
            once: Cell::default(),
            location,
            _pinned: PhantomPinned,
        }
    }

    /// A receive into `out`, written when a value is handed over and at no other time.
    ///
    /// # Safety
    /// `out` is aligned for the element and valid for writes until the operation has ended or has been dropped (2).
    #[track_caller]
    pub unsafe fn recv(&self, out: *mut u8) -> RawRecv {
        let location = Location::caller();
        RawRecv {
            chan: self.clone(),
            slot: out,
            waiter: LazyWaiter::new(),
            once: Cell::default(),
            location,
            _pinned: PhantomPinned,
        }
    }

    /// Sends if that is possible without waiting.
    ///
    /// # Safety
    /// `value` is aligned and holds an element; it is moved out on `Sent`.
    pub unsafe fn try_send(&self, value: *const u8) -> RawTrySent {
        coop::spend();
        let core = self.core();
        let mut wakes = Wakes::new();
        // SAFETY: promised by the caller.
        let put = unsafe { core.lock().put(core.elem, value, ptr::null(), &mut wakes) };
        wakes.wake_all();
        match put {
            Put::Sent => RawTrySent::Sent,
            Put::Full => RawTrySent::Full,
            Put::Closed => RawTrySent::Closed,
        }
    }

    /// Receives if that is possible without waiting.
    ///
    /// # Safety
    /// `out` is aligned for the element and valid for writes.
    pub unsafe fn try_recv(&self, out: *mut u8) -> RawTryReceived {
        coop::spend();
        let core = self.core();
        let mut wakes = Wakes::new();
        // SAFETY: promised by the caller.
        let took = unsafe { core.lock().take(core.elem, out, ptr::null(), &mut wakes) };
        wakes.wake_all();
        match took {
            Took::Value(_) => RawTryReceived::Received,
            Took::Empty => RawTryReceived::Empty,
            Took::Closed => RawTryReceived::Closed,
        }
    }

    /// Closes the channel; `false`: it was closed already.
    pub fn close(&self) -> bool {
        self.core().close(false)
    }

    /// Whether the channel is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.core().look().is_closed()
    }

    /// A snapshot of the channel's state and counters.
    #[must_use]
    pub fn inspect(&self) -> ChanInfo {
        self.core().info()
    }

    /// Names the channel.
    pub fn set_name(&self, name: impl Into<Arc<str>>) {
        self.core().set_name(name.into());
    }
}

impl Clone for RawChan {
    fn clone(&self) -> Self {
        self.core().retain(Side::Both);
        Self(self.0)
    }
}

impl Drop for RawChan {
    fn drop(&mut self) {
        // SAFETY: (1): counted as both halves.
        unsafe { Core::release(self.0, Side::Both) }
    }
}

impl fmt::Debug for RawChan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core().describe("RawChan", f)
    }
}

/// The future of [`RawChan::send`]. Dropped before it has ended, it has delivered the value or drops it.
#[must_use = "a future does nothing unless it is awaited or polled"]
pub struct RawSend {
    chan: RawChan,
    slot: *mut u8,
    waiter: LazyWaiter,
    once: Cell<Once>,
    location: &'static Location<'static>,
    _pinned: PhantomPinned,
}

// SAFETY: the waiter is governed by the channel's lock (waiter.rs, 2); the slot's memory and the element may be used from
// any thread, promised to `RawChan::new` and `send`.
unsafe impl Send for RawSend {}

impl Future for RawSend {
    type Output = RawSent;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<RawSent> {
        let this = self.as_ref().get_ref();
        let core = this.chan.core();
        let mut state = None;
        if this.waiter.is_new() {
            ready!(Once::consume_in(&this.once, cx));
            // SAFETY: the slot is as (2) says; a send that has not begun holds its value.
            match unsafe { send::poll_plain(core, core.elem, this.slot) } {
                Ok(()) => {
                    this.waiter.over();
                    return Poll::Ready(RawSent::Sent);
                }
                Err(locked) => state = locked,
            }
        }
        // SAFETY: pinned; the destructor withdraws; the slot is as (2) says.
        let polled = unsafe { send::poll(&this.waiter, core, core.elem, this.slot, cx, state) };
        match polled {
            Poll::Ready(sent) => {
                if let Some(waiter) = this.waiter.get() {
                    waiter.acquire();
                }
                this.waiter.over();
                Poll::Ready(if sent == send::Sent::Sent { RawSent::Sent } else { RawSent::Closed })
            }
            Poll::Pending => {
                coop::note_wait(Reason::Send, core.id, this.location);
                Poll::Pending
            }
        }
    }
}

impl Drop for RawSend {
    fn drop(&mut self) {
        let core = self.chan.core();
        // SAFETY: polled with this channel only.
        match unsafe { send::withdraw(&self.waiter, core) } {
            Status::Done | Status::Finished => {}
            // SAFETY: not sent: the slot still holds the value, which this operation owns.
            _ => unsafe { core.elem.drop_in_place(self.slot) },
        }
    }
}

impl fmt::Debug for RawSend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawSend").field("chan", &self.chan).finish_non_exhaustive()
    }
}

/// The future of [`RawChan::recv`]. Dropped after a hand-off and before it has ended, it gives the value back (X5).
#[must_use = "a future does nothing unless it is awaited or polled"]
pub struct RawRecv {
    chan: RawChan,
    slot: *mut u8,
    waiter: LazyWaiter,
    once: Cell<Once>,
    location: &'static Location<'static>,
    _pinned: PhantomPinned,
}

// SAFETY: as for `RawSend`.
unsafe impl Send for RawRecv {}

impl Future for RawRecv {
    type Output = RawReceived;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<RawReceived> {
        let this = self.as_ref().get_ref();
        let core = this.chan.core();
        let mut state = None;
        if this.waiter.is_new() {
            ready!(Once::consume_in(&this.once, cx));
            // SAFETY: the slot is as (2) says.
            match unsafe { recv::poll_plain(core, core.elem, this.slot) } {
                Ok(()) => {
                    this.waiter.over();
                    return Poll::Ready(RawReceived::Received);
                }
                Err(locked) => state = locked,
            }
        }
        // SAFETY: pinned; the destructor withdraws; the slot is as (2) says.
        let polled = unsafe { recv::poll(&this.waiter, core, core.elem, this.slot, cx, state) };
        match polled {
            Poll::Ready(received) => {
                if let Some(waiter) = this.waiter.get() {
                    waiter.acquire();
                }
                this.waiter.over();
                let value = received == recv::Received::Value;
                Poll::Ready(if value { RawReceived::Received } else { RawReceived::Closed })
            }
            Poll::Pending => {
                coop::note_wait(Reason::Recv, core.id, this.location);
                Poll::Pending
            }
        }
    }
}

impl Drop for RawRecv {
    fn drop(&mut self) {
        let core = self.chan.core();
        let Some(waiter) = self.waiter.get() else { return };
        // SAFETY: polled with this channel only.
        if unsafe { recv::withdraw(&self.waiter, core) } == Status::Done {
            // SAFETY: the slot holds the value, which nobody fetched.
            unsafe { recv::give_back(core, core.elem, self.slot, waiter.seq()) };
        }
    }
}

impl fmt::Debug for RawRecv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRecv").field("chan", &self.chan).finish_non_exhaustive()
    }
}

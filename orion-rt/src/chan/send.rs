//! Sending: the single operation, over any element, and the future `Chan::send` gives.
//!
//! Purpose: the counterpart of recv.rs. The value stays in the waiter's slot until a receiver or the buffer takes it, so a
//! send that is dropped while it waits drops the value with it, and a closed channel gives it back.
//!
//! Invariants: those of waiter.rs; the slot holds the value unless the status is `Done` or `Finished`.

use super::core::{Core, Locked, SEND_READY};
use super::elem::{Elem, Typed};
use super::error::SendError;
use super::lazy::LazyWaiter;
use super::transfer::Put;
use super::view::ChanRef;
use super::waiter::{Status, Waiter};
use super::wakes::Wakes;
use crate::coop::{self, Once, Reason};
use crate::sys::UnsafeCell;
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::marker::{PhantomData, PhantomPinned};
use std::mem::MaybeUninit;
use std::panic::Location;
use std::pin::Pin;
use std::ptr;
use std::ptr::NonNull;
use std::task::{Context, Poll, ready};

/// How a send ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The value has left the slot.
    Sent,
    /// The channel is closed; the slot still holds the value.
    Closed,
}

/// Polls a send that has not begun, in the common case: there is space and nobody else is concerned. `Err`: go on with
/// [`poll`], under the lock if it has been taken.
///
/// # Safety
/// `value` is aligned and holds an element, which is moved out on `Ok`.
#[inline]
pub(super) unsafe fn poll_plain<E: Elem>(core: &Core, elem: E, value: *const u8) -> Result<(), Option<Locked<'_>>> {
    if !core.may(SEND_READY) {
        return Err(None);
    }
    let mut state = core.lock();
    // SAFETY: promised by the caller.
    if unsafe { state.put_plain(elem, value) } { Ok(()) } else { Err(Some(state)) }
}

/// Polls a send; `state`: the lock, if it is held already. `Ready`: the operation is to be ended with `over`.
///
/// # Safety
/// `waiter` is pinned, used with this `core` and `slot` only, and its owner calls `withdraw` before it is freed. `slot` is
/// aligned, holds an element until this gives `Sent`, and is valid as long as the waiter.
pub(super) unsafe fn poll<E: Elem>(
    waiter: &LazyWaiter,
    core: &Core,
    elem: E,
    slot: *mut u8,
    cx: &Context<'_>,
    state: Option<Locked<'_>>,
) -> Poll<Sent> {
    match waiter.status() {
        // SAFETY: promised by the caller.
        Status::Idle => unsafe { start(waiter, core, elem, slot, cx, state) },
        Status::Waiting => again(waiter.make(), core, cx),
        Status::Done => Poll::Ready(Sent::Sent),
        Status::Closed => Poll::Ready(Sent::Closed),
        Status::Finished | Status::Out => panic!("a `send` future was polled after it had completed"),
    }
}

/// # Safety
/// As `poll`.
#[inline]
unsafe fn start<E: Elem>(
    waiter: &LazyWaiter,
    core: &Core,
    elem: E,
    slot: *mut u8,
    cx: &Context<'_>,
    mut state: Option<Locked<'_>>,
) -> Poll<Sent> {
    let mut wakes = Wakes::new();
    let mut waker = (state.is_none() && !core.may(SEND_READY)).then(|| coop::register(cx.waker()));
    loop {
        let mut state = state.take().unwrap_or_else(|| core.lock());
        // SAFETY: `slot` is promised by the caller.
        match unsafe { state.put(elem, slot, ptr::null(), &mut wakes) } {
            Put::Sent => {
                drop(state);
                // Before a waker can panic: the slot is empty.
                waiter.over();
                wakes.wake_all();
                return Poll::Ready(Sent::Sent);
            }
            Put::Closed => {
                drop(state);
                return Poll::Ready(Sent::Closed);
            }
            Put::Full => {
                let Some(waker) = waker.take() else {
                    drop(state);
                    waker = Some(coop::register(cx.waker()));
                    continue;
                };
                let waiter = waiter.make();
                waiter.prepare(slot, waker);
                // SAFETY: pinned, and withdrawn before it is freed, both promised by the caller.
                unsafe { state.senders.push(waiter) };
                state.note_wait();
                wakes.unused();
                return Poll::Pending;
            }
        }
    }
}

/// Polled again while it waits: takes the result, or sees to it that the present task is woken.
fn again(waiter: &Waiter, core: &Core, cx: &Context<'_>) -> Poll<Sent> {
    super::waiter::rewaken(waiter, core, cx);
    match waiter.status() {
        Status::Done => Poll::Ready(Sent::Sent),
        Status::Closed => Poll::Ready(Sent::Closed),
        _ => Poll::Pending,
    }
}

/// Ends a send that may be waiting; gives what it is from now on: unless `Done` or `Finished`, the slot holds the value.
///
/// # Safety
/// `waiter` was polled, if at all, with this `core`.
pub(super) unsafe fn withdraw(waiter: &LazyWaiter, core: &Core) -> Status {
    let Some(waiter) = waiter.get() else { return waiter.status() };
    if waiter.status() == Status::Waiting {
        let mut state = core.lock();
        if waiter.status() == Status::Waiting {
            // SAFETY: a single waiter is linked as long as it waits and the lock is held.
            unsafe { state.senders.unlink(NonNull::from(waiter)) };
            waiter.set_status(Status::Idle);
        }
    }
    waiter.status()
}

/// The future of [`Chan::send`](crate::Chan::send) and [`Sender::send`](crate::Sender::send).
///
/// Cancel-safe (C6): dropped before it has completed, it has either delivered the value or drops it.
#[must_use = "a future does nothing unless it is awaited or polled"]
pub struct SendFuture<'a, T> {
    chan: ChanRef<T>,
    location: &'static Location<'static>,
    waiter: LazyWaiter,
    slot: UnsafeCell<MaybeUninit<T>>,
    once: Cell<Once>,
    _handle: PhantomData<&'a ()>,
    _pinned: PhantomPinned,
}

// SAFETY: what others reach through the waiter is governed by the channel's lock (waiter.rs, 2); the value may move to
// another thread because `T: Send`.
unsafe impl<T: Send> Send for SendFuture<'_, T> {}

impl<'a, T> SendFuture<'a, T> {
    #[inline]
    pub(super) fn new(chan: ChanRef<T>, value: T, location: &'static Location<'static>, once: Once) -> Self {
        let slot = UnsafeCell::new(MaybeUninit::new(value));
        Self {
            chan,
            location,
            waiter: LazyWaiter::new(),
            slot,
            once: Cell::new(once),
            _handle: PhantomData,
            _pinned: PhantomPinned,
        }
    }

    /// A send that is over, to be renewed with a value; it has been counted in the budget.
    pub(super) fn over(chan: ChanRef<T>, location: &'static Location<'static>) -> Self {
        let (waiter, slot) = (LazyWaiter::new_over(), UnsafeCell::new(MaybeUninit::uninit()));
        Self { chan, location, waiter, slot, once: Cell::new(Once::FREE), _handle: PhantomData, _pinned: PhantomPinned }
    }

    /// Whether it is over: there is no value.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.waiter.is_over()
    }

    /// The send is over: begins another.
    pub(super) fn renew(&self, value: T) {
        assert!(self.is_over(), "a send that is not over has a value");
        // SAFETY: over: nobody else knows of the slot, and it holds nothing.
        self.slot.with_mut(|slot| unsafe { slot.write(MaybeUninit::new(value)) });
        self.waiter.renew();
    }

    pub(super) fn chan(&self) -> &ChanRef<T> {
        &self.chan
    }

    #[inline]
    fn slot(&self) -> *mut u8 {
        self.slot.with_mut(|slot| slot.cast())
    }

    /// Fetches the value back.
    ///
    /// # Safety
    /// The status is neither `Waiting`, `Done` nor `Finished`.
    unsafe fn fetch(&self) -> T {
        if let Some(waiter) = self.waiter.get() {
            waiter.acquire();
        }
        self.waiter.over();
        // SAFETY: (waiter.rs, 4): the slot holds the value, which is fetched once: the operation is over.
        unsafe { self.slot().cast::<T>().read() }
    }

    /// The rest of a poll that is not done at once.
    fn poll_waiting(&self, cx: &Context<'_>, state: Option<Locked<'_>>) -> Poll<Result<(), SendError<T>>> {
        let core = self.chan.core();
        // SAFETY: pinned; the destructor withdraws; the slot is part of the pinned future and holds the value.
        let polled = unsafe { poll(&self.waiter, core, Typed::<T>::new(), self.slot(), cx, state) };
        match polled {
            Poll::Ready(Sent::Sent) => {
                self.waiter.over();
                Poll::Ready(Ok(()))
            }
            // SAFETY: `Closed` means that it was not sent and does not wait.
            Poll::Ready(Sent::Closed) => Poll::Ready(Err(SendError(unsafe { self.fetch() }))),
            Poll::Pending => {
                coop::note_wait(Reason::Send, core.id, self.location);
                Poll::Pending
            }
        }
    }

    /// Ends a send that was not polled to its end.
    #[cold]
    fn abort(&self) {
        // SAFETY: polled with this channel only.
        match unsafe { withdraw(&self.waiter, self.chan.core()) } {
            Status::Done | Status::Finished => {}
            // SAFETY: withdrawn and not sent: the slot holds the value.
            _ => drop(unsafe { self.fetch() }),
        }
    }

    /// Gives up waiting: the value, unless it was sent or given back meanwhile.
    pub(super) fn give_up(self: Pin<&mut Self>) -> Option<T> {
        let this = self.as_ref().get_ref();
        // SAFETY: polled with this channel only.
        match unsafe { withdraw(&this.waiter, this.chan.core()) } {
            Status::Done | Status::Finished => None,
            // SAFETY: withdrawn and not sent.
            _ => Some(unsafe { this.fetch() }),
        }
    }
}

impl<T> Future for SendFuture<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_ref().get_ref();
        if !this.waiter.is_new() {
            return this.poll_waiting(cx, None);
        }
        ready!(Once::consume_in(&this.once, cx));
        // SAFETY: a send that has not begun holds its value.
        match unsafe { poll_plain(this.chan.core(), Typed::<T>::new(), this.slot()) } {
            Ok(()) => {
                this.waiter.over();
                Poll::Ready(Ok(()))
            }
            Err(state) => this.poll_waiting(cx, state),
        }
    }
}

impl<T> Drop for SendFuture<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if !self.waiter.is_over() {
            self.abort();
        }
    }
}

impl<T> fmt::Debug for SendFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFuture").field("status", &self.waiter.status()).finish_non_exhaustive()
    }
}

//! Receiving: the single operation, over any element, and the future `Chan::recv` gives.
//!
//! Purpose: `poll`, `withdraw` and `give_back` are the whole life of a waiting receive; the typed future here and the
//! untyped one of the C ABI add only where the slot is.
//!
//! Invariants: those of waiter.rs. In particular the value arrives in the waiter's slot, whoever brings it; from `Done` on
//! the owner either fetches it or gives it back (X5).
//!
//! Protocol: a first poll that finds a buffered value and nobody who waits is done without a waiter. The waker is cloned before the lock is taken, because a clone is foreign code (C8). A channel whose hint
//! says "not ready" is locked once, with the clone at hand; otherwise the clone is made only after a first look failed.

use super::core::{Core, Locked, RECV_READY};
use super::elem::{Elem, Typed};
use super::lazy::LazyWaiter;
use super::transfer::{GivenBack, Took};
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

/// How a receive ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// The slot holds the value.
    Value,
    /// The channel is closed and drained.
    Closed,
}

/// Polls a receive that has not begun, in the common case: a value is buffered and nobody else is concerned. `Err`: go on
/// with [`poll`], under the lock if it has been taken.
///
/// # Safety
/// `out` is aligned and valid for an element.
#[inline]
pub(super) unsafe fn poll_plain<E: Elem>(core: &Core, elem: E, out: *mut u8) -> Result<(), Option<Locked<'_>>> {
    if !core.may(RECV_READY) {
        return Err(None);
    }
    let mut state = core.lock();
    // SAFETY: promised by the caller.
    if unsafe { state.take_plain(elem, out) } { Ok(()) } else { Err(Some(state)) }
}

/// Polls a receive; `state`: the lock, if it is held already. `Ready`: the operation is to be ended with `over`.
///
/// # Safety
/// `waiter` is pinned, used with this `core` and `slot` only, and its owner calls `withdraw` before it is freed. `slot` is
/// aligned for the element and valid as long.
pub(super) unsafe fn poll<E: Elem>(
    waiter: &LazyWaiter,
    core: &Core,
    elem: E,
    slot: *mut u8,
    cx: &Context<'_>,
    state: Option<Locked<'_>>,
) -> Poll<Received> {
    match waiter.status() {
        // SAFETY: promised by the caller.
        Status::Idle => unsafe { start(waiter, core, elem, slot, cx, state) },
        Status::Waiting => again(waiter.make(), core, cx),
        Status::Done => Poll::Ready(Received::Value),
        Status::Closed => Poll::Ready(Received::Closed),
        Status::Finished | Status::Out => panic!("a `recv` future was polled after it had completed"),
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
) -> Poll<Received> {
    let mut wakes = Wakes::new();
    let mut waker = (state.is_none() && !core.may(RECV_READY)).then(|| coop::register(cx.waker()));
    loop {
        let mut state = state.take().unwrap_or_else(|| core.lock());
        // SAFETY: `slot` is promised by the caller.
        match unsafe { state.take(elem, slot, ptr::null(), &mut wakes) } {
            Took::Value(seq) => {
                drop(state);
                // A waker that panics must not lose the value: the waiter says whose it is.
                let waiter = waiter.make();
                waiter.set_payload(slot, seq);
                waiter.set_status(Status::Done);
                wakes.wake_all();
                return Poll::Ready(Received::Value);
            }
            Took::Closed => {
                drop(state);
                return Poll::Ready(Received::Closed);
            }
            Took::Empty => {
                let Some(waker) = waker.take() else {
                    drop(state);
                    waker = Some(coop::register(cx.waker()));
                    continue;
                };
                let waiter = waiter.make();
                waiter.prepare(slot, waker);
                // SAFETY: pinned, and withdrawn before it is freed, both promised by the caller.
                unsafe { state.receivers.push(waiter) };
                state.note_wait();
                wakes.unused();
                return Poll::Pending;
            }
        }
    }
}

/// Polled again while it waits: takes the result, or sees to it that the present task is woken.
fn again(waiter: &Waiter, core: &Core, cx: &Context<'_>) -> Poll<Received> {
    super::waiter::rewaken(waiter, core, cx);
    match waiter.status() {
        Status::Done => Poll::Ready(Received::Value),
        Status::Closed => Poll::Ready(Received::Closed),
        _ => Poll::Pending,
    }
}

/// Ends a receive that may be waiting; gives what it is from now on: `Done` means that the slot holds a value.
///
/// # Safety
/// `waiter` was polled, if at all, with this `core`.
pub(super) unsafe fn withdraw(waiter: &LazyWaiter, core: &Core) -> Status {
    let Some(waiter) = waiter.get() else { return waiter.status() };
    if waiter.status() == Status::Waiting {
        let mut state = core.lock();
        if waiter.status() == Status::Waiting {
            // SAFETY: a single waiter is linked as long as it waits and the lock is held.
            unsafe { state.receivers.unlink(NonNull::from(waiter)) };
            waiter.set_status(Status::Idle);
        }
    }
    waiter.status()
}

/// Gives a value that was handed over and not fetched back to the channel, from a destructor (X5).
///
/// # Safety
/// `slot` holds the value numbered `seq` of this channel, which is not used afterwards: if nobody can receive it any more it is
/// dropped here.
#[cold]
pub(super) unsafe fn give_back<E: Elem>(core: &Core, elem: E, slot: *mut u8, seq: u64) {
    let mut wakes = Wakes::new();
    // SAFETY: promised by the caller.
    let given = unsafe { core.lock().give_back(elem, slot, seq, &mut wakes) };
    wakes.wake_all_in_drop();
    if given == GivenBack::Orphan {
        // SAFETY: promised by the caller; the channel has not taken it.
        unsafe { core.elem.drop_in_place(slot) };
    }
}

/// The future of [`Chan::recv`](crate::Chan::recv) and [`Receiver::recv`](crate::Receiver::recv).
///
/// Cancel-safe (C6): a value that was handed over and is not fetched goes back to the channel (X5).
#[must_use = "a future does nothing unless it is awaited or polled"]
pub struct RecvFuture<'a, T> {
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
unsafe impl<T: Send> Send for RecvFuture<'_, T> {}

impl<'a, T> RecvFuture<'a, T> {
    #[inline]
    pub(super) fn new(chan: ChanRef<T>, location: &'static Location<'static>, once: Once) -> Self {
        let slot = UnsafeCell::new(MaybeUninit::uninit());
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

    /// The receive is over: begins another.
    #[inline]
    pub(super) fn renew(&self) {
        self.waiter.renew();
    }

    #[inline]
    fn slot(&self) -> *mut u8 {
        self.slot.with_mut(|slot| slot.cast())
    }

    /// Fetches the value.
    ///
    /// # Safety
    /// The waiter's status is `Done`.
    unsafe fn fetch(&self) -> T {
        self.waiter.make().acquire();
        self.waiter.over();
        // SAFETY: (waiter.rs, 4): the slot holds a value, which is fetched once: the operation is over.
        unsafe { self.slot().cast::<T>().read() }
    }

    /// The rest of a poll that is not done at once.
    fn poll_waiting(&self, cx: &Context<'_>, state: Option<Locked<'_>>) -> Poll<Option<T>> {
        let core = self.chan.core();
        // SAFETY: pinned; the destructor withdraws; the slot is part of the pinned future.
        let polled = unsafe { poll(&self.waiter, core, Typed::<T>::new(), self.slot(), cx, state) };
        match polled {
            // SAFETY: `Value` means that the status is `Done`.
            Poll::Ready(Received::Value) => Poll::Ready(Some(unsafe { self.fetch() })),
            Poll::Ready(Received::Closed) => {
                self.waiter.over();
                Poll::Ready(None)
            }
            Poll::Pending => {
                coop::note_wait(Reason::Recv, core.id, self.location);
                Poll::Pending
            }
        }
    }

    /// Ends a receive that was not polled to its end.
    #[cold]
    fn abort(&self, waiter: &Waiter) {
        // SAFETY: polled with this channel only.
        if unsafe { withdraw(&self.waiter, self.chan.core()) } == Status::Done {
            let seq = waiter.seq();
            // SAFETY: (waiter.rs, 4): the slot holds the value, which nobody fetched.
            unsafe { give_back(self.chan.core(), Typed::<T>::new(), self.slot(), seq) };
        }
    }

    /// Gives up waiting: the value if one was handed over meanwhile.
    pub(super) fn give_up(self: Pin<&mut Self>) -> Option<T> {
        let this = self.as_ref().get_ref();
        // SAFETY: polled with this channel only.
        let status = unsafe { withdraw(&this.waiter, this.chan.core()) };
        // SAFETY: the status was checked.
        (status == Status::Done).then(|| unsafe { this.fetch() })
    }
}

impl<T> Future for RecvFuture<'_, T> {
    type Output = Option<T>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.as_ref().get_ref();
        if !this.waiter.is_new() {
            return this.poll_waiting(cx, None);
        }
        ready!(Once::consume_in(&this.once, cx));
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: a place for a value.
        match unsafe { poll_plain(this.chan.core(), Typed::<T>::new(), value.as_mut_ptr().cast()) } {
            Ok(()) => {
                this.waiter.over();
                // SAFETY: filled just now.
                Poll::Ready(Some(unsafe { value.assume_init() }))
            }
            Err(state) => this.poll_waiting(cx, state),
        }
    }
}

impl<T> Drop for RecvFuture<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(waiter) = self.waiter.get() {
            self.abort(waiter);
        }
    }
}

impl<T> fmt::Debug for RecvFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvFuture").field("status", &self.waiter.status()).finish_non_exhaustive()
    }
}

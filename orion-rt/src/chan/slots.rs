//! The arms of a dynamic select: a list of what to do, small enough to be built by value, and the places of the waiters,
//! which come with the future and, beyond eight arms, only when it parks.
//!
//! ```text
//!   Specs { few: [Spec; 8] | many: Vec<Spec> }  --pinned--> Slots { specs, outcome, few: [waiter; 8] | many: Box<[..]> }
//!   Spec { channel, value to send or place for the one received }
//! ```
//!
//! Invariants
//! 1. Those of port.rs. All arms share one outcome: none is a `Some(..)` arm, and at most one communicates.
//! 2. The first `len` specs are initialised: in `few` if they are at most [`FEW`], else in `many`.
//! 3. The value of a spec is initialised while the spec is marked as a send, but for the instant between the move of the
//!    value, which the outcome tells, and the removal of the mark; and if it is the receive whose outcome is `Done`.
//! 4. Once the slots are pinned, specs and waiters stay where they are until they are dropped.
//!
//! Rejected: a waiter in each spec (every call of the builder would move all of them).

use super::arm::Finished;
use super::elem::Typed;
use super::error::SendError;
use super::lazy::LazyWaiter;
use super::port::{Op, Outcome, Port};
use super::recv::give_back;
use super::view::ChanRef;
use super::waiter::Status;
use crate::sys::UnsafeCell;
use std::cell::{Cell, OnceCell};
use std::marker::{PhantomData, PhantomPinned};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr::NonNull;

/// How many arms of a dynamic select need no allocation (L8).
const FEW: usize = 8;

/// Room for arms when there are more than [`FEW`].
const MANY: usize = 64;

struct Spec<'a, T> {
    /// The channel; the lowest bit is set for a send that has its value.
    chan: Cell<NonNull<ChanRef<T>>>,
    value: UnsafeCell<MaybeUninit<T>>,
    _chan: PhantomData<&'a ChanRef<T>>,
}

impl<'a, T> Spec<'a, T> {
    #[inline]
    fn recv(chan: &'a ChanRef<T>) -> Self {
        let chan = Cell::new(NonNull::from(chan));
        Self { chan, value: UnsafeCell::new(MaybeUninit::uninit()), _chan: PhantomData }
    }

    #[inline]
    fn send(chan: &'a ChanRef<T>, value: T) -> Self {
        const { assert!(align_of::<ChanRef<T>>() > 1) };
        let chan = NonNull::from(chan).map_addr(|address| address | 1);
        Self { chan: Cell::new(chan), value: UnsafeCell::new(MaybeUninit::new(value)), _chan: PhantomData }
    }

    #[inline]
    fn op(&self) -> Op {
        if self.chan.get().addr().get() & 1 == 0 { Op::Recv } else { Op::Send }
    }

    #[inline]
    fn chan(&self) -> &'a ChanRef<T> {
        let chan = self.chan.get().as_ptr().map_addr(|address| address & !1);
        // SAFETY: it was made from a reference of this lifetime; the mark is gone.
        unsafe { &*chan }
    }

    /// The value has moved: nothing is left to send.
    #[inline]
    fn unmark(&self) {
        self.chan.set(NonNull::from(self.chan()));
    }

    #[inline]
    fn slot(&self) -> *mut T {
        self.value.with_mut(|value| value.cast())
    }
}

impl<T> Drop for Spec<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() && self.op() == Op::Send {
            // SAFETY: (3): marked, so it has its value.
            unsafe { self.slot().drop_in_place() };
        }
    }
}

/// The arms, before they race.
pub(crate) struct Specs<'a, T> {
    few: [MaybeUninit<Spec<'a, T>>; FEW],
    many: Vec<Spec<'a, T>>,
    len: usize,
}

// SAFETY: a `ChanRef<T>` is `Sync` and the values move because `T: Send`.
unsafe impl<T: Send> Send for Specs<'_, T> {}

impl<'a, T> Specs<'a, T> {
    #[inline]
    pub(crate) const fn new() -> Self {
        Self { few: [const { MaybeUninit::uninit() }; FEW], many: Vec::new(), len: 0 }
    }

    #[inline]
    pub(crate) fn recv(&mut self, chan: &'a ChanRef<T>) {
        self.push(Spec::recv(chan));
    }

    #[inline]
    pub(crate) fn send(&mut self, chan: &'a ChanRef<T>, value: T) {
        self.push(Spec::send(chan, value));
    }

    #[inline]
    fn push(&mut self, spec: Spec<'a, T>) {
        if self.len < FEW {
            self.few[self.len].write(spec);
        } else {
            if self.len == FEW {
                self.spill();
            }
            self.many.push(spec);
        }
        self.len += 1;
    }

    /// Moves the first specs to the heap.
    #[cold]
    fn spill(&mut self) {
        self.many.reserve(MANY);
        // From here on they count as moved, whatever happens: there is room.
        for spec in &self.few {
            // SAFETY: (2): all of them are initialised, and from now on `many` has them.
            self.many.push(unsafe { spec.assume_init_read() });
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn all(&self) -> &[Spec<'a, T>] {
        if self.len > FEW {
            return &self.many;
        }
        let few = &self.few[..self.len];
        // SAFETY: (2): initialised; `MaybeUninit` has the layout of what it may hold.
        unsafe { &*(std::ptr::from_ref(few) as *const [Spec<'a, T>]) }
    }
}

impl<T> Drop for Specs<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.len <= FEW {
            let few = std::ptr::from_mut(&mut self.few[..self.len]) as *mut [Spec<'_, T>];
            // SAFETY: (2): initialised, and not used again; `MaybeUninit` has the layout of what it may hold.
            unsafe { few.drop_in_place() };
        }
    }
}

/// The arms of a dynamic select, in one pinned place.
pub(crate) struct Slots<'a, T> {
    specs: Specs<'a, T>,
    outcome: Outcome,
    few: [LazyWaiter; FEW],
    many: OnceCell<Box<[LazyWaiter]>>,
    _pinned: PhantomPinned,
}

// SAFETY: what others reach through the waiters is governed by the channels' locks and the claim word (waiter.rs, 2); the
// values may move to another thread because `T: Send`.
unsafe impl<T: Send> Send for Slots<'_, T> {}

impl<'a, T> Slots<'a, T> {
    #[inline]
    pub(crate) fn new(specs: Specs<'a, T>) -> Self {
        let (outcome, few) = (Outcome::new(), [const { LazyWaiter::new() }; FEW]);
        Self { specs, outcome, few, many: OnceCell::new(), _pinned: PhantomPinned }
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.specs.len
    }

    /// Makes sure that every arm has a place for its waiter: the race is about to park.
    #[inline]
    pub(crate) fn furnish(self: Pin<&Self>) {
        if self.specs.len > FEW {
            self.get_ref().many.get_or_init(|| (0..self.specs.len).map(|_| LazyWaiter::new()).collect());
        }
    }

    #[inline]
    fn port_of(&self, index: usize) -> Port<'_> {
        let spec = &self.specs.all()[index];
        let waiter = if self.specs.len <= FEW { self.few.get(index) } else { self.many.get().map(|many| &many[index]) };
        let (core, slot) = (spec.chan().core(), spec.slot().cast());
        Port { core, outcome: &self.outcome, waiter, slot, op: spec.op() }
    }

    /// The arm with this index, which exists.
    #[inline]
    pub(crate) fn port<'p>(self: Pin<&'p Self>, index: usize) -> Port<'p> {
        self.get_ref().port_of(index)
    }

    /// The result of the arm with this index, which has won.
    #[inline]
    pub(crate) fn finish(self: Pin<&Self>, index: usize) -> Finished<T> {
        let this = self.get_ref();
        let spec = &this.specs.all()[index];
        let status = this.outcome.status.get();
        let done = matches!(status, Status::Done | Status::Closed);
        assert!(done && this.outcome.slot.get() == spec.slot().cast_const().cast(), "the arm has not won");
        this.outcome.status.set(Status::Finished);
        let op = spec.op();
        spec.unmark();
        let value = || {
            // SAFETY: (3): done and a receive, or not done and a send; fetched once: the outcome has changed.
            unsafe { spec.slot().read() }
        };
        match (op, status) {
            (Op::Send, Status::Done) => Finished::Sent(Ok(())),
            (Op::Send, _) => Finished::Sent(Err(SendError(value()))),
            (_, Status::Done) => Finished::Received(Some(value())),
            (..) => Finished::Received(None),
        }
    }

    /// Ends a race that is not over: the arms leave it, and what was handed over goes back (X5). The values that were not
    /// sent are dropped with their specs.
    fn abort(&self) {
        for index in 0..self.specs.len {
            self.port_of(index).end();
        }
        if self.outcome.status.replace(Status::Finished) != Status::Done {
            return;
        }
        let done = self.outcome.slot.get();
        let Some(spec) = self.specs.all().iter().find(|spec| spec.slot().cast_const().cast() == done) else { return };
        if spec.op() == Op::Send {
            spec.unmark();
        } else {
            // SAFETY: (3): a receive that is done and was not fetched; the outcome has changed.
            unsafe { give_back(spec.chan().core(), Typed::<T>::new(), spec.slot().cast(), self.outcome.seq.get()) };
        }
    }
}

impl<T> Drop for Slots<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.outcome.status.get() != Status::Finished {
            self.abort();
        }
    }
}

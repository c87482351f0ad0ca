//! The arms of `select!`: a waiter, a value's slot and an outcome each, which the macro pins as locals of one block.
//!
//! Invariants: those of port.rs. The slot and the waiter are parts of the arm, which is pinned before a port is made from
//! it; the destructor takes the arm out of its race and returns what it was handed (X5).

use super::elem::Typed;
use super::error::SendError;
use super::lazy::LazyWaiter;
use super::port::Outcome;
pub use super::port::Port;
pub(crate) use super::port::{Attempt, Op};
use super::recv::give_back;
use super::view::ChanRef;
use super::waiter::Status;
use crate::sys::UnsafeCell;
use std::fmt;
use std::marker::PhantomPinned;
use std::mem::MaybeUninit;
use std::pin::Pin;

/// How an arm that has won ended.
#[derive(Debug)]
pub(crate) enum Finished<T> {
    Received(Option<T>),
    Sent(Result<(), SendError<T>>),
}

/// An arm of either kind.
struct AnyArm<'a, T> {
    chan: &'a ChanRef<T>,
    waiter: LazyWaiter,
    outcome: Outcome,
    slot: UnsafeCell<MaybeUninit<T>>,
    op: Op,
    _pinned: PhantomPinned,
}

// SAFETY: what others reach through the waiter is governed by the channel's lock and the claim word (waiter.rs, 2); the
// value may move to another thread because `T: Send`.
unsafe impl<T: Send> Send for AnyArm<'_, T> {}

impl<'a, T> AnyArm<'a, T> {
    #[inline]
    fn new(chan: &'a ChanRef<T>, slot: MaybeUninit<T>, op: Op) -> Self {
        let (waiter, outcome) = (LazyWaiter::new(), Outcome::new());
        Self { chan, waiter, outcome, slot: UnsafeCell::new(slot), op, _pinned: PhantomPinned }
    }

    #[inline]
    fn slot(&self) -> *mut T {
        self.slot.with_mut(|slot| slot.cast())
    }

    #[inline]
    fn port(&self) -> Port<'_> {
        let (core, slot) = (self.chan.core(), self.slot().cast());
        Port { core, outcome: &self.outcome, waiter: Some(&self.waiter), slot, op: self.op }
    }

    /// The result of the arm, which has won.
    #[inline]
    fn finish(&self) -> Finished<T> {
        let status = self.outcome.status.get();
        let won = self.waiter.is_new() && matches!(status, Status::Done | Status::Closed);
        assert!(won, "the arm has not won");
        self.outcome.status.set(Status::Finished);
        let value = || {
            // SAFETY: (port.rs, 2): done and a receive, or not done and a send; fetched once: the outcome has changed.
            unsafe { self.slot().read() }
        };
        match (self.op, status) {
            (Op::Send, Status::Done) => Finished::Sent(Ok(())),
            (Op::Send, _) => Finished::Sent(Err(SendError(value()))),
            (_, Status::Done) => Finished::Received(Some(value())),
            (..) => Finished::Received(None),
        }
    }

    /// Ends the arm: out of the race, and what was handed over goes back (X5). Gives the value of a send that was not sent.
    #[inline]
    fn end(&self) -> Option<T> {
        self.port().end();
        match (self.op, self.outcome.status.replace(Status::Finished)) {
            (_, Status::Finished) | (Op::Send, Status::Done) => None,
            // SAFETY: (port.rs, 2): a send that was not done; fetched once: the outcome has changed.
            (Op::Send, _) => Some(unsafe { self.slot().read() }),
            (_, Status::Done) => {
                let seq = self.outcome.seq.get();
                // SAFETY: (port.rs, 2): a receive that is done and was not fetched; the outcome has changed.
                unsafe { give_back(self.chan.core(), Typed::<T>::new(), self.slot().cast(), seq) };
                None
            }
            (..) => None,
        }
    }
}

impl<T> Drop for AnyArm<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Most arms of a select that does not park: nothing is linked, and there is no value.
        if self.op != Op::Send && self.waiter.is_new() && self.outcome.status.get() == Status::Idle {
            return;
        }
        drop(self.end());
    }
}

/// A receive arm of a `select!`.
pub struct RecvArm<'a, T>(AnyArm<'a, T>);

impl<'a, T> RecvArm<'a, T> {
    #[inline]
    pub(crate) fn new(chan: &'a ChanRef<T>, op: Op) -> Self {
        debug_assert!(op != Op::Send);
        Self(AnyArm::new(chan, MaybeUninit::uninit(), op))
    }

    #[inline]
    pub(crate) fn port(self: Pin<&Self>) -> Port<'_> {
        self.get_ref().0.port()
    }

    /// The value, after this arm was chosen; `None`: closed and drained.
    ///
    /// # Panics
    /// If it was not chosen.
    #[inline]
    pub fn finish(self: Pin<&mut Self>) -> Option<T> {
        match self.as_ref().get_ref().0.finish() {
            Finished::Received(value) => value,
            Finished::Sent(_) => unreachable!("a receive arm"),
        }
    }
}

impl<T> fmt::Debug for RecvArm<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvArm").field("outcome", &self.0.outcome.status.get()).finish_non_exhaustive()
    }
}

/// A send arm of a `select!`.
pub struct SendArm<'a, T> {
    arm: AnyArm<'a, T>,
    /// Where the value goes back to if it is not sent.
    place: Option<&'a mut Option<T>>,
}

impl<'a, T> SendArm<'a, T> {
    #[inline]
    pub(crate) fn new(chan: &'a ChanRef<T>, value: T) -> Self {
        Self { arm: AnyArm::new(chan, MaybeUninit::new(value), Op::Send), place: None }
    }

    /// Takes the value out of `place`; `None`: it has none.
    #[inline]
    pub(crate) fn take(chan: &'a ChanRef<T>, place: &'a mut Option<T>) -> Option<Self> {
        let value = place.take()?;
        Some(Self { arm: AnyArm::new(chan, MaybeUninit::new(value), Op::Send), place: Some(place) })
    }

    #[inline]
    pub(crate) fn port(self: Pin<&Self>) -> Port<'_> {
        self.get_ref().arm.port()
    }

    /// How the send ended, after this arm was chosen.
    ///
    /// # Errors
    /// The channel is closed: the value comes back.
    ///
    /// # Panics
    /// If it was not chosen.
    #[inline]
    pub fn finish(self: Pin<&mut Self>) -> Result<(), SendError<T>> {
        match self.as_ref().get_ref().arm.finish() {
            Finished::Sent(sent) => sent,
            Finished::Received(_) => unreachable!("a send arm"),
        }
    }
}

impl<T> Drop for SendArm<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let unsent = self.arm.end();
        if let (Some(place), Some(_)) = (&mut self.place, &unsent) {
            **place = unsent;
        }
    }
}

impl<T> fmt::Debug for SendArm<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendArm").field("outcome", &self.arm.outcome.status.get()).finish_non_exhaustive()
    }
}

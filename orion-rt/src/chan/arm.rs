//! The arms of a select: a waiter and a value's slot each, and what the race may do with them.
//!
//! ```text
//!   Race --Port--> RecvArm / SendArm { waiter, slot }      linked in the channel's queue while the race waits
//! ```
//!
//! Purpose: everything unsafe about select is here and in waiter.rs; the race itself, one floor up, is safe code that
//! calls the methods of [`Port`].
//!
//! Invariants
//! 1. A port is made from a pinned arm, whose destructor takes the waiter out of the queue and out of its contest.
//! 2. The slot of a send arm holds the value unless the waiter's status is `Done` or `Finished`; that of a receive arm
//!    holds one if it is `Done`.
//! 3. A waiter belongs to one contest, from its first `link` until `leave`; the contest counts it, and aborts the process
//!    if it is dropped before (waiter.rs, 5).
//! 4. The value moves at most once: an attempt on an arm that is complete panics.
//!
//! Rejected: one arm type per element behind `dyn` (an indirect call per attempt; the erased element does with a copy).

use super::core::{Core, Locked, RECV_READY, SEND_READY};
use super::elem::Typed;
use super::error::SendError;
use super::handle::ChanRef;
use super::locks::LockSet;
use super::recv::give_back;
use super::transfer::{Put, Took};
use super::waiter::{Contest, Status, Waiter};
use super::wakes::Wakes;
use crate::sys::UnsafeCell;
use std::fmt;
use std::marker::PhantomPinned;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr;
use std::ptr::NonNull;

/// What an arm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// `v = <-ch`: ready with a value, and with `None` once closed and drained.
    Recv,
    /// `Some(v) = <-ch`: out of the race once closed and drained.
    RecvSome,
    /// `ch <- v`
    Send,
}

/// What an attempt on an arm gave.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The arm has won: its result is in it.
    Won,
    NotReady,
    /// The arm has left the race.
    Out,
}

/// What a race sees of a channel arm during one poll.
#[derive(Clone, Copy)]
pub struct Port<'p> {
    core: &'p Core,
    waiter: &'p Waiter,
    slot: *mut u8,
    op: Op,
}

impl fmt::Debug for Port<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("chan", &self.core.id).field("op", &self.op).finish_non_exhaustive()
    }
}

impl<'p> Port<'p> {
    /// Whether it has left the race.
    pub(crate) fn is_out(&self) -> bool {
        self.waiter.status() == Status::Out
    }

    /// Whether an attempt may succeed; `false` was the truth at one instant.
    #[inline]
    pub(crate) fn may(&self) -> bool {
        self.core.may(if self.op == Op::Send { SEND_READY } else { RECV_READY })
    }

    /// Tries to communicate.
    pub(crate) fn attempt(&self, me: &Contest, wakes: &mut Wakes) -> Attempt {
        self.attempt_locked(&mut self.core.lock(), me, wakes)
    }

    /// As `attempt`, with all locks held.
    pub(crate) fn attempt_in(&self, locks: &mut LockSet<'p>, me: &Contest, wakes: &mut Wakes) -> Attempt {
        self.attempt_locked(locks.get(self.core), me, wakes)
    }

    fn attempt_locked(&self, state: &mut Locked<'_>, me: &Contest, wakes: &mut Wakes) -> Attempt {
        let contest = self.waiter.contest();
        assert!(contest.is_null() || ptr::eq(contest, me), "an arm belongs to one select");
        match self.waiter.status() {
            Status::Idle | Status::Waiting => {}
            Status::Out => return Attempt::Out,
            _ => panic!("a select was polled after it had completed"),
        }
        let elem = self.core.elem;
        let end = if self.op == Op::Send {
            // SAFETY: (2): the status was checked; on `Sent` it becomes `Done`.
            match unsafe { state.put(elem, self.slot, me, wakes) } {
                Put::Sent => Status::Done,
                Put::Full => return Attempt::NotReady,
                Put::Closed => Status::Closed,
            }
        } else {
            // SAFETY: (1, 2): the slot is part of the pinned arm and free.
            match unsafe { state.take(elem, self.slot, me, wakes) } {
                Took::Value(seq) => {
                    self.waiter.set_payload(self.slot, seq);
                    Status::Done
                }
                Took::Empty => return Attempt::NotReady,
                Took::Closed if self.op == Op::RecvSome => Status::Out,
                Took::Closed => Status::Closed,
            }
        };
        self.waiter.set_status(end);
        if end == Status::Out { Attempt::Out } else { Attempt::Won }
    }

    /// Takes all locks of `ports`.
    pub(crate) fn lock_all(ports: impl Iterator<Item = Self>) -> LockSet<'p> {
        LockSet::lock(ports.map(|port| port.core))
    }

    /// Lets peers find the arm, as number `arm` of `contest`, unless they can already.
    pub(crate) fn link(&self, locks: &mut LockSet<'p>, contest: &Contest, arm: u32) {
        let state = locks.get(self.core);
        if self.waiter.is_linked() {
            return;
        }
        if self.waiter.contest().is_null() {
            self.waiter.join(contest, arm, self.slot);
            contest.attach();
        } else {
            assert!(ptr::eq(self.waiter.contest(), contest), "an arm belongs to one select");
            self.waiter.set_status(Status::Waiting);
        }
        let queue = if self.op == Op::Send { &mut state.senders } else { &mut state.receivers };
        // SAFETY: (1): pinned, and not linked; its destructor unlinks it.
        unsafe { queue.push(self.waiter) };
    }

    /// Takes the arm out of its queue and its contest, if it is in them. Never with a lock held.
    pub(crate) fn leave(&self) {
        let contest = self.waiter.contest();
        if contest.is_null() {
            return;
        }
        let mut state = self.core.lock();
        if self.waiter.is_linked() {
            let queue = if self.op == Op::Send { &mut state.senders } else { &mut state.receivers };
            // SAFETY: linked, and an arm is linked in the queue of its own channel and direction only.
            unsafe { queue.unlink(NonNull::from(self.waiter)) };
        }
        drop(state);
        if self.waiter.status() == Status::Waiting {
            self.waiter.set_status(Status::Idle);
        }
        self.waiter.leave();
        // SAFETY: (3): it counts this waiter until now, so it is alive.
        unsafe { &*contest }.detach();
    }

    /// Waits for the peer that has claimed this arm: it publishes the result before it releases the lock.
    pub(crate) fn await_peer(&self) {
        drop(self.core.lock());
    }

    /// What a peer has made of this arm, after the contest said that it is done.
    pub(crate) fn result(&self) -> Attempt {
        self.waiter.acquire();
        if self.op == Op::RecvSome && self.waiter.status() == Status::Closed {
            self.waiter.set_status(Status::Out);
            return Attempt::Out;
        }
        Attempt::Won
    }
}

/// How an arm that has won ended.
#[derive(Debug)]
pub(crate) enum Finished<T> {
    Received(Option<T>),
    Sent(Result<(), SendError<T>>),
}

/// An arm of either kind.
pub(crate) struct AnyArm<'a, T> {
    chan: &'a ChanRef<T>,
    waiter: Waiter,
    slot: UnsafeCell<MaybeUninit<T>>,
    op: Op,
    _pinned: PhantomPinned,
}

// SAFETY: what others reach through the waiter is governed by the channel's lock and the claim word (waiter.rs, 2); the
// value may move to another thread because `T: Send`.
unsafe impl<T: Send> Send for AnyArm<'_, T> {}

impl<'a, T> AnyArm<'a, T> {
    pub(crate) fn recv(chan: &'a ChanRef<T>, op: Op) -> Self {
        debug_assert!(op != Op::Send);
        Self::new(chan, MaybeUninit::uninit(), op)
    }

    pub(crate) fn send(chan: &'a ChanRef<T>, value: T) -> Self {
        Self::new(chan, MaybeUninit::new(value), Op::Send)
    }

    fn new(chan: &'a ChanRef<T>, slot: MaybeUninit<T>, op: Op) -> Self {
        Self { chan, waiter: Waiter::new(), slot: UnsafeCell::new(slot), op, _pinned: PhantomPinned }
    }

    fn slot(&self) -> *mut T {
        self.slot.with_mut(|slot| slot.cast())
    }

    fn port_unpinned(&self) -> Port<'_> {
        Port { core: self.chan.core(), waiter: &self.waiter, slot: self.slot().cast(), op: self.op }
    }

    pub(crate) fn port<'p>(self: Pin<&'p Self>) -> Port<'p> {
        self.get_ref().port_unpinned()
    }

    /// The result of the arm, which has won.
    pub(crate) fn finish(self: Pin<&Self>) -> Finished<T> {
        let status = self.waiter.status();
        assert!(
            self.waiter.contest().is_null() && matches!(status, Status::Done | Status::Closed),
            "the arm has not won"
        );
        self.waiter.set_status(Status::Finished);
        let value = || {
            // SAFETY: (2): it is done and a receive, or not done and a send; fetched once: the status has changed.
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
    fn end(&self) -> Option<T> {
        let contest = self.waiter.contest();
        if !contest.is_null() {
            // SAFETY: (3): it counts this waiter, so it is alive.
            let _ = unsafe { &*contest }.word.cancel();
            // A peer that has claimed this arm holds the lock until it is done.
            self.port_unpinned().leave();
        }
        let status = self.waiter.status();
        self.waiter.set_status(Status::Finished);
        match (self.op, status) {
            (_, Status::Finished) | (Op::Send, Status::Done) => None,
            // SAFETY: (2): a send that was not done; fetched once: the status has changed.
            (Op::Send, _) => Some(unsafe { self.slot().read() }),
            (_, Status::Done) => {
                let seq = self.waiter.seq();
                // SAFETY: (2): a receive that is done and was not fetched; the status has changed.
                unsafe { give_back(self.chan.core(), Typed::<T>::new(), self.slot().cast(), seq) };
                None
            }
            (..) => None,
        }
    }
}

impl<T> Drop for AnyArm<'_, T> {
    fn drop(&mut self) {
        drop(self.end());
    }
}

/// A receive arm of a `select!`.
pub struct RecvArm<'a, T>(AnyArm<'a, T>);

impl<'a, T> RecvArm<'a, T> {
    pub(crate) fn new(chan: &'a ChanRef<T>, op: Op) -> Self {
        Self(AnyArm::recv(chan, op))
    }

    fn inner(self: Pin<&Self>) -> Pin<&AnyArm<'a, T>> {
        // SAFETY: structural: the field is pinned when the arm is.
        unsafe { self.map_unchecked(|arm| &arm.0) }
    }

    pub(crate) fn port(self: Pin<&Self>) -> Port<'_> {
        self.inner().port()
    }

    /// The value, after this arm was chosen; `None`: closed and drained.
    ///
    /// # Panics
    /// If it was not chosen.
    pub fn finish(self: Pin<&mut Self>) -> Option<T> {
        match self.as_ref().inner().finish() {
            Finished::Received(value) => value,
            Finished::Sent(_) => unreachable!("a receive arm"),
        }
    }
}

impl<T> fmt::Debug for RecvArm<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvArm").field("status", &self.0.waiter.status()).finish_non_exhaustive()
    }
}

/// A send arm of a `select!`.
pub struct SendArm<'a, T> {
    arm: AnyArm<'a, T>,
    /// Where the value goes back to if it is not sent.
    place: Option<&'a mut Option<T>>,
}

impl<'a, T> SendArm<'a, T> {
    pub(crate) fn new(chan: &'a ChanRef<T>, value: T) -> Self {
        Self { arm: AnyArm::send(chan, value), place: None }
    }

    /// Takes the value out of `place`; `None`: it has none.
    pub(crate) fn take(chan: &'a ChanRef<T>, place: &'a mut Option<T>) -> Option<Self> {
        let value = place.take()?;
        Some(Self { arm: AnyArm::send(chan, value), place: Some(place) })
    }

    fn inner(self: Pin<&Self>) -> Pin<&AnyArm<'a, T>> {
        // SAFETY: structural: the field is pinned when the arm is; the destructor does not move it.
        unsafe { self.map_unchecked(|arm| &arm.arm) }
    }

    pub(crate) fn port(self: Pin<&Self>) -> Port<'_> {
        self.inner().port()
    }

    /// How the send ended, after this arm was chosen.
    ///
    /// # Errors
    /// The channel is closed: the value comes back.
    ///
    /// # Panics
    /// If it was not chosen.
    pub fn finish(self: Pin<&mut Self>) -> Result<(), SendError<T>> {
        match self.as_ref().inner().finish() {
            Finished::Sent(sent) => sent,
            Finished::Received(_) => unreachable!("a send arm"),
        }
    }
}

impl<T> Drop for SendArm<'_, T> {
    fn drop(&mut self) {
        let unsent = self.arm.end();
        if let (Some(place), Some(_)) = (&mut self.place, &unsent) {
            **place = unsent;
        }
    }
}

impl<T> fmt::Debug for SendArm<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendArm").field("status", &self.arm.waiter.status()).finish_non_exhaustive()
    }
}

/// How many arms of a dynamic select need no allocation (L8).
const FEW: usize = 8;

/// The arms of a dynamic select, in one pinned place.
pub(crate) struct Slots<'a, T> {
    few: [Option<AnyArm<'a, T>>; FEW],
    many: Vec<AnyArm<'a, T>>,
    len: usize,
}

impl<'a, T> Slots<'a, T> {
    pub(crate) fn new() -> Self {
        Self { few: [const { None }; FEW], many: Vec::new(), len: 0 }
    }

    /// Appends an arm. It moves, so it has not been part of a race.
    pub(crate) fn push(&mut self, arm: AnyArm<'a, T>) {
        if self.len < FEW {
            self.few[self.len] = Some(arm);
        } else {
            self.many.push(arm);
        }
        self.len += 1;
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The arm with this index, which exists.
    pub(crate) fn get<'p>(self: Pin<&'p Self>, index: usize) -> Pin<&'p AnyArm<'a, T>> {
        let this = self.get_ref();
        let arm = match index.checked_sub(FEW) {
            None => this.few[index].as_ref().expect("an arm of the select"),
            Some(index) => &this.many[index],
        };
        // SAFETY: structural: `self` is pinned, so nobody gets at its fields mutably, and neither the array nor the heap
        // block of the vector moves or is freed without dropping the arms in it.
        unsafe { Pin::new_unchecked(arm) }
    }
}

//! What a race may do with one of its channel arms: the [`Port`].
//!
//! ```text
//!   Race --Port--> { waiter, slot, outcome } of an arm       the waiter is made when the race parks, gone when it leaves
//! ```
//!
//! Purpose: everything unsafe about the *protocol* of select is here and in waiter.rs; the race itself, one floor up, is
//! safe code that calls these methods. Who owns the parts of an arm: arm.rs (`select!`) and slots.rs (`Select`).
//!
//! Invariants
//! 1. A port is made from a pinned arm, whose destructor calls `end`.
//! 2. The slot of a send arm holds the value unless the outcome is `Done` or `Finished`; that of a receive arm
//!    holds one if it is `Done`.
//! 3. The waiter is made exactly while the arm is attached to a contest: from its first link until `leave`. The contest
//!    counts it, and aborts the process if it is dropped before (waiter.rs, 5).
//! 4. The value moves at most once: an attempt on an arm that is complete panics.
//!
//! Rejected: one arm type per element behind `dyn` (an indirect call per attempt; the erased element does with a copy).

use super::core::{Core, Locked, RECV_READY, SEND_READY};
use super::lazy::LazyWaiter;
use super::locks::LockSet;
use super::transfer::{Put, Took};
use super::waiter::{Contest, Status, Waiter};
use super::wakes::Wakes;
use std::cell::Cell;
use std::fmt;
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

/// What has become of an arm, as its owner knows it: `Idle` while it has not communicated, or not as far as the owner has
/// looked. The arms of a dynamic select share one, because at most one of them communicates and none is ever `Out`.
pub(super) struct Outcome {
    pub(super) status: Cell<Status>,
    /// The number of the value received.
    pub(super) seq: Cell<u64>,
    /// The slot of the arm that is complete.
    pub(super) slot: Cell<*const u8>,
}

impl Outcome {
    #[inline]
    pub(super) const fn new() -> Self {
        Self { status: Cell::new(Status::Idle), seq: Cell::new(0), slot: Cell::new(ptr::null()) }
    }
}

/// What a race sees of a channel arm during one poll.
#[derive(Clone, Copy)]
pub struct Port<'p> {
    pub(super) core: &'p Core,
    pub(super) outcome: &'p Outcome,
    /// `None`: the place for it is not there yet.
    pub(super) waiter: Option<&'p LazyWaiter>,
    pub(super) slot: *mut u8,
    pub(super) op: Op,
}

impl fmt::Debug for Port<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("chan", &self.core.id).field("op", &self.op).finish_non_exhaustive()
    }
}

impl<'p> Port<'p> {
    /// Whether it has left the race.
    #[inline]
    pub(crate) fn is_out(&self) -> bool {
        self.outcome.status.get() == Status::Out
    }

    /// Whether an attempt may succeed; `false` was the truth at one instant.
    #[inline]
    pub(crate) fn may(&self) -> bool {
        self.core.may(if self.op == Op::Send { SEND_READY } else { RECV_READY })
    }

    /// Tries to communicate.
    #[inline]
    pub(crate) fn attempt(&self, me: &Contest, wakes: &mut Wakes) -> Attempt {
        self.attempt_locked(&mut self.core.lock(), me, wakes)
    }

    /// Tries to communicate, and if that is not possible lets peers find the arm, as number `arm` of `me`: both under one
    /// lock, so that a peer comes before the attempt or finds the arm.
    #[inline]
    pub(crate) fn attempt_or_link(&self, me: &Contest, arm: u32, wakes: &mut Wakes) -> Attempt {
        let mut state = self.core.lock();
        let ready = if self.op == Op::Send { SEND_READY } else { RECV_READY };
        if state.hint() & ready != 0 {
            let attempt = self.attempt_locked(&mut state, me, wakes);
            if attempt != Attempt::NotReady {
                return attempt;
            }
        }
        self.link_locked(&mut state, me, arm);
        Attempt::NotReady
    }

    /// Takes all locks of `ports`.
    pub(crate) fn lock_all(ports: impl Iterator<Item = Self>) -> LockSet<'p> {
        LockSet::lock(ports.map(|port| port.core))
    }

    /// As `attempt`, with all locks held.
    pub(crate) fn attempt_in(&self, locks: &mut LockSet<'p>, me: &Contest, wakes: &mut Wakes) -> Attempt {
        self.attempt_locked(locks.get(self.core), me, wakes)
    }

    /// Lets peers find the arm, as number `arm` of `me`, unless they can already; with all locks held.
    pub(crate) fn link_in(&self, locks: &mut LockSet<'p>, me: &Contest, arm: u32) {
        self.link_locked(locks.get(self.core), me, arm);
    }

    fn attempt_locked(&self, state: &mut Locked<'_>, me: &Contest, wakes: &mut Wakes) -> Attempt {
        if let Some(waiter) = self.waiter.and_then(LazyWaiter::get) {
            assert!(ptr::eq(waiter.contest(), me), "an arm belongs to one select");
            assert!(waiter.status() != Status::Done, "a select was polled after it had completed");
        }
        match self.outcome.status.get() {
            Status::Idle => {}
            Status::Out => return Attempt::Out,
            _ => panic!("a select was polled after it had completed"),
        }
        let elem = self.core.elem;
        let end = if self.op == Op::Send {
            // SAFETY: (2): the outcome was checked; on `Sent` it becomes `Done`.
            match unsafe { state.put(elem, self.slot, me, wakes) } {
                Put::Sent => Status::Done,
                Put::Full => return Attempt::NotReady,
                Put::Closed => Status::Closed,
            }
        } else {
            // SAFETY: (1, 2): the slot is part of the pinned arm and free.
            match unsafe { state.take(elem, self.slot, me, wakes) } {
                Took::Value(seq) => {
                    self.outcome.seq.set(seq);
                    Status::Done
                }
                Took::Empty => return Attempt::NotReady,
                Took::Closed if self.op == Op::RecvSome => Status::Out,
                Took::Closed => Status::Closed,
            }
        };
        self.outcome.status.set(end);
        self.outcome.slot.set(self.slot);
        if end == Status::Out { Attempt::Out } else { Attempt::Won }
    }

    #[inline]
    fn link_locked(&self, state: &mut Locked<'_>, contest: &Contest, arm: u32) {
        let place = self.waiter.expect("an arm that is to be linked has a place for its waiter");
        let waiter = match place.get() {
            Some(waiter) => {
                assert!(ptr::eq(waiter.contest(), contest), "an arm belongs to one select");
                if waiter.is_linked() {
                    return;
                }
                waiter.set_status(Status::Waiting);
                waiter
            }
            None => {
                contest.attach();
                place.make_as(|| Waiter::of_arm(contest, arm, self.slot))
            }
        };
        let queue = if self.op == Op::Send { &mut state.senders } else { &mut state.receivers };
        // SAFETY: (1): pinned, and not linked; the destructor unlinks it.
        unsafe { queue.push(waiter) };
        state.note_wait();
    }

    /// Takes the arm out of its queue and its contest, if it is in them. Never with a lock held. `done`: the contest if it
    /// has said `Done`: an arm of it that a peer has completed was unlinked before, and needs no lock.
    #[inline]
    pub(crate) fn leave(&self, done: Option<&Contest>) {
        let Some(place) = self.waiter else { return };
        let Some(waiter) = place.get() else { return };
        let completed = |me: &Contest| ptr::eq(waiter.contest(), me) && waiter.status() != Status::Waiting;
        if !done.is_some_and(completed) {
            let mut state = self.core.lock();
            if waiter.is_linked() {
                let queue = if self.op == Op::Send { &mut state.senders } else { &mut state.receivers };
                // SAFETY: linked, and an arm is linked in the queue of its own channel and direction only.
                unsafe { queue.unlink(NonNull::from(waiter)) };
            }
        }
        let status = waiter.status();
        if matches!(status, Status::Done | Status::Closed) && self.outcome.status.get() == Status::Idle {
            self.outcome.seq.set(waiter.seq());
            self.outcome.slot.set(self.slot);
            self.outcome.status.set(status);
        }
        // SAFETY: (3): it counts this waiter until now, so it is alive.
        unsafe { &*waiter.contest() }.detach();
        place.unmake();
    }

    /// The current task is about to wait for the arm, which is linked: on behalf of whom it was is over.
    pub(crate) fn note_wait(&self) {
        self.core.lock().note_wait();
    }

    /// Waits for the peer that has claimed this arm: it publishes the result before it releases the lock.
    pub(crate) fn await_peer(&self) {
        drop(self.core.lock());
    }

    /// What a peer has made of this arm, after the contest said that it is done.
    pub(crate) fn result(&self) -> Attempt {
        let Some(waiter) = self.waiter.and_then(LazyWaiter::get) else { return Attempt::Out };
        waiter.acquire();
        if self.op == Op::RecvSome && waiter.status() == Status::Closed {
            self.outcome.status.set(Status::Out);
            return Attempt::Out;
        }
        Attempt::Won
    }

    /// Ends the arm's part in a race that is not over, from its owner's destructor: no peer completes it any more.
    #[inline]
    pub(super) fn end(&self) {
        if let Some(waiter) = self.waiter.and_then(LazyWaiter::get) {
            // SAFETY: (3): the contest counts this waiter, so it is alive.
            let _ = unsafe { &*waiter.contest() }.word.cancel();
            // A peer that has claimed this arm holds the lock until it is done.
            self.leave(None);
        }
    }
}

//! How values move: the state of a channel under its lock, and the five things that can happen to it.
//!
//! ```text
//!   put --> waiting receiver | buffer | (full: wait)          close, abandon
//!   take <-- returned, buffer <-- waiting sender | waiting sender | (empty: wait)
//!   give back --> waiting receiver | in front of the buffer, among returned values in send order
//! ```
//!
//! Invariants
//! 1. The buffer holds the returned values first, in order of their numbers (`returned` lists them), then the fresh ones
//!    in send order. Fresh values get a number when they leave: consecutive, so in send order (C1, X5).
//! 2. A receiver that can be claimed implies an empty buffer; a sender that can be claimed implies a full one or a closed
//!    channel (C2). A busy select may be linked against that for a moment: it has been told to look again.
//! 3. `closed` implies empty queues. `abandoned` (no receiver left) implies `closed` and, from then on, an empty buffer.
//! 4. A waiter is claimed only when the transfer cannot fail any more: memory for it has been reserved.
//!
//! Rejected: numbers kept with each buffered value (they are consecutive but for the few returned ones).

use super::core::{RECV_READY, SEND_READY};
use super::elem::{Elem, Erased};
use super::ring::{Discarded, Ring};
use super::users::Users;
use super::waiter::{Contest, Queue, Status, complete};
use super::wakes::{Batch, Wakes};
use crate::coop::Root;
use crate::meta::names::Name;
use std::collections::VecDeque;
use std::ptr;

/// How an attempt to receive ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Took {
    /// The value is at `out`; this is its number.
    Value(u64),
    Empty,
    Closed,
}

/// How an attempt to send ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Sent,
    Full,
    Closed,
}

/// Where a value given back went.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivenBack {
    /// The channel has it.
    Kept,
    /// Nobody can receive it any more: the caller drops it, outside the lock.
    Orphan,
}

/// In lines of the cache: what receivers alone write in the plain case, what changes when somebody waits, and what every
/// operation writes, beside the lock, which follows.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct State {
    pub(super) name: Option<Name>,
    /// Fresh values that have left: the number of the last one.
    handed: u64,
    /// The numbers of the values that were given back and are buffered.
    returned: VecDeque<u64>,
    /// Values given back to no receiver, or dropped in the buffer after they were given back.
    orphaned: u64,
    /// Fresh values dropped in the buffer.
    discarded: u64,
    pub(super) senders: Queue,
    pub(super) receivers: Queue,
    abandoned: bool,
    closed: bool,
    pub(super) users: Users,
    limit: usize,
    buffer: Ring,
}

// SAFETY: the queues hold pointers to pinned waiters that only the lock's holder follows (waiter.rs, 2); the handles of a
// channel are `Send` only if its element is.
unsafe impl Send for State {}

impl State {
    pub(super) fn new(elem: Erased, limit: usize, home: Root) -> Self {
        Self {
            buffer: Ring::new(elem),
            returned: VecDeque::new(),
            limit,
            closed: false,
            abandoned: false,
            senders: Queue::new(),
            receivers: Queue::new(),
            handed: 0,
            discarded: 0,
            orphaned: 0,
            name: None,
            users: Users::new(home),
        }
    }

    /// What may be ready now.
    #[inline]
    pub(super) fn hint(&self) -> u32 {
        let recv = self.buffer.len() > 0 || self.closed || !self.senders.is_empty();
        let send = self.buffer.len() < self.limit || self.closed || !self.receivers.is_empty();
        (u32::from(recv) * RECV_READY) | (u32::from(send) * SEND_READY)
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Values sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.handed + self.discarded + (self.buffer.len() - self.returned.len()) as u64
    }

    /// Values received so far, those given back not counted.
    pub(super) fn received(&self) -> u64 {
        self.handed - self.orphaned - self.returned.len() as u64
    }

    /// The address of buffered value `index`, next to be received first.
    pub(super) fn value(&self, elem: impl Elem, index: usize) -> *const u8 {
        self.buffer.value(elem, index)
    }

    /// Receives into `out` in the plain case: a fresh value is buffered and no sender waits for its space.
    ///
    /// # Safety
    /// As `take`.
    #[inline]
    pub(super) unsafe fn take_plain<E: Elem>(&mut self, elem: E, out: *mut u8) -> bool {
        if self.buffer.len() == 0 || !self.returned.is_empty() || !self.senders.is_empty() {
            return false;
        }
        self.handed += 1;
        // SAFETY: promised by the caller; the buffer is not empty.
        unsafe { self.buffer.pop(elem, out) };
        true
    }

    /// Sends the value at `value` in the plain case: there is space, allocated already, and no receiver waits.
    ///
    /// # Safety
    /// As `put`; moved out on `true`.
    #[inline]
    pub(super) unsafe fn put_plain<E: Elem>(&mut self, elem: E, value: *const u8) -> bool {
        if self.closed || !self.receivers.is_empty() || self.buffer.len() >= self.limit || self.buffer.is_full() {
            return false;
        }
        // SAFETY: promised by the caller; there is room.
        unsafe { self.buffer.push(elem, value) };
        true
    }

    /// Receives into `out` if that is possible now. `me` is the select that asks: it never pairs with itself.
    ///
    /// # Safety
    /// `out` is aligned and valid for an element.
    #[inline]
    pub(super) unsafe fn take<E: Elem>(
        &mut self,
        elem: E,
        out: *mut u8,
        me: *const Contest,
        wakes: &mut Wakes,
    ) -> Took {
        if self.buffer.len() > 0 {
            let returned = if self.returned.is_empty() { None } else { self.returned.pop_front() };
            let seq = returned.unwrap_or_else(|| {
                self.handed += 1;
                self.handed
            });
            // SAFETY: promised by the caller; the buffer is not empty.
            unsafe { self.buffer.pop(elem, out) };
            if !self.senders.is_empty() {
                self.refill(elem, me, wakes);
            }
            return Took::Value(seq);
        }
        if let Some(sender) = self.senders.claim(me) {
            self.handed += 1;
            let seq = self.handed;
            // SAFETY: a waiting sender's slot holds its value, and `out` is promised by the caller.
            let transfer = |slot: *mut u8| unsafe { elem.copy(slot, out) };
            // SAFETY: claimed above.
            wakes.push(unsafe { complete(sender, Status::Done, seq, transfer) });
            return Took::Value(seq);
        }
        if self.closed { Took::Closed } else { Took::Empty }
    }

    /// Moves the values of waiting senders into the space that a receive has made.
    fn refill<E: Elem>(&mut self, elem: E, me: *const Contest, wakes: &mut Wakes) {
        while self.buffer.len() < self.limit {
            self.buffer.reserve(elem, self.limit);
            let Some(sender) = self.senders.claim(me) else { return };
            let buffer = &mut self.buffer;
            // SAFETY: a waiting sender's slot holds its value; room was reserved.
            let transfer = |slot: *mut u8| unsafe { buffer.push(elem, slot) };
            // SAFETY: claimed above.
            wakes.push(unsafe { complete(sender, Status::Done, 0, transfer) });
        }
    }

    /// Sends the value at `value` if that is possible now; otherwise it stays there.
    ///
    /// # Safety
    /// `value` is aligned and holds an element, which is moved out on `Sent`.
    #[inline]
    pub(super) unsafe fn put<E: Elem>(
        &mut self,
        elem: E,
        value: *const u8,
        me: *const Contest,
        wakes: &mut Wakes,
    ) -> Put {
        if self.closed {
            return Put::Closed;
        }
        if self.buffer.len() == 0
            && let Some(receiver) = self.receivers.claim(me)
        {
            self.handed += 1;
            // SAFETY: `value` is promised by the caller; a waiting receiver's slot is free.
            let transfer = |slot: *mut u8| unsafe { elem.copy(value, slot) };
            // SAFETY: claimed above.
            wakes.push(unsafe { complete(receiver, Status::Done, self.handed, transfer) });
            return Put::Sent;
        }
        if self.buffer.len() < self.limit {
            self.buffer.reserve(elem, self.limit);
            // SAFETY: promised by the caller; room was reserved.
            unsafe { self.buffer.push(elem, value) };
            return Put::Sent;
        }
        Put::Full
    }

    /// Takes back value number `seq`, which was handed to a receiver that has gone (X5).
    ///
    /// # Safety
    /// `value` is aligned and holds an element, which is moved out on `Kept`.
    pub(super) unsafe fn give_back<E: Elem>(
        &mut self,
        elem: E,
        value: *const u8,
        seq: u64,
        wakes: &mut Wakes,
    ) -> GivenBack {
        if self.abandoned {
            self.orphaned += 1;
            return GivenBack::Orphan;
        }
        if let Some(receiver) = self.receivers.claim(ptr::null()) {
            // SAFETY: `value` is promised by the caller; a waiting receiver's slot is free.
            let transfer = |slot: *mut u8| unsafe { elem.copy(value, slot) };
            // SAFETY: claimed above.
            wakes.push(unsafe { complete(receiver, Status::Done, seq, transfer) });
            return GivenBack::Kept;
        }
        let index = self.returned.partition_point(|&other| other < seq);
        self.buffer.reserve(elem, usize::MAX);
        self.returned.insert(index, seq);
        // SAFETY: promised by the caller; room was reserved; `index` is among the returned values.
        unsafe { self.buffer.insert(elem, index, value) };
        GivenBack::Kept
    }

    /// Ends sending: every waiter is told (C3). `false`: it was closed.
    pub(super) fn close(&mut self, batch: &mut Batch) -> bool {
        if self.closed {
            return false;
        }
        self.closed = true;
        for queue in [&mut self.senders, &mut self.receivers] {
            queue.drain(|waiter| {
                // SAFETY: claimed by `drain`; a sender keeps its value, a receiver gets none.
                batch.push(unsafe { complete(waiter, Status::Closed, 0, |_| {}) });
            });
        }
        true
    }

    /// Ends receiving, after `close`: gives what is buffered, to be dropped outside the lock (C4).
    pub(super) fn abandon(&mut self, elem: Erased) -> Discarded {
        self.abandoned = true;
        self.orphaned += self.returned.len() as u64;
        self.discarded += (self.buffer.len() - self.returned.len()) as u64;
        self.returned.clear();
        self.buffer.take(elem)
    }
}

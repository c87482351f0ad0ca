//! The race of a select's arms.
//!
//! ```text
//!   first poll:  try ready arms one by one ---- won -----------------------------------------> finish
//!                       | none ready                                                              ^
//!                       v                                                                         |
//!                POLLING: arm by arm, under its channel's lock: try again, link --- won --------->|
//!                       | none ready      \-- MISSED: as below                                    |
//!                       v                                                                         |
//!                WAITING; Pending                        (default: try again with all locks held) |
//!                       |                                                                         |
//!   next polls:  DONE(i): a peer has completed arm i -------------------------------------------->|
//!                WAITING -> POLLING: new waker, poll futures --- a future is ready -------------->|
//!                       \-- MISSED: lock all, try again, link what is not linked; Pending
//! ```
//!
//! Purpose: the algorithm behind `select!` and `Select`, over any list of arms. The transitions of the state word, and
//! who may make them, are in `chan::claim`.
//!
//! Invariants
//! 1. While an attempt is made the race itself cannot be claimed: it is IDLE, POLLING, MISSED or DONE, or all its
//!    channels are locked. So at most one communication happens (L1).
//! 2. It waits only after each channel was found not ready in the same critical section in which its arm was linked, and
//!    no peer has found an arm of it since: such a peer leaves MISSED, and then all channels are looked at with all
//!    their locks held. So every peer comes before the look or is passed over and remembered: no wake-up is lost.
//! 3. `default` is chosen after one instant at which no channel arm was ready (L4): with one channel arm the attempt on
//!    it, or the reading of its hint; with more the pass under all locks.
//! 4. When it is over, and before it says so, its arms are out of all queues.
//!
//! Fairness (L3): one arm is probed at random and taken if it is ready; otherwise the arms that look ready are tried in
//! random order. Both steps treat all ready arms alike, so each wins with the same probability; a select with many
//! ready arms looks at one. The pass that links begins at a random arm: what it finds has become ready since.
//!
//! Rejected: all locks for the first wait (64 locks held at once, sorted before); linking again arm by arm after MISSED
//! (two selects could pass each other over for ever; under all locks one of them waits before it lets the other look);
//! polling futures with the locks held (foreign code); a sweep without locks for `default` (arms may become
//! ready behind and not ready ahead of the sweep).

#![forbid(unsafe_code)]

use super::arms::{ArmRef, Arms, Chosen, Verdict, attempt_of, leave_all, ports};
use super::order::Order;
use crate::chan::arm::{Attempt, Port};
use crate::chan::claim::{EndPoll, MAX_ARMS, View};
use crate::chan::waiter::Contest;
use crate::chan::wakes::Wakes;
use crate::coop::{self, Once, Reason};
use crate::util::rng;
use std::cell::Cell;
use std::marker::PhantomPinned;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

type PollFuture<'f> = dyn FnMut(usize, &mut Context<'_>) -> Verdict + 'f;

/// What a pass over the arms gave.
enum Pass {
    Won(usize),
    /// No winner; so many arms are still in the race.
    NoneReady {
        channels: usize,
        futures: usize,
    },
}

/// What the pass under all locks gave.
enum Settled {
    Won(usize),
    /// The channel arms that are left are linked.
    Armed,
    /// There is no channel arm left.
    NoChannel,
}

/// The state of one select. It is pinned beside its arms and dropped after them.
#[derive(Debug)]
pub struct Race {
    contest: Contest,
    biased: bool,
    has_default: bool,
    once: Cell<Once>,
    location: &'static Location<'static>,
    _pinned: PhantomPinned,
}

impl Race {
    /// A race that has not begun.
    #[must_use]
    #[track_caller]
    pub fn new(biased: bool, has_default: bool) -> Self {
        Self::at(biased, has_default, Location::caller())
    }

    pub(super) fn at(biased: bool, has_default: bool, location: &'static Location<'static>) -> Self {
        Self { contest: Contest::new(), biased, has_default, once: Cell::default(), location, _pinned: PhantomPinned }
    }

    /// The current task waits here (D6).
    pub(super) fn note_wait(&self) {
        coop::note_wait(Reason::Select, 0, self.location);
    }

    /// Polls the race. `future` polls the future arm with the index given.
    ///
    /// # Panics
    /// If it is polled after it had ended, with more than 2^29 arms, or with an arm of another race.
    pub fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        arms: &mut [ArmRef<'_>],
        future: &mut PollFuture<'_>,
    ) -> Poll<Chosen> {
        self.as_ref().run(cx, &*arms, future)
    }

    pub(super) fn run<A: Arms + ?Sized>(
        self: Pin<&Self>,
        cx: &mut Context<'_>,
        arms: &A,
        future: &mut PollFuture<'_>,
    ) -> Poll<Chosen> {
        assert!(arms.len() <= MAX_ARMS, "a select has at most {MAX_ARMS} arms");
        match self.contest.word.view() {
            View::Idle => self.start(cx, arms, future),
            _ => self.resume(cx, arms, future),
        }
    }

    fn start<A: Arms + ?Sized>(&self, cx: &mut Context<'_>, arms: &A, future: &mut PollFuture<'_>) -> Poll<Chosen> {
        ready!(Once::consume_in(&self.once, cx));
        // A select without channel arms comes here at each poll.
        self.once.set(Once::FREE);
        match self.first_pass(cx, arms, future) {
            // Nothing is linked yet.
            Pass::Won(index) => Poll::Ready(Chosen::Arm(index)),
            Pass::NoneReady { channels, .. } if self.has_default => {
                // (3)
                if channels > 1
                    && let Settled::Won(index) = self.settle(arms, false)
                {
                    return Poll::Ready(self.finish(arms, index));
                }
                Poll::Ready(Chosen::Default)
            }
            Pass::NoneReady { channels: 0, futures } => self.without_channels(futures),
            Pass::NoneReady { futures, .. } => {
                let waker = self.contest.replace_waker(Some(coop::register(cx.waker())));
                drop(waker);
                self.link(arms, futures)
            }
        }
    }

    /// Lets peers find the arms, one by one, each unless it is ready by now (2); `futures` future arms are pending.
    #[inline(never)]
    fn link<A: Arms + ?Sized>(&self, arms: &A, futures: usize) -> Poll<Chosen> {
        arms.furnish();
        self.contest.word.begin();
        let count = arms.len();
        // The number of arms is bounded by `MAX_ARMS`.
        let first = if self.biased { 0 } else { rng::below(count as u32) as usize };
        let mut linked = false;
        for index in (first..count).chain(0..first) {
            let ArmRef::Channel(port) = arms.get(index) else { continue };
            if port.is_out() {
                continue;
            }
            let mut wakes = Wakes::new();
            match port.attempt_or_link(&self.contest, index as u32, &mut wakes) {
                Attempt::NotReady => {
                    wakes.unused();
                    linked = true;
                }
                Attempt::Out => {}
                Attempt::Won => {
                    let chosen = self.finish(arms, index);
                    wakes.wake_all();
                    return Poll::Ready(chosen);
                }
            }
        }
        if !linked {
            self.contest.word.reset();
            return self.without_channels(futures);
        }
        match self.contest.word.end_poll() {
            EndPoll::Waiting => self.parked(),
            EndPoll::Missed => self.wait(arms, futures),
        }
    }

    /// Tries the arms that look ready, one by one.
    fn first_pass<A: Arms + ?Sized>(&self, cx: &mut Context<'_>, arms: &A, future: &mut PollFuture<'_>) -> Pass {
        let count = arms.len();
        let mut probed = usize::MAX;
        let mut probed_out = false;
        if !self.biased && count > 1 {
            // The number of arms is bounded by `MAX_ARMS`.
            let probe = rng::below(count as u32) as usize;
            let attempt = match arms.get(probe) {
                ArmRef::Channel(port) if port.may() => Some(self.attempt(port)),
                ArmRef::Future => Some(attempt_of(coop::lend(|| future(probe, cx)))),
                _ => None,
            };
            match attempt {
                Some(Attempt::Won) => return Pass::Won(probe),
                Some(attempt) => (probed, probed_out) = (probe, attempt == Attempt::Out),
                None => {}
            }
        }
        let (mut channels, mut futures) = (0, 0);
        let mut order = Order::new();
        for index in 0..count {
            let promising = match arms.get(index) {
                ArmRef::Off => continue,
                ArmRef::Channel(port) if port.is_out() => continue,
                ArmRef::Channel(port) => {
                    channels += 1;
                    port.may()
                }
                ArmRef::Future if index == probed && probed_out => continue,
                ArmRef::Future => {
                    futures += 1;
                    true
                }
            };
            if promising && index != probed {
                order.push(index);
            }
        }
        while let Some(index) = order.next(self.biased) {
            let (attempt, left) = match arms.get(index) {
                ArmRef::Off => continue,
                ArmRef::Channel(port) => (self.attempt(port), &mut channels),
                ArmRef::Future => (attempt_of(coop::lend(|| future(index, cx))), &mut futures),
            };
            match attempt {
                Attempt::Won => return Pass::Won(index),
                Attempt::NotReady => {}
                Attempt::Out => *left -= 1,
            }
        }
        Pass::NoneReady { channels, futures }
    }

    #[inline]
    fn attempt(&self, port: Port<'_>) -> Attempt {
        let mut wakes = Wakes::new();
        let attempt = port.attempt(&self.contest, &mut wakes);
        wakes.wake_all();
        attempt
    }

    /// Tries every channel arm while all their channels are locked; if none is ready and `link`, lets peers find them.
    #[inline(never)]
    fn settle<A: Arms + ?Sized>(&self, arms: &A, link: bool) -> Settled {
        let mut wakes = Wakes::new();
        let mut order = Order::new();
        ports(arms).for_each(|(index, _)| order.push(index));
        let mut locks = Port::lock_all(ports(arms).map(|(_, port)| port));
        while let Some(index) = order.next(self.biased) {
            let ArmRef::Channel(port) = arms.get(index) else { continue };
            if port.attempt_in(&mut locks, &self.contest, &mut wakes) == Attempt::Won {
                drop(locks);
                wakes.wake_all();
                return Settled::Won(index);
            }
        }
        let mut settled = Settled::NoChannel;
        if link {
            for (index, port) in ports(arms) {
                // The number of arms is bounded by `MAX_ARMS`.
                port.link_in(&mut locks, &self.contest, index as u32);
                settled = Settled::Armed;
            }
            if let Settled::Armed = settled {
                self.contest.word.arm();
            }
        }
        drop(locks);
        settled
    }

    /// Looks under all locks and waits if nothing is ready (2); `futures` future arms are pending.
    #[cold]
    fn wait<A: Arms + ?Sized>(&self, arms: &A, futures: usize) -> Poll<Chosen> {
        match self.settle(arms, true) {
            Settled::Won(index) => Poll::Ready(self.finish(arms, index)),
            Settled::Armed => self.parked(),
            Settled::NoChannel => {
                leave_all(arms, None);
                self.contest.word.reset();
                self.without_channels(futures)
            }
        }
    }

    fn without_channels(&self, futures: usize) -> Poll<Chosen> {
        if futures == 0 { Poll::Ready(Chosen::Else) } else { self.parked() }
    }

    fn parked(&self) -> Poll<Chosen> {
        self.note_wait();
        Poll::Pending
    }

    #[inline(never)]
    fn resume<A: Arms + ?Sized>(&self, cx: &mut Context<'_>, arms: &A, future: &mut PollFuture<'_>) -> Poll<Chosen> {
        // Another look under all locks is due: an arm has left the race by a peer's doing.
        let mut look_again = false;
        loop {
            match self.contest.word.view() {
                View::Done(index) => match arms.get(index) {
                    ArmRef::Channel(port) if port.result() == Attempt::Won => {
                        leave_all(arms, Some(&self.contest));
                        return Poll::Ready(Chosen::Arm(index));
                    }
                    _ => {
                        look_again = true;
                        break;
                    }
                },
                View::Claimed(index) => {
                    if let ArmRef::Channel(port) = arms.get(index) {
                        port.await_peer();
                    }
                }
                View::Waiting if self.contest.word.begin_poll() => break,
                View::Waiting => {}
                // A future has panicked in an earlier poll.
                View::Polling => break,
                View::Idle | View::Cancelled => panic!("a select was polled after it had completed"),
            }
        }
        let goes_on_elsewhere = !self.contest.wakes_same(cx);
        if goes_on_elsewhere {
            let waker = self.contest.replace_waker(Some(coop::register(cx.waker())));
            drop(waker);
        }
        if goes_on_elsewhere || coop::is_asked() {
            ports(arms).for_each(|(_, port)| port.note_wait());
        }
        let mut futures = 0;
        let mut order = Order::new();
        (0..arms.len()).filter(|&index| matches!(arms.get(index), ArmRef::Future)).for_each(|index| order.push(index));
        while let Some(index) = order.next(self.biased) {
            match future(index, cx) {
                Verdict::Ready => return Poll::Ready(self.finish(arms, index)),
                Verdict::Pending => futures += 1,
                Verdict::Out => {}
            }
        }
        if look_again || self.contest.word.end_poll() == EndPoll::Missed {
            return self.wait(arms, futures);
        }
        self.parked()
    }

    /// Ends the race: its arms leave their queues (4).
    fn finish<A: Arms + ?Sized>(&self, arms: &A, index: usize) -> Chosen {
        let _ = self.contest.word.cancel();
        leave_all(arms, None);
        Chosen::Arm(index)
    }
}

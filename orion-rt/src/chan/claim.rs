//! The state word of a select: who may complete it, and when.
//!
//! ```text
//!                         try_claim (peer)          finish (peer)
//!                   WAITING ---------------> CLAIMED(i) ----------> DONE(i)
//!                    |  ^ ^                                            |
//!         begin_poll |  | | end_poll                                   | rearm: the arm left the race
//!          begin     v  | |                                            v
//!   IDLE ---------> POLLING ---- try_claim (peer) ---> MISSED       (arm again)
//!                    |                                  | \__ rearm: after another look under all locks
//!                    v                                  v
//!                CANCELLED <----------------------------+       (cancel, also from WAITING)
//! ```
//!
//! Purpose: all transitions of the word, and nothing else, so that they can be read and modelled on one page. The word
//! lives in the select's `Contest`; its arms' waiters are linked in the channels' queues and point to it.
//!
//! Invariants
//! 1. Only a peer that holds the lock of arm *i*'s channel, where it found the arm linked, calls `try_claim(i)`.
//! 2. Between CLAIMED(i) and DONE(i) the select belongs to that peer; every other transition is its owner's.
//! 3. A peer that finds POLLING does not wait: it leaves a mark (MISSED), and the owner looks at all arms again under
//!    all locks before it waits again. So a pairing that was passed over is made by whoever looks last.
//! 4. IDLE, CLAIMED, DONE and CANCELLED are dead for peers: a linked waiter of such a select may be unlinked.
//!
//! Rejected: polling future arms while WAITING (a future could complete while a peer completes a channel arm, and one of
//! the two communications would have to be undone, L1).

use crate::sys::atomic::{AtomicU32, Ordering};

const TAG: u32 = 0b111;
const ARM_SHIFT: u32 = 3;

const IDLE: u32 = 0;
const WAITING: u32 = 1;
const POLLING: u32 = 2;
const MISSED: u32 = 3;
const CLAIMED: u32 = 4;
const DONE: u32 = 5;
const CANCELLED: u32 = 6;

/// Most arms a select can have: what is left of the word beside the tag.
pub(crate) const MAX_ARMS: usize = (u32::MAX >> ARM_SHIFT) as usize;

/// What became of a peer's attempt to complete a select.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The select is this peer's to complete.
    Won,
    /// Its owner is polling futures or linking its arms: it has been told to look again.
    Busy,
    /// It is complete or gone.
    Dead,
}

/// What the owner sees.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// Not registered.
    Idle,
    /// Registered, nothing has happened.
    Waiting,
    /// Registered, and the owner is looking at it.
    Polling,
    /// A peer is completing this arm.
    Claimed(usize),
    /// A peer has completed this arm.
    Done(usize),
    /// The owner has given up.
    Cancelled,
}

/// How a poll of the futures ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndPoll {
    /// The select waits again.
    Waiting,
    /// A peer was passed over: look at the channels again.
    Missed,
}

#[derive(Debug)]
pub(crate) struct ClaimWord(AtomicU32);

impl ClaimWord {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(IDLE))
    }

    /// Owner: what has happened. `Done` makes all that the peer has written visible.
    pub(crate) fn view(&self) -> View {
        let word = self.0.load(Ordering::Acquire);
        match word & TAG {
            IDLE => View::Idle,
            WAITING => View::Waiting,
            POLLING | MISSED => View::Polling,
            CLAIMED => View::Claimed((word >> ARM_SHIFT) as usize),
            DONE => View::Done((word >> ARM_SHIFT) as usize),
            _ => View::Cancelled,
        }
    }

    /// Owner, with nothing linked: it is about to link its arms one by one, and peers that find them leave a mark (3).
    pub(crate) fn begin(&self) {
        // Relaxed: peers read it under the locks under which the arms are linked.
        self.0.store(POLLING, Ordering::Relaxed);
    }

    /// Owner, with the locks of all channels it is linked in: lets peers complete it from now on. From POLLING, MISSED or
    /// DONE after another look.
    pub(crate) fn arm(&self) {
        self.0.store(WAITING, Ordering::Release);
    }

    /// Owner, with no arm linked any more: as it was made.
    pub(crate) fn reset(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    /// Peer, with the lock of arm `arm`'s channel (1): takes the right to complete the select.
    pub(crate) fn try_claim(&self, arm: u32) -> Claim {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let (next, claim) = match word & TAG {
                WAITING => (arm << ARM_SHIFT | CLAIMED, Claim::Won),
                POLLING => (MISSED, Claim::Busy),
                MISSED => return Claim::Busy,
                _ => return Claim::Dead,
            };
            match self.0.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return claim,
                Err(now) => word = now,
            }
        }
    }

    /// Peer, after `Won`: publishes that the value has moved. The last touch of the select and of its waiters.
    pub(crate) fn finish(&self, arm: u32) {
        self.0.store(arm << ARM_SHIFT | DONE, Ordering::Release);
    }

    /// Owner: keeps peers away while futures are polled or the waker is replaced. `false`: a peer was faster.
    #[must_use]
    pub(crate) fn begin_poll(&self) -> bool {
        self.0.compare_exchange(WAITING, POLLING, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Owner, after `begin` or `begin_poll`: waits, or waits again, unless a peer was passed over meanwhile (3).
    pub(crate) fn end_poll(&self) -> EndPoll {
        match self.0.compare_exchange(POLLING, WAITING, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => EndPoll::Waiting,
            Err(_) => EndPoll::Missed,
        }
    }

    /// Owner: ends the select unless a peer has claimed it; gives what it found.
    pub(crate) fn cancel(&self) -> View {
        let mut word = self.0.load(Ordering::Acquire);
        while matches!(word & TAG, WAITING | POLLING | MISSED) {
            match self.0.compare_exchange(word, CANCELLED, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return View::Cancelled,
                Err(now) => word = now,
            }
        }
        self.view()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    // L1: exactly one peer wins; a peer that comes while futures are polled is remembered.
    #[test]
    fn one_peer_wins_and_a_passed_over_one_is_remembered() {
        let word = ClaimWord::new();
        assert_eq!(word.try_claim(0), Claim::Dead);
        word.arm();
        assert!(word.begin_poll());
        assert!(!word.begin_poll());
        assert_eq!(word.try_claim(3), Claim::Busy);
        assert_eq!(word.try_claim(4), Claim::Busy);
        assert_eq!(word.end_poll(), EndPoll::Missed);
        word.arm();
        assert!(word.begin_poll());
        assert_eq!(word.end_poll(), EndPoll::Waiting);
        assert_eq!(word.try_claim(5), Claim::Won);
        assert_eq!(word.try_claim(6), Claim::Dead);
        assert_eq!(word.cancel(), View::Claimed(5));
        word.finish(5);
        assert_eq!(word.view(), View::Done(5));
        assert!(!word.begin_poll());
    }

    #[test]
    fn a_cancelled_select_cannot_be_claimed() {
        let word = ClaimWord::new();
        word.arm();
        assert_eq!(word.cancel(), View::Cancelled);
        assert_eq!(word.try_claim(0), Claim::Dead);
    }
}

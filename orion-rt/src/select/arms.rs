//! What a race knows of its arms: their kinds in one poll, their verdicts, and how it can end.
//!
//! Invariant: a list of arms says the same of an index during one poll, but for what the race itself does to the arm.

#![forbid(unsafe_code)]

use crate::chan::arm::{Attempt, Port};
use crate::chan::waiter::Contest;

/// What a race sees of one arm during one poll.
#[derive(Clone, Copy, Debug)]
pub enum ArmRef<'p> {
    /// Disabled, or out of the race.
    Off,
    /// A future, polled through the callback.
    Future,
    /// A channel operation.
    Channel(Port<'p>),
}

/// What polling a future arm gave.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not ready; it has arranged its wake-up.
    Pending,
    /// Ready: the arm has won.
    Ready,
    /// Its output did not match the pattern: the arm is out, and is `Off` from now on.
    Out,
}

/// How a race ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// This arm; `finish` it if it is a channel's.
    Arm(usize),
    /// No arm was ready, and there is a `default`.
    Default,
    /// No arm is left that could ever be ready.
    Else,
}

/// The arms of a race, as they are in one poll.
pub(super) trait Arms {
    fn len(&self) -> usize;
    fn get(&self, index: usize) -> ArmRef<'_>;

    /// The race is about to link them.
    #[inline]
    fn furnish(&self) {}
}

impl Arms for [ArmRef<'_>] {
    #[inline]
    fn len(&self) -> usize {
        <[_]>::len(self)
    }

    #[inline]
    fn get(&self, index: usize) -> ArmRef<'_> {
        self[index]
    }
}

/// The channel arms in the race, with their indices.
pub(super) fn ports<A: Arms + ?Sized>(arms: &A) -> impl Iterator<Item = (usize, Port<'_>)> + Clone {
    (0..arms.len()).filter_map(|index| match arms.get(index) {
        ArmRef::Channel(port) if !port.is_out() => Some((index, port)),
        _ => None,
    })
}

/// What the verdict of a future arm says to the race.
pub(super) fn attempt_of(verdict: Verdict) -> Attempt {
    match verdict {
        Verdict::Pending => Attempt::NotReady,
        Verdict::Ready => Attempt::Won,
        Verdict::Out => Attempt::Out,
    }
}

/// Takes the arms out of their queues. `done`: the contest, if a peer has completed one of them.
#[inline]
pub(super) fn leave_all<A: Arms + ?Sized>(arms: &A, done: Option<&Contest>) {
    for index in 0..arms.len() {
        if let ArmRef::Channel(port) = arms.get(index) {
            port.leave(done);
        }
    }
}

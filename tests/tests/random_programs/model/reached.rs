//! Whether the programs come to the more remote corners.

use std::ops::AddAssign;

use crate::chans::Chans;
use crate::trace::Outcome;

/// How often they were reached.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reached {
    pub(crate) returns: u64,
    pub(crate) torn: u64,
    pub(crate) refused: u64,
    pub(crate) choices: u64,
    pub(crate) spent_budgets: u64,
    /// Looks at oneself that said "cancelled".
    pub(crate) shielded: u64,
    pub(crate) panicked: u64,
    /// Times that were up.
    pub(crate) elapsed: u64,
    /// Scopes cancelled by `cancel_after`.
    pub(crate) late: u64,
    /// Errors that ended a group.
    pub(crate) fallen: u64,
    /// Joins in the order of completion that differs from that of the spawns.
    pub(crate) overtaken: u64,
    /// Background tasks told to stop by the end of the others.
    pub(crate) background: u64,
    /// Groups that waited for what a dropped group had left behind.
    pub(crate) outlived: u64,
    /// Parts of a local group that ended before they had returned.
    pub(crate) parts: u64,
    /// Task-local values that were inherited by a task or child.
    pub(crate) inherited: u64,
    /// Channels closed by the last half of a side.
    pub(crate) last_senders: u64,
    pub(crate) last_receivers: u64,
    /// Values left to the receivers by the last sending half.
    pub(crate) left: u64,
    /// Values dropped with the last receiving half.
    pub(crate) abandoned: u64,
    /// Values that came back from a receiver when there was no receiving half any more.
    pub(crate) orphans: u64,
    /// Values dropped in a channel of the root at its end.
    pub(crate) drained: u64,
}

impl Reached {
    fn counts(&mut self) -> [&mut u64; 21] {
        let Self { returns, torn, refused, choices, spent_budgets, shielded, panicked, .. } = self;
        let Self { elapsed, late, fallen, overtaken, background, outlived, parts, inherited, .. } = self;
        let Self { last_senders, last_receivers, left, abandoned, orphans, drained, .. } = self;
        [
            returns,
            torn,
            refused,
            choices,
            spent_budgets,
            shielded,
            panicked,
            elapsed,
            late,
            fallen,
            overtaken,
            background,
            outlived,
            parts,
            inherited,
            last_senders,
            last_receivers,
            left,
            abandoned,
            orphans,
            drained,
        ]
    }

    /// Whether none was missed.
    pub(crate) fn all(mut self) -> bool {
        self.counts().iter().all(|count| **count > 0)
    }

    /// Takes what the channels have counted.
    pub(super) fn take_from(&mut self, chans: &Chans) {
        self.returns = chans.returns;
        self.orphans = chans.orphans;
        self.last_senders = chans.last_senders;
        self.last_receivers = chans.last_receivers;
        self.left = chans.left;
        self.abandoned = chans.abandoned;
        self.drained = chans.drained;
    }

    pub(super) fn see(&mut self, outcome: Outcome) {
        self.elapsed += u64::from(outcome == Outcome::Elapsed);
    }
}

impl AddAssign for Reached {
    fn add_assign(&mut self, mut other: Self) {
        for (count, more) in self.counts().into_iter().zip(other.counts()) {
            *count += *more;
        }
    }
}

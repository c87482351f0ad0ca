//! The locks of all channels of a select, taken in the order of the channels' identities.
//!
//! Invariants
//! 1. Nobody who holds one channel lock waits for another, except here, where they are taken in ascending order, each
//!    channel once: so there is no deadlock. A closure of `inspect_with` could, and is told not to.
//! 2. Up to [`FEW`] channels nothing is allocated (L8).
//!
//! Rejected: the order of addresses (the same on every run only by luck, which a model checker does not accept).

use super::core::{Core, Locked};
use std::ptr;

/// How many channels are locked without allocating.
const FEW: usize = 8;

pub(crate) struct LockSet<'p> {
    few: [Option<Locked<'p>>; FEW],
    many: Vec<Locked<'p>>,
}

impl<'p> LockSet<'p> {
    /// Locks every channel of `cores`, which may repeat themselves.
    pub(super) fn lock(mut cores: impl Iterator<Item = &'p Core>) -> Self {
        let mut sorted: [Option<&'p Core>; FEW] = [None; FEW];
        let mut used = 0;
        while let Some(core) = cores.next() {
            let at = sorted[..used].partition_point(|other| other.is_some_and(|other| other.id < core.id));
            if at < used && sorted[at].is_some_and(|other| ptr::eq(other, core)) {
                continue;
            }
            if used == FEW {
                return Self::lock_many(sorted.into_iter().flatten().chain([core]).chain(cores).collect());
            }
            sorted[at..=used].rotate_right(1);
            sorted[at] = Some(core);
            used += 1;
        }
        Self { few: sorted.map(|core| core.map(Core::lock)), many: Vec::new() }
    }

    #[cold]
    fn lock_many(mut cores: Vec<&'p Core>) -> Self {
        cores.sort_unstable_by_key(|core| core.id);
        cores.dedup_by_key(|core| core.id);
        Self { few: [const { None }; FEW], many: cores.into_iter().map(Core::lock).collect() }
    }

    /// The locked state of `core`, which is one of the channels locked.
    pub(super) fn get(&mut self, core: &Core) -> &mut Locked<'p> {
        let found = if self.many.is_empty() {
            self.few.iter_mut().flatten().find(|locked| ptr::eq(locked.core(), core))
        } else {
            let at = self.many.binary_search_by_key(&core.id, |locked| locked.core().id);
            at.ok().map(|at| &mut self.many[at])
        };
        found.expect("every channel of the select has been locked")
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::Chan;

    // (1): in ascending order, each once, whatever the order of the arms; on the stack and beyond.
    #[test]
    fn locks_are_taken_in_order_and_once() {
        for n in [1, 2, 7, 8, 9, 30] {
            let chans: Vec<Chan<u8>> = (0..n).map(|_| Chan::new(0)).collect();
            let cores = chans.iter().rev().chain(&chans).map(|chan| chan.as_ref().core());
            let mut locks = LockSet::lock(cores);
            let locked = locks.few.iter().flatten().chain(&locks.many).map(|locked| locked.core().id);
            assert!(locked.eq(chans.iter().map(|chan| chan.as_ref().core().id)), "{n} channels");
            for chan in &chans {
                assert_eq!(locks.get(chan.as_ref().core()).core().id, chan.as_ref().core().id);
            }
        }
    }
}

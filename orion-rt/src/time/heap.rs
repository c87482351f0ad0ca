//! A four-ary heap of deadlines whose items know their place, so that any of them can be removed in O(log n) (T2). Items of
//! the same moment come out in the order they went in.
//!
//! Four children per node: half the depth of a binary heap, and the children of a node share a cache line.
//!
//! Rejected: a hashed wheel (rounds deadlines to ticks, and an idle runtime would need to find its next one by search).

use std::time::Duration;

const ARITY: usize = 4;

/// A moment, and behind it the number of the insertion: two words, as an `Instant` has. The number wraps after 2^32
/// insertions; only the order of items of one moment from both sides of that is not theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    seconds: u64,
    nanos_and_number: u64,
}

impl Key {
    fn new(at: Duration, number: u32) -> Self {
        Self { seconds: at.as_secs(), nanos_and_number: u64::from(at.subsec_nanos()) << 32 | u64::from(number) }
    }

    fn at(self) -> Duration {
        Duration::new(self.seconds, (self.nanos_and_number >> 32) as u32)
    }
}

/// An item that is told where it stands.
pub(super) trait Item: Copy {
    /// The item now stands at `place`.
    fn moved(self, place: usize);
}

/// See the module.
#[derive(Debug)]
pub(super) struct Heap<I> {
    items: Vec<(Key, I)>,
    insertions: u32,
}

impl<I: Item> Heap<I> {
    pub(super) const fn new() -> Self {
        Self { items: Vec::new(), insertions: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The earliest deadline and its item.
    pub(super) fn first(&self) -> Option<(Duration, I)> {
        self.items.first().map(|&(key, item)| (key.at(), item))
    }

    /// Puts `item` in, to come out at `deadline`, counted from a moment that is the same for all items.
    pub(super) fn push(&mut self, deadline: Duration, item: I) {
        self.items.push((Key::new(deadline, self.insertions), item));
        self.insertions = self.insertions.wrapping_add(1);
        self.rise(self.items.len() - 1);
    }

    /// Takes out the item at `place`.
    pub(super) fn remove(&mut self, place: usize) -> I {
        let (_, item) = self.items.swap_remove(place);
        if place < self.items.len() {
            let settled = self.rise(place);
            self.sink(settled);
        }
        item
    }

    fn rise(&mut self, mut place: usize) -> usize {
        let moving = self.items[place];
        while place > 0 {
            let parent = (place - 1) / ARITY;
            if self.items[parent].0 <= moving.0 {
                break;
            }
            self.put(place, self.items[parent]);
            place = parent;
        }
        self.put(place, moving);
        place
    }

    fn sink(&mut self, mut place: usize) {
        let moving = self.items[place];
        loop {
            let children = place * ARITY + 1..(place * ARITY + 1 + ARITY).min(self.items.len());
            let Some(least) = children.min_by_key(|&c| self.items[c].0) else { break };
            if moving.0 <= self.items[least].0 {
                break;
            }
            self.put(place, self.items[least]);
            place = least;
        }
        self.put(place, moving);
    }

    fn put(&mut self, place: usize, entry: (Key, I)) {
        self.items[place] = entry;
        entry.1.moved(place);
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::util::rng;
    use std::cell::Cell;

    #[derive(Clone, Copy)]
    struct Placed<'a>(&'a [Cell<usize>], usize);
    impl Item for Placed<'_> {
        fn moved(self, place: usize) {
            self.0[self.1].set(place);
        }
    }

    // T2: among a million items, each operation moves at most as many as the heap is deep.
    #[test]
    fn operations_are_logarithmic() {
        #[derive(Clone, Copy)]
        struct Counted<'a>(&'a [Cell<usize>], usize, &'a Cell<u32>);
        impl Item for Counted<'_> {
            fn moved(self, place: usize) {
                self.0[self.1].set(place);
                self.2.set(self.2.get() + 1);
            }
        }
        rng::reseed(5);
        let n = 1_000_000;
        let places: Vec<Cell<usize>> = (0..n).map(|_| Cell::new(usize::MAX)).collect();
        let (moves, mut heap) = (Cell::new(0), Heap::new());
        let mut most = 0;
        for i in 0..n {
            heap.push(Duration::from_nanos(u64::from(rng::below(u32::MAX))), Counted(&places, i, &moves));
            most = most.max(moves.take());
        }
        for place in places.iter().step_by(10) {
            heap.remove(place.get());
            most = most.max(moves.take());
        }
        // Four to the tenth is more than a million; one more for the item itself, and one for where it first stands.
        assert!(most <= 12, "{most} moves");
    }

    // T2: whatever is inserted and removed, items come out in order and know their places.
    #[test]
    fn random_removals_keep_the_order() {
        rng::reseed(3);
        let places: Vec<Cell<usize>> = (0..2000).map(|_| Cell::new(usize::MAX)).collect();
        let mut heap = Heap::new();
        for i in 0..2000 {
            heap.push(Duration::from_nanos(u64::from(rng::below(500))), Placed(&places, i));
        }
        for i in (0..2000).step_by(3) {
            assert_eq!(heap.remove(places[i].get()).1, i);
        }
        let mut last = (Duration::ZERO, 0);
        while let Some((deadline, item)) = heap.first() {
            assert!(
                (deadline, item.1) >= last && places[item.1].get() == 0,
                "in order, and at one moment first in, first out"
            );
            last = (deadline, item.1);
            heap.remove(0);
        }
    }
}

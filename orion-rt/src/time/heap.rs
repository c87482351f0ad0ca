//! A four-ary heap of deadlines whose items know their place, so that any of them can be removed in O(log n) (T2).
//!
//! Four children per node: half the depth of a binary heap, and the children of a node share a cache line.
//!
//! Rejected: a hashed wheel (rounds deadlines to ticks, and an idle runtime would need to find its next one by search).

use std::time::Instant;

const ARITY: usize = 4;

/// An item that is told where it stands.
pub(super) trait Item: Copy {
    /// The item now stands at `place`.
    fn moved(self, place: usize);
}

/// See the module.
#[derive(Debug)]
pub(super) struct Heap<I> {
    items: Vec<(Instant, I)>,
}

impl<I: Item> Heap<I> {
    pub(super) const fn new() -> Self {
        Self { items: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The earliest deadline and its item.
    pub(super) fn first(&self) -> Option<(Instant, I)> {
        self.items.first().copied()
    }

    pub(super) fn push(&mut self, deadline: Instant, item: I) {
        self.items.push((deadline, item));
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

    fn put(&mut self, place: usize, entry: (Instant, I)) {
        self.items[place] = entry;
        entry.1.moved(place);
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::util::rng;
    use std::cell::Cell;
    use std::time::Duration;

    #[derive(Clone, Copy)]
    struct Placed<'a>(&'a [Cell<usize>], usize);
    impl Item for Placed<'_> {
        fn moved(self, place: usize) {
            self.0[self.1].set(place);
        }
    }

    // T2: whatever is inserted and removed, items come out in order and know their places.
    #[test]
    fn random_removals_keep_the_order() {
        rng::reseed(3);
        let start = Instant::now();
        let places: Vec<Cell<usize>> = (0..2000).map(|_| Cell::new(usize::MAX)).collect();
        let mut heap = Heap::new();
        for i in 0..2000 {
            heap.push(start + Duration::from_nanos(u64::from(rng::below(500))), Placed(&places, i));
        }
        for i in (0..2000).step_by(3) {
            assert_eq!(heap.remove(places[i].get()).1, i);
        }
        let mut last = start;
        while let Some((deadline, item)) = heap.first() {
            assert!(deadline >= last && places[item.1].get() == 0);
            last = deadline;
            heap.remove(0);
        }
    }
}

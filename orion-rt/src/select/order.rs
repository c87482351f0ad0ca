//! The order in which arms are tried: as written, or uniformly random (L3).
//!
//! The indices still to be tried are the bits of a word; beyond 64 arms, a list from which a random permutation is drawn one
//! index at a time (Fisher and Yates). So a select whose first choice is ready pays for one random number only.

#![forbid(unsafe_code)]

use crate::util::rng;

/// Indices still to be tried.
pub(super) struct Order {
    /// Those below 64.
    few: u64,
    /// All of them, if one is 64 or more.
    many: Vec<u32>,
    next: usize,
}

impl Order {
    #[inline]
    pub(super) fn new() -> Self {
        Self { few: 0, many: Vec::new(), next: 0 }
    }

    /// Adds an index, higher than those before; not after the first `next`.
    #[inline]
    pub(super) fn push(&mut self, index: usize) {
        if index < u64::BITS as usize {
            self.few |= 1 << index;
        } else {
            self.push_many(index);
        }
    }

    #[cold]
    fn push_many(&mut self, index: usize) {
        while self.few != 0 {
            self.many.push(self.few.trailing_zeros());
            self.few &= self.few - 1;
        }
        // A select has at most `MAX_ARMS` arms, which fits.
        self.many.push(index as u32);
    }

    /// The next index to try: in the order they were pushed, or any of them with the same probability.
    #[inline]
    pub(super) fn next(&mut self, in_order: bool) -> Option<usize> {
        if self.few == 0 {
            return if self.many.is_empty() { None } else { self.next_of_many(in_order) };
        }
        let mut left = self.few;
        if !in_order && !left.is_power_of_two() {
            for _ in 0..rng::below(left.count_ones()) {
                left &= left - 1;
            }
        }
        let index = left.trailing_zeros();
        self.few &= !(1 << index);
        Some(index as usize)
    }

    #[cold]
    fn next_of_many(&mut self, in_order: bool) -> Option<usize> {
        let left = self.many.len() - self.next;
        if left == 0 {
            return None;
        }
        let at = self.next;
        self.next += 1;
        if !in_order {
            // `left` counts indices of 32 bits.
            self.many.swap(at, at + rng::below(left as u32) as usize);
        }
        Some(self.many[at] as usize)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    // L3: every index once, in order or in some order, on the stack and beyond.
    #[test]
    fn each_index_comes_once() {
        for n in [0, 1, 2, 63, 64, 65, 200] {
            for in_order in [true, false] {
                let mut order = Order::new();
                (0..n).for_each(|i| order.push(i));
                let mut all: Vec<usize> = std::iter::from_fn(|| order.next(in_order)).collect();
                if !in_order {
                    all.sort_unstable();
                }
                assert!(all.into_iter().eq(0..n));
            }
        }
    }
}

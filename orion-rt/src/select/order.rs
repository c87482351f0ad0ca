//! The order in which arms are tried: as written, or uniformly random (L3).
//!
//! A random permutation is drawn one index at a time (Fisher and Yates), so that a select whose first choice is ready pays
//! for one random number only.

#![forbid(unsafe_code)]

use crate::util::rng;

/// How many arms need no allocation.
const FEW: usize = 64;

/// Indices still to be tried.
pub(super) struct Order {
    few: [u32; FEW],
    many: Vec<u32>,
    len: usize,
    next: usize,
}

impl Order {
    pub(super) fn new() -> Self {
        Self { few: [0; FEW], many: Vec::new(), len: 0, next: 0 }
    }

    /// Appends an index; before the first `next`.
    #[inline]
    pub(super) fn push(&mut self, index: usize) {
        // A select has at most `MAX_ARMS` arms, which fits.
        let index = index as u32;
        if self.len < FEW {
            self.few[self.len] = index;
        } else {
            if self.len == FEW {
                self.many.extend_from_slice(&self.few);
            }
            self.many.push(index);
        }
        self.len += 1;
    }

    /// The next index to try: in the order they were pushed, or any of them with the same probability.
    #[inline]
    pub(super) fn next(&mut self, in_order: bool) -> Option<usize> {
        let left = self.len - self.next;
        if left == 0 {
            return None;
        }
        let indices = if self.len <= FEW { &mut self.few[..self.len] } else { &mut self.many[..] };
        let at = self.next;
        self.next += 1;
        if !in_order && left > 1 {
            // `left` counts indices of 32 bits.
            indices.swap(at, at + rng::below(left as u32) as usize);
        }
        Some(indices[at] as usize)
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

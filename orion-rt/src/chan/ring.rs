//! The buffer: an erased ring that grows by doubling up to the channel's capacity.
//!
//! ```text
//!   base -> [ . . . v v v v . . ]      v: the `len` values from `head` on, wrapping at `slots`
//!                   ^head (counts on; taken modulo `slots`)
//! ```
//!
//! Memory follows the high-water mark, not the capacity (C8), and is kept until the channel ends, so that a channel in
//! steady state does not allocate (C11). The first values may be *returned* ones (X5), inserted in front by `insert`.
//!
//! Invariants
//! 1. `base` points to `slots` slots of the element's layout, owned by the ring, a power of two or none; for a zero-sized
//!    element it dangles, aligned, and `slots` is `usize::MAX`.
//! 2. Exactly the slots `head .. head + len` (modulo `slots`) hold values.
//! 3. Every call is made with the same size and alignment.
//!
//! Rejected: allocating `capacity` slots up front (a capacity of `usize::MAX` is legal); `VecDeque<T>` (the element is
//! not known at compile time when the channel belongs to the C ABI).

use super::elem::{Elem, Erased};
use std::alloc::{self, Layout};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::ptr::NonNull;

/// Slots of the first allocation.
const FIRST: usize = 4;

#[derive(Debug)]
pub(super) struct Ring {
    base: NonNull<u8>,
    slots: usize,
    head: usize,
    len: usize,
}

// SAFETY: a ring owns its slots; the handles of a channel are `Send` only if the element is.
unsafe impl Send for Ring {}

impl Ring {
    pub(super) fn new(elem: impl Elem) -> Self {
        let base = NonNull::new(ptr::without_provenance_mut(elem.align())).expect("an alignment is not zero");
        Self { base, slots: if elem.size() == 0 { usize::MAX } else { 0 }, head: 0, len: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether one more value needs more memory.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len == self.slots
    }

    /// The address of slot `index`, counted from the first value; `index <= slots`.
    #[inline]
    fn slot(&self, elem: impl Elem, index: usize) -> *mut u8 {
        let at = self.head.wrapping_add(index) & self.slots.wrapping_sub(1);
        // SAFETY: (1): `at` is below `slots`, or there are none, or the element is zero-sized, and nothing is added.
        unsafe { self.base.as_ptr().add(at * elem.size()) }
    }

    /// The address of value `index`.
    pub(super) fn value(&self, elem: impl Elem, index: usize) -> *const u8 {
        debug_assert!(index < self.len);
        self.slot(elem, index)
    }

    /// Makes room for one more value, without taking more slots than `limit` needs unless all are in use.
    ///
    /// # Panics
    /// If the slots would not fit in the address space.
    #[inline]
    pub(super) fn reserve(&mut self, elem: impl Elem, limit: usize) {
        if self.is_full() {
            self.grow(elem, limit);
        }
    }

    #[cold]
    fn grow(&mut self, elem: impl Elem, limit: usize) {
        let most = limit.max(self.slots + 1).checked_next_power_of_two().unwrap_or(usize::MAX);
        let slots = self.slots.saturating_mul(2).max(FIRST).min(most);
        let layout = Self::layout(elem, slots).expect("the channel's buffer would not fit in the address space");
        // SAFETY: the size is not zero: zero-sized elements never grow (1).
        let fresh = unsafe { alloc::alloc(layout) };
        let Some(fresh) = NonNull::new(fresh) else { alloc::handle_alloc_error(layout) };
        let first = self.len.min(self.slots - (self.head & self.slots.wrapping_sub(1)));
        // SAFETY: (2): `first` values lie from `head` to the end of the old slots; the new ones are more.
        unsafe { ptr::copy_nonoverlapping(self.slot(elem, 0), fresh.as_ptr(), first * elem.size()) };
        // SAFETY: `first <= len <= slots`, the new block's size.
        let rest = unsafe { fresh.as_ptr().add(first * elem.size()) };
        // SAFETY: (2): the other values lie at the start of the old slots.
        unsafe { ptr::copy_nonoverlapping(self.base.as_ptr(), rest, (self.len - first) * elem.size()) };
        self.free(elem);
        (self.base, self.slots, self.head) = (fresh, slots, 0);
    }

    fn layout(elem: impl Elem, slots: usize) -> Option<Layout> {
        Layout::from_size_align(elem.size().checked_mul(slots)?, elem.align()).ok()
    }

    /// Gives the slots back; the values in them are gone.
    fn free(&mut self, elem: impl Elem) {
        if elem.size() == 0 || self.slots == 0 {
            return;
        }
        let layout = Self::layout(elem, self.slots).expect("it was allocated with this layout");
        // SAFETY: (1): allocated by `grow` with the same layout.
        unsafe { alloc::dealloc(self.base.as_ptr(), layout) };
    }

    /// Appends the value at `from`. There is room: `reserve` was called.
    ///
    /// # Safety
    /// As `Elem::copy` for `from`.
    #[inline]
    pub(super) unsafe fn push(&mut self, elem: impl Elem, from: *const u8) {
        debug_assert!(self.len < self.slots);
        // SAFETY: (2): the slot behind the last value is free and exists.
        unsafe { elem.copy(from, self.slot(elem, self.len)) };
        self.len += 1;
    }

    /// Moves the first value to `to`. The ring is not empty.
    ///
    /// # Safety
    /// As `Elem::copy` for `to`.
    #[inline]
    pub(super) unsafe fn pop(&mut self, elem: impl Elem, to: *mut u8) {
        let from = self.take_front(elem);
        // SAFETY: (2): the slot held a value and no longer counts as one.
        unsafe { elem.copy(from, to) };
    }

    /// Stops counting the first value and gives its address, valid until the next change of the ring.
    #[inline]
    fn take_front(&mut self, elem: impl Elem) -> *mut u8 {
        debug_assert!(self.len > 0);
        let at = self.slot(elem, 0);
        self.head = self.head.wrapping_add(1);
        self.len -= 1;
        at
    }

    /// Inserts the value at `from` in front of value `index`. There is room: `reserve` was called.
    ///
    /// # Safety
    /// As `Elem::copy` for `from`.
    pub(super) unsafe fn insert(&mut self, elem: impl Elem, index: usize, from: *const u8) {
        debug_assert!(index <= self.len && self.len < self.slots);
        self.head = self.head.wrapping_sub(1);
        self.len += 1;
        for i in 0..index {
            if elem.size() > 0 {
                // SAFETY: (2): slot `i` is free, slot `i + 1` holds a value that moves there.
                unsafe { elem.copy(self.slot(elem, i + 1), self.slot(elem, i)) };
            }
        }
        // SAFETY: slot `index` is free: the values before it have moved one slot to the front.
        unsafe { elem.copy(from, self.slot(elem, index)) };
    }

    /// Takes all values and the memory, to be dropped after the lock has been released.
    pub(super) fn take(&mut self, elem: Erased) -> Discarded {
        Discarded { ring: std::mem::replace(self, Self::new(elem)), elem }
    }
}

/// Values whose time has come: drops them all, also when one of the destructors panics, and frees the ring.
pub(super) struct Discarded {
    ring: Ring,
    elem: Erased,
}

impl Discarded {
    /// Drops each value by itself and gives the panics of their destructors to `raise`, which does not panic.
    pub(super) fn drop_each(mut self, mut raise: impl FnMut(Box<dyn Any + Send>)) {
        while self.ring.len > 0 {
            let at = self.ring.take_front(self.elem);
            // SAFETY: (2): it was a value and no longer counts as one.
            let dropped = catch_unwind(AssertUnwindSafe(|| unsafe { self.elem.drop_in_place(at) }));
            if let Err(payload) = dropped {
                raise(payload);
            }
        }
    }
}

impl Drop for Discarded {
    fn drop(&mut self) {
        struct Rest<'a>(&'a mut Discarded);
        impl Drop for Rest<'_> {
            fn drop(&mut self) {
                drain(self.0);
                self.0.ring.free(self.0.elem);
            }
        }
        fn drain(discarded: &mut Discarded) {
            while discarded.ring.len > 0 {
                let at = discarded.ring.take_front(discarded.elem);
                // SAFETY: (2): it was a value and no longer counts as one.
                unsafe { discarded.elem.drop_in_place(at) };
            }
        }
        let rest = Rest(self);
        drain(rest.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::elem::Typed;
    use super::*;

    fn push(ring: &mut Ring, limit: usize, value: u32) {
        ring.reserve(Typed::<u32>::new(), limit);
        // SAFETY: a valid u32.
        unsafe { ring.push(Typed::<u32>::new(), (&raw const value).cast()) };
    }

    fn pop(ring: &mut Ring) -> u32 {
        let mut value = 0_u32;
        // SAFETY: a valid place for a u32.
        unsafe { ring.pop(Typed::<u32>::new(), (&raw mut value).cast()) };
        value
    }

    // C8: memory follows use; growth keeps the order when the values wrap around.
    #[test]
    fn wraps_grows_and_inserts_in_order() {
        let mut ring = Ring::new(Typed::<u32>::new());
        for round in 0..3 {
            for i in 0..4 {
                push(&mut ring, 7, round * 100 + i);
            }
            assert_eq!(pop(&mut ring), round * 100);
            for i in 4..8 {
                push(&mut ring, 7, round * 100 + i);
            }
            assert_eq!(ring.slots, 8);
            let value = 9_u32;
            ring.reserve(Typed::<u32>::new(), usize::MAX);
            // SAFETY: a valid u32.
            unsafe { ring.insert(Typed::<u32>::new(), 2, (&raw const value).cast()) };
            let all: Vec<u32> = (0..ring.len()).map(|_| pop(&mut ring)).collect();
            let fresh: Vec<u32> = [1, 2, 9, 3, 4, 5, 6, 7].map(|v| if v == 9 { 9 } else { round * 100 + v }).into();
            assert_eq!(all, fresh);
        }
        drop(ring.take(Typed::<u32>::erase()));
    }
}

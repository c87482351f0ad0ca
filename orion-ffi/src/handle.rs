//! Handles: numbers that C holds as pointers and that are looked up, never dereferenced.
//!
//! ```text
//!   handle:  [ magic | generation | index ]          slot[index]: { generation, references, value }
//!                         |            `--------------------^            ^
//!                         `------------- must be equal ------------------'
//!
//!   insert --> references 1 --retain/release--> 0: value out, generation + 1, slot free (or retired)
//! ```
//!
//! Invariants
//! 1. Slots are never moved or freed, so that looking up any number at all is safe.
//! 2. The generation of a slot grows each time its last reference goes, and a slot whose generation is used up is never
//!    used again: no two values ever have the same handle.
//! 3. The magic makes a handle an address no object can have (on 64-bit targets), so a foreign pointer is told apart.
//!
//! Rejected: a pointer to a reference-counted block with a magic word inside (reading it through a stale handle is already
//! the memory error that validation is to prevent); one lock around one vector (every operation of every channel meets there).
#![forbid(unsafe_code)]

use crate::sync::lock;
use std::ffi::c_void;
use std::sync::{Mutex, OnceLock};

const HALF: u32 = usize::BITS / 2;
const MAGIC_BITS: u32 = 8;
const MAGIC: usize = 0xC5 << (usize::BITS - MAGIC_BITS);
const LAST_GENERATION: usize = (1 << (HALF - MAGIC_BITS)) - 1;
const INDEX_MASK: usize = (1 << HALF) - 1;

/// The first chunk's size; each further one is twice as long as the one before.
const FIRST_CHUNK: usize = 64;
const CHUNKS: usize = (HALF - FIRST_CHUNK.trailing_zeros()) as usize;

/// A table of values of one kind.
pub(crate) struct Table<T> {
    chunks: [OnceLock<Box<[Slot<T>]>>; CHUNKS],
    free: Mutex<Free>,
}

struct Slot<T>(Mutex<SlotState<T>>);

struct SlotState<T> {
    generation: usize,
    references: usize,
    value: Option<T>,
}

struct Free {
    indices: Vec<usize>,
    /// The first index no handle has ever had.
    next: usize,
}

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNKS], free: Mutex::new(Free { indices: Vec::new(), next: 0 }) }
    }

    /// A new handle of `value`, with one reference.
    pub(crate) fn insert(&self, value: T) -> *mut c_void {
        let index = {
            let mut free = lock(&self.free);
            free.indices.pop().unwrap_or_else(|| {
                free.next += 1;
                free.next - 1
            })
        };
        let (chunk, offset) = place(index);
        let slots = self.chunks[chunk]
            .get_or_init(|| (0..FIRST_CHUNK << chunk).map(|_| Slot(Mutex::new(SlotState::VACANT))).collect());
        let mut slot = lock(&slots[offset].0);
        slot.references = 1;
        slot.value = Some(value);
        std::ptr::without_provenance_mut(MAGIC | slot.generation << HALF | index)
    }

    /// Looks at the value behind `handle`, if it has one.
    pub(crate) fn with<R>(&self, handle: *mut c_void, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.slot(handle, |slot, _| slot.value.as_ref().map(look)).flatten()
    }

    /// One reference more. `false`: no such handle.
    pub(crate) fn retain(&self, handle: *mut c_void) -> bool {
        self.slot(handle, |slot, _| slot.references += 1).is_some()
    }

    /// One reference less. `None`: no such handle; `Some(Some(..))`: it was the last, and here is the value.
    pub(crate) fn release(&self, handle: *mut c_void) -> Option<Option<T>> {
        self.slot(handle, |slot, index| {
            slot.references -= 1;
            if slot.references > 0 {
                return None;
            }
            slot.generation += 1;
            if slot.generation <= LAST_GENERATION {
                lock(&self.free).indices.push(index);
            }
            slot.value.take()
        })
    }

    /// Runs `f` on the locked slot of a valid handle.
    fn slot<R>(&self, handle: *mut c_void, f: impl FnOnce(&mut SlotState<T>, usize) -> R) -> Option<R> {
        let word = handle.addr();
        if word >> (usize::BITS - MAGIC_BITS) != MAGIC >> (usize::BITS - MAGIC_BITS) {
            return None;
        }
        let index = word & INDEX_MASK;
        let (chunk, offset) = place(index);
        let slot = self.chunks.get(chunk)?.get()?.get(offset)?;
        let mut slot = lock(&slot.0);
        (slot.value.is_some() && slot.generation == (word >> HALF) & LAST_GENERATION).then(|| f(&mut slot, index))
    }
}

impl<T> SlotState<T> {
    const VACANT: Self = Self { generation: 0, references: 0, value: None };
}

/// The chunk an index lies in, and where.
fn place(index: usize) -> (usize, usize) {
    let shifted = index + FIRST_CHUNK;
    let chunk = (shifted.ilog2() - FIRST_CHUNK.ilog2()) as usize;
    (chunk, shifted - (FIRST_CHUNK << chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_fill_the_chunks_without_gap() {
        assert_eq!(place(0), (0, 0));
        assert_eq!(place(63), (0, 63));
        assert_eq!(place(64), (1, 0));
        assert_eq!(place(191), (1, 127));
        assert_eq!(place(192), (2, 0));
        assert!(place(INDEX_MASK - FIRST_CHUNK).0 < CHUNKS);
    }

    #[test]
    fn a_stale_handle_is_told_from_the_new_one_of_the_same_slot() {
        let table = Table::new();
        let first = table.insert('a');
        assert_eq!(table.with(first, |v| *v), Some('a'));
        assert!(table.retain(first));
        assert_eq!(table.release(first), Some(None));
        assert_eq!(table.release(first), Some(Some('a')));
        let second = table.insert('b');
        assert_ne!(first, second);
        assert_eq!(table.with(first, |v| *v), None);
        assert_eq!(table.release(first), None);
        assert!(!table.retain(first));
        assert_eq!(table.with(second, |v| *v), Some('b'));
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_is_retired() {
        let table = Table::new();
        let first = table.insert(0);
        let index = first.addr() & INDEX_MASK;
        table.slot(first, |slot, _| slot.generation = LAST_GENERATION);
        let last = std::ptr::without_provenance_mut(MAGIC | LAST_GENERATION << HALF | index);
        assert_eq!(table.release(last), Some(Some(0)));
        assert_ne!(table.insert(1).addr() & INDEX_MASK, index);
    }

    #[test]
    fn arbitrary_numbers_are_no_handles() {
        let table = Table::new();
        let real = table.insert(7u8);
        let local = 0u64;
        let words = [
            0,
            1,
            usize::MAX,
            MAGIC,
            MAGIC | INDEX_MASK,
            real.addr() + 1,
            real.addr() ^ (1 << HALF),
            (&raw const local).addr(),
        ];
        for word in words.into_iter().filter(|word| *word != real.addr()) {
            assert_eq!(table.with(std::ptr::without_provenance_mut(word), |v| *v), None, "{word:#x}");
        }
    }
}

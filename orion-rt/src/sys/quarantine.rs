//! The allocator of model builds: memory that was freed is filled with a pattern and kept for a while, so that a use of it
//! is noticed: a lock or an atomic of the models panics over such contents, and a write is found when the memory is given back.
//!
//! Invariants
//! 1. A block in the ring is allocated, filled with `POISON`, and known to nobody else.
//!
//! Rejected: AddressSanitizer (needs a nightly compiler, and to be told of every switch between the models' stacks).

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;

const POISON: u8 = 0xdb;
/// How many blocks are kept.
const KEPT: usize = 1 << 14;
/// Larger blocks are given back at once.
const LARGEST: usize = 1 << 12;

#[global_allocator]
static ALLOCATOR: Quarantine = Quarantine { ring: Mutex::new(Ring { blocks: [None; KEPT], next: 0 }) };

struct Quarantine {
    ring: Mutex<Ring>,
}

struct Ring {
    blocks: [Option<(usize, Layout)>; KEPT],
    next: usize,
}

// SAFETY: `System` allocates; a block goes back to it once, with its layout (1).
unsafe impl GlobalAlloc for Quarantine {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() > LARGEST {
            // SAFETY: promised by the caller.
            return unsafe { System.dealloc(block, layout) };
        }
        // SAFETY: the caller gives the block up.
        unsafe { block.write_bytes(POISON, layout.size()) };
        let oldest = {
            let Ok(mut ring) = self.ring.lock() else { return };
            let place = ring.next;
            ring.next = (place + 1) % KEPT;
            ring.blocks[place].replace((block.expose_provenance(), layout))
        };
        if let Some((address, layout)) = oldest {
            let block = std::ptr::with_exposed_provenance_mut::<u8>(address);
            // SAFETY: (1): allocated and filled.
            let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
            if bytes.iter().any(|&byte| byte != POISON) {
                eprintln!("a block of {} bytes was written to after it had been freed", layout.size());
                std::process::abort();
            }
            // SAFETY: (1).
            unsafe { System.dealloc(block, layout) };
        }
    }
}

//! An allocator that counts: what each thread has allocated so far, and the blocks that are allocated now, by size. A test
//! program that looks at memory installs it, unless `--cfg leaks` does so already:
//!
//! ```
//! #[cfg(not(leaks))]
//! #[global_allocator]
//! static ALLOCATOR: orion_tests::alloc::Counting = orion_tests::alloc::Counting;
//!
//! let before = orion_tests::alloc::of_this_thread();
//! drop(Box::new(1));
//! assert_eq!(orion_tests::alloc::of_this_thread(), before + 1);
//! ```
//!
//! Invariant: a block is counted under the size it was asked for, from `alloc` to `dealloc`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, Ordering};

/// Blocks of this size and larger are counted together.
pub const LARGE: usize = 2048;

/// The system's allocator, with the counts.
#[derive(Debug)]
pub struct Counting;

#[cfg(leaks)]
#[global_allocator]
static ALLOCATOR: Counting = Counting;

static BLOCKS: [AtomicIsize; LARGE + 1] = [const { AtomicIsize::new(0) }; LARGE + 1];

thread_local! {
    static OF_THIS_THREAD: Cell<usize> = const { Cell::new(0) };
}

fn count(size: usize, change: isize) {
    BLOCKS[size.min(LARGE)].fetch_add(change, Ordering::Relaxed);
}

// SAFETY: every call is passed on to `System` unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // The thread may be at its end, when its counter is gone.
        let _ = OF_THIS_THREAD.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the caller keeps the contract of `dealloc`, and `alloc` gave `memory` from `System`.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// How often this thread has allocated.
pub fn of_this_thread() -> usize {
    OF_THIS_THREAD.get()
}

/// How many blocks of each size are allocated now.
pub fn blocks() -> [isize; LARGE + 1] {
    std::array::from_fn(|size| BLOCKS[size].load(Ordering::Relaxed))
}

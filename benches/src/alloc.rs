//! A counting allocator: wraps another one and, while switched on, counts live bytes, their peak and the calls.
//!
//! # Invariants
//!
//! 1. Switched off it costs one load of a word nobody writes, so it may sit under a timed workload.
//! 2. Counts are of requested bytes ([`Layout::size`]), the same for every allocator below.
//! 3. Blocks that were taken before counting began and are returned during it count as negative.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

static ON: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);
static CALLS: AtomicU64 = AtomicU64::new(0);

/// What was counted since [`start`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes requested and not yet returned.
    pub live: i64,
    /// The highest value `live` has had.
    pub peak: i64,
    /// Calls that asked for memory (a growing reallocation is one call).
    pub calls: u64,
}

/// Sets all counts to zero and starts to count, in all threads.
pub fn start() {
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    CALLS.store(0, Relaxed);
    ON.store(true, Relaxed);
}

/// The counts so far, without stopping.
#[must_use]
pub fn read() -> Counts {
    Counts { live: LIVE.load(Relaxed), peak: PEAK.load(Relaxed), calls: CALLS.load(Relaxed) }
}

/// Stops counting and returns the counts.
pub fn stop() -> Counts {
    ON.store(false, Relaxed);
    read()
}

/// A global allocator that passes every call on to `A`.
pub struct Counting<A>(pub A);

impl<A> Counting<A> {
    #[inline]
    fn note(grown: i64, calls: u64) {
        if ON.load(Relaxed) {
            let live = LIVE.fetch_add(grown, Relaxed) + grown;
            if grown > 0 {
                PEAK.fetch_max(live, Relaxed);
            }
            CALLS.fetch_add(calls, Relaxed);
        }
    }
}

#[expect(clippy::cast_possible_wrap, reason = "a layout's size is at most isize::MAX")]
fn size(layout: Layout) -> i64 {
    layout.size() as i64
}

// SAFETY: every method passes its arguments unchanged to `A`, which upholds the contract; the counting neither allocates
// nor unwinds.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note(size(layout), 1);
        // SAFETY: the caller's promise about `layout` is the one `A::alloc` asks for.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note(size(layout), 1);
        // SAFETY: as in `alloc`.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::note(-size(layout), 0);
        // SAFETY: `block` came from `A` through this wrapper, with this `layout`, as the caller promises.
        unsafe { self.0.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let grown = i64::try_from(new_size).unwrap_or(i64::MAX) - size(layout);
        Self::note(grown, u64::from(grown > 0));
        // SAFETY: as in `dealloc`; the caller promises that `new_size` is valid for `layout.align()`.
        unsafe { self.0.realloc(block, layout, new_size) }
    }
}

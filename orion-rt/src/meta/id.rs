//! Identities: one process-wide sequence, handed to threads in blocks so that a spawn costs no atomic operation.

use std::cell::Cell;
use std::fmt;

use crate::sys::plain::{AtomicU64, Ordering};
use crate::sys::thread_local;

/// How many identities a thread takes at once.
const BLOCK: u64 = 1024;

/// Plain: which thread gets which block means nothing.
static NEXT_BLOCK: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static RANGE: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// An identity no other task or channel of this process has.
#[inline]
pub(crate) fn fresh() -> u64 {
    let (next, end) = RANGE.get();
    if next < end {
        RANGE.set((next + 1, end));
        return next;
    }
    let first = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed);
    RANGE.set((first + 1, first + BLOCK));
    first
}

/// The identity of a task, unique within the process.
///
/// Identities say nothing about order: each thread draws from a block of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub(crate) u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn identities_are_unique_across_threads() {
        let draw = || (0..3000).map(|_| fresh()).collect::<Vec<_>>();
        let all: Vec<u64> = std::thread::scope(|s| {
            let threads: Vec<_> = (0..4).map(|_| s.spawn(draw)).collect();
            threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }
}

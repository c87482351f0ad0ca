//! How far apart two cores are: the round trip of a cache line between two threads.
//!
//! Virtual processors are sometimes on one core, sometimes on two sockets, and may move; a two-worker figure means
//! little without this number beside it.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

const TRIPS: u32 = 2_000;
const BATCHES: usize = 5;

/// A batch that takes longer met a machine too busy to run both threads at once.
const LIMIT: Duration = Duration::from_millis(4);

/// The best of a few batches, in nanoseconds: a batch in which a thread was preempted says nothing about the line.
/// `None` when the machine was too busy for all of them.
pub(crate) fn line_round_trip() -> Option<f64> {
    (0..BATCHES).filter_map(|_| batch()).min_by(f64::total_cmp)
}

fn batch() -> Option<f64> {
    let line = AtomicU32::new(0);
    let deadline = Instant::now() + LIMIT;
    thread::scope(|threads| {
        threads.spawn(|| {
            for trip in 0..=TRIPS {
                if !wait_for(&line, 2 * trip + 1, deadline) {
                    return;
                }
                line.store(2 * trip + 2, SeqCst);
            }
        });
        // The first trip waits for the thread to start.
        line.store(1, SeqCst);
        wait_for(&line, 2, deadline).then_some(())?;
        let start = Instant::now();
        for trip in 1..=TRIPS {
            line.store(2 * trip + 1, SeqCst);
            wait_for(&line, 2 * trip + 2, deadline).then_some(())?;
        }
        Some(start.elapsed().as_secs_f64() * 1e9 / f64::from(TRIPS))
    })
}

/// Spins; false when the deadline passes first.
fn wait_for(line: &AtomicU32, value: u32, deadline: Instant) -> bool {
    let mut spins = 0_u32;
    while line.load(SeqCst) != value {
        spins += 1;
        if spins.is_multiple_of(1 << 10) && Instant::now() > deadline {
            return false;
        }
        spin_loop();
    }
    true
}

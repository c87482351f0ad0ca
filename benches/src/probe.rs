//! How far apart two cores are: the round trip of a cache line between two threads.
//!
//! Virtual processors are sometimes on one core, sometimes on two sockets, and may move; a two-worker figure means
//! little without this number beside it.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Instant;

const TRIPS: u32 = 2_000;
const BATCHES: usize = 7;

/// The best of a few batches, in nanoseconds: a batch in which a thread was preempted says nothing about the line.
pub(crate) fn line_round_trip() -> f64 {
    (0..BATCHES).map(|_| batch()).fold(f64::INFINITY, f64::min)
}

fn batch() -> f64 {
    let line = AtomicU32::new(0);
    thread::scope(|threads| {
        threads.spawn(|| {
            for trip in 0..=TRIPS {
                wait_for(&line, 2 * trip + 1);
                line.store(2 * trip + 2, SeqCst);
            }
        });
        // The first trip waits for the thread to start.
        line.store(1, SeqCst);
        wait_for(&line, 2);
        let start = Instant::now();
        for trip in 1..=TRIPS {
            line.store(2 * trip + 1, SeqCst);
            wait_for(&line, 2 * trip + 2);
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(TRIPS)
    })
}

/// Spins, and gives the core away now and then in case both threads share it.
fn wait_for(line: &AtomicU32, value: u32) {
    let mut spins = 0_u32;
    while line.load(SeqCst) != value {
        spins += 1;
        if spins.is_multiple_of(1 << 14) {
            thread::yield_now();
        } else {
            spin_loop();
        }
    }
}

//! The workloads, one file each, written once over the traits of [`crate::capability`].
//!
//! Each run warms up with a tenth of its work, then times the rest from inside a task, and returns a checksum that
//! [`crate::rows::Row::expected`] knows.

pub mod memory;
pub mod ping_pong;
pub mod select;
pub mod sieve;
pub mod skynet;
pub mod spawn_join;
pub mod spawn_many;
pub mod throughput;
pub mod yields;

/// Sum of `0..n`: the checksum of everything that sends or returns each number once.
#[must_use]
pub fn sum_below(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

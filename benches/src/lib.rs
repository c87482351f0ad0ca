//! Side-by-side benchmarks: one program runs orion-rt and its peers through the same workloads and compares them.
//!
//! # Picture
//!
//! ```text
//!  benches/{system,mimalloc}.rs        one program per allocator
//!        │ main
//!        ▼
//!  program ── peers::cells() ──► [Cell]      cell = row × peer × mode, a closure that returns a Sample
//!        │                         ▲
//!        │            workloads/ (one file per workload, generic over the traits of `capability`)
//!        │            peers/     (one file per peer, implements the traits, lists its cells)
//!        ▼
//!  measure ── shuffled rounds, line probe before each two-worker group ──► [Result]
//!        ▼
//!  report  ── target/orion-bench/<allocator>.json ──► RESULTS.md, charts/*.svg
//! ```
//!
//! # Invariants
//!
//! 1. A workload is written once and timed from inside a spawned task, so that no peer runs it on the thread that
//!    merely waits for its runtime.
//! 2. Each run returns a checksum; one that differs from the row's expected value fails the whole program.
//! 3. Within a round the peers of one row and mode run next to each other, in an order drawn anew each round.
//! 4. Nothing is counted while time is measured: the counting allocator is switched on for memory rows only.
//!
//! # Rejected
//!
//! * criterion: measures one function at a time, so two peers are compared across minutes of a shared machine.
//! * Wall time in the regression guard: it jitters. `tests/guard.rs` counts allocations and bytes instead.

pub mod alloc;
mod args;
pub mod capability;
mod growth;
pub mod measure;
pub mod peers;
mod probe;
mod program;
mod report;
pub mod rows;
pub mod scale;
pub mod workloads;

pub use program::main;

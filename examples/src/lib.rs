//! Programs to start from. Each is a binary of this package:
//!
//! - `digest`: SHA-256 of every file of a tree, the pipeline of a walker, bounded parallel digesters and a merger, with
//!   a `select!` over progress, Ctrl-C and the first error, and an Orion coroutine frame that folds the totals;
//! - `search`: the replicated search of "Go Concurrency Patterns": errors, a deadline, cancelled losers, by a virtual clock;
//! - `sieve`: Go's concurrent prime sieve over unbuffered channels.
//!
//! The library itself is empty; it carries the README, so that its program is compiled and run with the other tests.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

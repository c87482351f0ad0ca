//! `select!` and [`Select`]: wait for the first of several channel operations and futures.
//!
//! ```text
//!   select! { .. } --expands to--> arms (seam) --+
//!                                                +--> Race: the protocol, over chan::port::Port and chan::claim
//!   Select::new().recv(..).wait() --> dynamic ---+
//! ```
//!
//! Purpose: the run-time half of the rules L1 to L9. All of it is safe code; what is unsafe about an arm is in
//! `chan::port`, `chan::arm` and `chan::slots`.
//!
//! Invariants
//! 1. An arm communicates only through its `Port`, and at most once.
//! 2. Arms are dropped before their race; the race's destructor aborts the process otherwise.
//!
//! Rejected: a trait object per arm (the macro would need a type for each); one future per arm polled in turn, as in
//! `futures::select!` (every pass would touch every channel's lock, and the choice would not be atomic).

mod arms;
mod dynamic;
mod operand;
mod order;
mod race;
pub(crate) mod seam;

pub use dynamic::{Select, SelectFuture, Selected};

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
mod model;

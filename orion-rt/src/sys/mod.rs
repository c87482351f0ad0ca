//! One door to the platform's synchronisation primitives.
//!
//! Everything above imports locks, atomics and cells from here, so that the same source runs on `std` and, with
//! `--cfg loom`, under the model checker. Only what the runtime uses is re-exported.
//!
//! Rejected: a generic parameter for the backend (every type of the crate would carry it).

#[cfg(loom)]
mod model;
#[cfg(not(loom))]
mod native;

#[cfg(loom)]
pub(crate) use model::*;
#[cfg(not(loom))]
pub(crate) use native::*;

//! Tasks and the scopes that own them: state, memory, wake-ups, joining, cancelling, completing. No queue is here; a
//! scheduler implements [`kind::Schedule`] and calls [`run::step`].
//!
//! ```text
//!  ScopeCore (root) ──list──> Header+future+result ──annex───> ScopeCore (group) ──list──> Header ...
//!        ^ active: 1 for the body, 1 per shard with live tasks        ^ charges its owner task while it has live tasks
//! ```
//!
//! A task is *returned* when its future is gone and its result is stored; it is *complete* when moreover no group it opened
//! has a live task (S3). Completion climbs from child to owner in a loop, never by recursion.

pub(crate) mod ancestry;
pub(crate) mod annex;
pub(crate) mod cancel;
pub(crate) mod cancelled;
pub(crate) mod cell;
pub(crate) mod child;
pub(crate) mod current;
pub(crate) mod deadline;
pub(crate) mod end;
pub(crate) mod ending;
pub(crate) mod error;
pub(crate) mod finish;
pub(crate) mod header;
pub(crate) mod hold;
pub(crate) mod join;
pub(crate) mod kind;
pub(crate) mod owner;
pub(crate) mod run;
pub(crate) mod scope_ref;
pub(crate) mod shard;
pub(crate) mod shield;
pub(crate) mod shields;
pub(crate) mod signal;
pub(crate) mod state;
pub(crate) mod state_local;
pub(crate) mod state_multi;
pub(crate) mod sweep;
pub(crate) mod task_ref;
pub(crate) mod unit;
pub(crate) mod waker;
pub(crate) mod walk;

#[cfg(all(test, loom))]
mod cancel_model;
#[cfg(all(test, loom))]
mod local_model;
#[cfg(all(test, loom))]
mod model;

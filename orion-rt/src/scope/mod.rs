//! Scopes as programs see them: a root's [`Scope`], a [`Group`] below it, handles, and the two ways in.

mod begin;
mod blocking;
mod cancelled;
pub(crate) mod driver;
mod entry;
mod group;
mod group_timeout;
mod handle;
mod join;
mod join_set;
mod local_children;
mod local_future;
mod local_group;
mod nest;
mod open;
mod root_scope;
mod start;
mod task_builder;
mod try_group;

pub use cancelled::GroupCancelled;
pub use entry::run;
pub use group::Group;
pub use group_timeout::GroupTimeout;
pub use handle::JoinHandle;
pub use join::{Finished, Get, Join, JoinTimeout};
pub use join_set::{JoinSet, NextJoined};
pub use local_future::LocalFuture;
pub use local_group::LocalGroup;
pub use open::GroupFuture;
pub use root_scope::Scope;
pub use start::Root;
pub use task_builder::TaskBuilder;
pub use try_group::{TryGroup, TryGroupFuture};

#[cfg(all(test, loom))]
mod model;

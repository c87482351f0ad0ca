//! Scopes as programs see them: a root's [`Scope`], a [`Group`] below it, handles, and the two ways in.

pub(crate) mod driver;
mod entry;
mod group;
mod handle;
mod nest;
mod root_scope;
mod start;
mod task_builder;

pub use entry::run;
pub use group::Group;
pub use handle::{Finished, Get, Join, JoinHandle};
pub use nest::GroupFuture;
pub use root_scope::Scope;
pub use start::Root;
pub use task_builder::TaskBuilder;

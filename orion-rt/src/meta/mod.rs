//! What names things: identities of tasks and channels, names of channels.

pub(crate) mod id;
pub(crate) mod names;

pub use id::TaskId;

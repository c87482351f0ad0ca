//! What names things: identities of tasks and channels.

pub(crate) mod id;

pub use id::TaskId;

//! What names things and tells of them: identities of tasks and channels, names of channels, what a strict root finds left open.

pub(crate) mod called;
pub(crate) mod id;
pub(crate) mod ledger;
pub(crate) mod names;

pub(crate) use called::Called;
pub use id::TaskId;

//! Runtimes as objects: how they are configured, what they own, how a root is driven from its start to its end.

pub(crate) mod builder;
pub(crate) mod local;
pub(crate) mod monitor;
mod multi;
pub(crate) mod observer;
pub mod outcome;
pub(crate) mod root;
pub(crate) mod watch;

pub use builder::Builder;
pub use local::LocalRuntime;
pub use multi::Runtime;

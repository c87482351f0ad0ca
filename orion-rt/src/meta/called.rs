//! What a message calls a task, which may be gone when the message is read.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::TaskId;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    pub(crate) id: TaskId,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) location: &'static Location<'static>,
}

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "task '{name}' ({}, spawned at {})", self.id, self.location),
            None => write!(f, "task {}, spawned at {}", self.id, self.location),
        }
    }
}

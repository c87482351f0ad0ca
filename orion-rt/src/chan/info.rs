//! What can be learned about a channel without changing it (C12).

use super::core::Core;
use crate::meta::names::Name;
use std::fmt;
use std::sync::Arc;

/// A snapshot of a channel, from [`Chan::inspect`](crate::Chan::inspect).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChanInfo {
    /// The channel's identity, unique within the process.
    pub id: u64,
    /// Its name, given with [`Chan::named`](crate::Chan::named).
    pub name: Option<Arc<str>>,
    /// Its capacity; `None`: unbounded.
    pub capacity: Option<usize>,
    /// Values that can be received now without a sender; returned ones (X5) count, so it may exceed the capacity.
    pub len: usize,
    /// Whether it is closed.
    pub closed: bool,
    /// Sends that wait, select arms included.
    pub senders_waiting: usize,
    /// Receives that wait, select arms included.
    pub receivers_waiting: usize,
    /// Values sent so far.
    pub sent: u64,
    /// Values received so far; those that were given back and not received again do not count.
    pub received: u64,
}

impl Core {
    pub(super) fn info(&self) -> ChanInfo {
        let state = self.look();
        ChanInfo {
            id: self.id,
            name: state.name.as_ref().map(|name| Arc::clone(name.text())),
            capacity: self.capacity,
            len: state.len(),
            closed: state.is_closed(),
            senders_waiting: state.senders.waiting(),
            receivers_waiting: state.receivers.waiting(),
            sent: state.sent(),
            received: state.received(),
        }
    }

    pub(super) fn name(&self) -> Option<Arc<str>> {
        self.look().name.as_ref().map(|name| Arc::clone(name.text()))
    }

    pub(super) fn set_name(&self, name: Arc<str>) {
        let old = {
            let mut state = self.look();
            // Under the lock: of two that name it at once, the one that stays is the one in the table.
            let name = Name::enter(self.id, name);
            state.name.replace(name)
        };
        drop(old);
    }

    /// The `Debug` form of a handle.
    pub(super) fn describe(&self, kind: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.info();
        let mut out = f.debug_struct(kind);
        out.field("id", &info.id);
        if let Some(name) = &info.name {
            out.field("name", name);
        }
        out.field("capacity", &info.capacity).field("len", &info.len).field("closed", &info.closed).finish()
    }
}

//! The names of channels, by identity, for whoever knows of a channel only its number: a dump of the tasks that wait on it.
//!
//! A process-wide table, touched when a channel is named, when a named one is freed, and by dumps; never by an operation.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::sys::plain::Mutex;

/// Plain: nothing that a model follows happens under it.
static NAMES: Mutex<BTreeMap<u64, Arc<str>>> = Mutex::new(BTreeMap::new());

/// A name in the table, until it is dropped.
#[derive(Debug)]
pub(crate) struct Name {
    of: u64,
    text: Arc<str>,
}

impl Name {
    /// Enters `text` as the name of the object `of`, which has none in the table.
    pub(crate) fn enter(of: u64, text: Arc<str>) -> Self {
        NAMES.lock().insert(of, Arc::clone(&text));
        Self { of, text }
    }

    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let text = NAMES.lock().remove(&self.of);
        drop(text);
    }
}

/// The name of the object `of`, if it has one.
pub(crate) fn name_of(of: u64) -> Option<Arc<str>> {
    NAMES.lock().get(&of).cloned()
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_there_while_it_is_held() {
        let id = crate::meta::id::fresh();
        let name = Name::enter(id, "jobs".into());
        assert_eq!(name_of(id).as_deref(), Some("jobs"));
        drop(name);
        assert_eq!(name_of(id), None);
    }
}

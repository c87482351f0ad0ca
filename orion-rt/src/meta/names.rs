//! The names of channels, by identity, for whoever knows of a channel only its number: a dump of the tasks that wait on it.
//!
//! A process-wide table, touched when a channel is named, when a named one is freed, and by dumps; never by an operation. Its
//! lock is the last of any: a channel's may be held.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::sys::plain::Mutex;

/// Plain: nothing that a model follows happens under it.
static NAMES: Mutex<BTreeMap<u64, Arc<Entry>>> = Mutex::new(BTreeMap::new());

#[derive(Debug)]
struct Entry {
    of: u64,
    text: Arc<str>,
}

/// A name that is in the table until it is dropped, or until the object gets another. A pointer: a channel has room for no more.
#[derive(Debug)]
pub(crate) struct Name(Arc<Entry>);

impl Name {
    /// Enters `text` as the name of the object `of`, in place of any that it has.
    pub(crate) fn enter(of: u64, text: Arc<str>) -> Self {
        let entry = Arc::new(Entry { of, text });
        let before = NAMES.lock().insert(of, Arc::clone(&entry));
        drop(before);
        Self(entry)
    }

    pub(crate) fn text(&self) -> &Arc<str> {
        &self.0.text
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let entry = {
            let mut names = NAMES.lock();
            let is_there = names.get(&self.0.of).is_some_and(|entry| Arc::ptr_eq(entry, &self.0));
            if is_there { names.remove(&self.0.of) } else { None }
        };
        drop(entry);
    }
}

/// The name of the object `of`, if it has one.
pub(crate) fn name_of(of: u64) -> Option<Arc<str>> {
    NAMES.lock().get(&of).map(|entry| Arc::clone(&entry.text))
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

    // D7: the name an object had does not take that away which it has now.
    #[test]
    fn the_last_name_stays() {
        let id = crate::meta::id::fresh();
        let text: Arc<str> = "jobs".into();
        let first = Name::enter(id, Arc::clone(&text));
        let second = Name::enter(id, text);
        drop(first);
        assert_eq!(name_of(id).as_deref(), Some("jobs"));
        drop(second);
        assert_eq!(name_of(id), None);
    }
}

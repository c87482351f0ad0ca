//! What a strict root finds left open (J8, C14): the list, and which one the running task writes to.
//!
//! ```text
//!   strict root --new--> Ledger <--record-- handles, channels
//!       |                  ^
//!       |                  +--current-- the thread, while it runs a task of the root (`enter`)
//!       `--close--> what was found, raised as one panic
//! ```
//!
//! Purpose: Rust has no linear types, so what must be joined, released, closed or received is checked when it is dropped. A root
//! that is not strict has no ledger, and then nothing here is more than a look at a thread-local.
//!
//! Invariants
//! 1. A ledger takes entries until its root ends; after that it stays empty. Who still has it (a channel that outlives the
//!    root) finds it closed.
//! 2. Entries hold no user's value, so nothing of a user runs when they are dropped.
//! 3. `CURRENT` is what the innermost `enter` of this thread has set.
//!
//! Rejected: a list of all open things (each would be linked and unlinked, strict or not, and those that are fine are most).

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::sys::{Mutex, thread_local};

/// What was left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A task whose handle was neither joined nor released (J8).
    Task,
    /// A channel that was dropped unclosed with values inside (C14).
    Channel,
}

/// One thing that was left open.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) name: Option<Arc<str>>,
    /// Where it was spawned or created, if that is known.
    pub(crate) location: Option<&'static Location<'static>>,
    /// What was wrong, as a clause: "was dropped ..".
    pub(crate) wrong: String,
    /// What to do, as an order: "close it ..".
    pub(crate) fix: &'static str,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, born) = match self.kind {
            Kind::Task => ("task", "spawned"),
            Kind::Channel => ("channel", "created"),
        };
        match (&self.name, self.kind) {
            (Some(name), Kind::Task) => write!(f, "{what} '{name}' (#{})", self.id)?,
            (Some(name), Kind::Channel) => write!(f, "{what} \"{name}\" (#{})", self.id)?,
            (None, _) => write!(f, "{what} #{}", self.id)?,
        }
        if let Some(location) = self.location {
            write!(f, ", {born} at {location},")?;
        }
        write!(f, " {}: {}", self.wrong, self.fix)
    }
}

/// What was found under one strict root.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// `None`: the root has ended (1).
    entries: Mutex<Option<Vec<Entry>>>,
}

impl Ledger {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { entries: Mutex::new(Some(Vec::new())) })
    }

    /// Adds what `entry` describes, unless the root has ended. The description is made outside the lock, and only if wanted.
    /// What a cancellation or a panic tears down is not recorded.
    pub(crate) fn record(&self, entry: impl FnOnce() -> Entry) {
        if is_excused() || self.entries.lock().is_none() {
            return;
        }
        let entry = entry();
        let late = match &mut *self.entries.lock() {
            Some(entries) => {
                entries.push(entry);
                None
            }
            None => Some(entry),
        };
        drop(late);
    }

    /// The root ends: gives what was found, and takes no more. `None`: nothing, or it was closed before.
    pub(crate) fn close(&self) -> Option<Found> {
        let entries = self.entries.lock().take()?;
        (!entries.is_empty()).then_some(Found(entries))
    }
}

/// All that was left open under a root; its display is the panic's message.
#[derive(Debug)]
pub(crate) struct Found(Vec<Entry>);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("strict mode: 1 thing was left open")?,
            n => write!(f, "strict mode: {n} things were left open")?,
        }
        self.0.iter().try_for_each(|entry| write!(f, "\n  {entry}"))
    }
}

thread_local! {
    static CURRENT: Cell<Option<Arc<Ledger>>> = const { Cell::new(None) };
}

/// What is left open on this thread until the guard is dropped is written to `ledger`.
pub(crate) fn enter(ledger: Arc<Ledger>) -> Entered {
    // A thread that is ending may still poll tasks; they find no ledger.
    let before = CURRENT.try_with(|current| current.replace(Some(ledger))).ok().flatten();
    Entered { before, _thread: PhantomData }
}

/// Restores what was current before, see [`enter`].
#[must_use = "the ledger is current until this is dropped"]
#[derive(Debug)]
pub(crate) struct Entered {
    before: Option<Arc<Ledger>>,
    /// It belongs to the thread that entered.
    _thread: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let before = self.before.take();
        let _ = CURRENT.try_with(|current| current.set(before));
    }
}

thread_local! {
    static EXCUSED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `teardown`, which drops what was cut short: a cancelled task can neither join nor close what it holds.
pub(crate) fn excused<R>(teardown: impl FnOnce() -> R) -> R {
    with_excuse(true, teardown)
}

/// Runs `f`, which is part of such a teardown or not, whatever this thread is in the middle of.
pub(crate) fn with_excuse<R>(excuse: bool, f: impl FnOnce() -> R) -> R {
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            let _ = EXCUSED.try_with(|excused| excused.set(self.0));
        }
    }
    let _reset = Reset(EXCUSED.try_with(|excused| excused.replace(excuse)).unwrap_or(true));
    f()
}

/// Whether what is dropped now is dropped by a cancellation or a panic.
pub(crate) fn is_excused() -> bool {
    std::thread::panicking() || EXCUSED.try_with(Cell::get).unwrap_or(true)
}

/// The ledger of the strict root whose task this thread runs, if it does.
#[inline]
pub(crate) fn current() -> Option<Arc<Ledger>> {
    let look = |current: &Cell<Option<Arc<Ledger>>>| {
        let ledger = current.take()?;
        current.set(Some(Arc::clone(&ledger)));
        Some(ledger)
    };
    CURRENT.try_with(look).ok().flatten()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn entry(kind: Kind, name: Option<&str>) -> Entry {
        let location = Some(Location::caller());
        Entry { kind, id: 7, name: name.map(Into::into), location, wrong: "was dropped".into(), fix: "close it" }
    }

    // J8, C14: the report names each thing, where it comes from, what is wrong and what to do.
    #[test]
    fn the_report_says_what_and_where_and_what_to_do() {
        let ledger = Ledger::new();
        ledger.record(|| entry(Kind::Task, Some("reader")));
        ledger.record(|| Entry { location: None, ..entry(Kind::Channel, Some("jobs")) });
        ledger.record(|| entry(Kind::Channel, None));
        let text = ledger.close().expect("entries").to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "strict mode: 3 things were left open");
        assert!(lines[1].starts_with("  task 'reader' (#7), spawned at ") && lines[1].contains("ledger.rs:"), "{text}");
        assert_eq!(lines[2], "  channel \"jobs\" (#7) was dropped: close it");
        assert!(lines[3].starts_with("  channel #7, created at "), "{text}");
    }

    // J8: a ledger that is closed takes nothing, and does not ask for descriptions.
    #[test]
    fn a_closed_ledger_takes_no_entries() {
        let ledger = Ledger::new();
        assert!(ledger.close().is_none());
        ledger.record(|| unreachable!("nobody will read it"));
        assert!(ledger.close().is_none());
    }

    // J8: a cancelled task is not blamed for what it could not finish.
    #[test]
    fn what_a_teardown_drops_is_excused() {
        let ledger = Ledger::new();
        excused(|| ledger.record(|| unreachable!("excused")));
        assert!(std::panic::catch_unwind(|| excused(|| panic!("destructor"))).is_err());
        ledger.record(|| entry(Kind::Task, None));
        assert!(ledger.close().is_some());
    }

    // J8: the innermost task's root is the one written to, and the one before is back afterwards.
    #[test]
    fn entering_nests() {
        let (outer, inner) = (Ledger::new(), Ledger::new());
        let is = |ledger: &Arc<Ledger>| current().is_some_and(|current| Arc::ptr_eq(&current, ledger));
        assert!(current().is_none());
        let first = enter(Arc::clone(&outer));
        {
            let _second = enter(Arc::clone(&inner));
            assert!(is(&inner) && is(&inner), "looking leaves it there");
        }
        assert!(is(&outer));
        drop(first);
        assert!(current().is_none());
        assert_eq!(Arc::strong_count(&outer), 1);
    }
}

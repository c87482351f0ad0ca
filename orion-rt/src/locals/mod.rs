//! Task-local values: set around a future, inherited by what it spawns.
//!
//! ```text
//!   KEY.scope(value, future) ──each poll, and its drop──> CURRENT = inherited + (KEY, value), then what it was
//!   spawn ──capture──> header.extra.locals ──each turn──> CURRENT = the task's locals, then what it was
//! ```
//!
//! A set of locals is an immutable slice, shared by all tasks that inherit it: a spawn copies a pointer. `scope` copies the slice,
//! which is as long as there are keys in use, and replaces the entry of its own key.
//!
//! Invariants
//! 1. Outside the poll or the drop of a future that has locals, `CURRENT` is `None`: whoever sets it restores it, by a guard. So a
//!    task without locals need not touch it.
//! 2. `ANY` says whether `CURRENT` is `Some`: it is what a spawn looks at, and has no destructor, so reading it is one load.
//! 3. A thread that ends drops `CURRENT` before other values of its, which may own futures that have locals: these are dropped without.
//!
//! Rejected: a linked list of values (a task that sets one and spawns its successor makes it longer for ever, and dropping it
//! recurses); a value swapped in and out of a thread-local per key, as tokio has it (children could not inherit all of them).

#![forbid(unsafe_code)]

mod key;

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use crate::sys::thread_local;

pub use key::{TaskLocal, TaskLocalFuture};

/// A value of one key. The key is the address of its static.
#[derive(Clone)]
struct Entry {
    key: usize,
    value: Arc<dyn Any + Send + Sync>,
}

/// The locals of a task, or of a part of one.
#[derive(Clone)]
pub(crate) struct Locals(Arc<[Entry]>);

thread_local! {
    static ANY: Cell<bool> = const { Cell::new(false) };
    static CURRENT: Cell<Option<Locals>> = const { Cell::new(None) };
}

impl fmt::Debug for Locals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locals").field("keys", &self.0.len()).finish()
    }
}

/// What a task that is spawned here inherits.
#[inline]
pub(crate) fn capture() -> Option<Locals> {
    if ANY.get() { current() } else { None }
}

#[cold]
fn current() -> Option<Locals> {
    let locals = replace(None);
    replace(locals.clone());
    locals
}

/// Sets `CURRENT`, and gives what it was; on a thread that ends (3) it is and stays `None`.
fn replace(locals: Option<Locals>) -> Option<Locals> {
    CURRENT.try_with(|current| current.replace(locals)).ok().flatten()
}

/// Makes `locals` those of this thread until the guard is dropped.
pub(crate) fn enter(locals: Option<Locals>) -> Entered {
    ANY.set(locals.is_some());
    Entered { before: replace(locals) }
}

/// See [`enter`].
#[must_use]
pub(crate) struct Entered {
    before: Option<Locals>,
}

impl Entered {
    /// Ends it, and gives back what was entered.
    pub(crate) fn leave(self) -> Option<Locals> {
        ManuallyDrop::new(self).restore()
    }

    fn restore(&mut self) -> Option<Locals> {
        let before = self.before.take();
        ANY.set(before.is_some());
        replace(before)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Where a task keeps its locals between two turns; touched by whoever runs the task.
#[derive(Default)]
pub(crate) struct Slot(Cell<Option<Locals>>);

impl Slot {
    pub(crate) fn new(locals: Locals) -> Self {
        Self(Cell::new(Some(locals)))
    }

    /// Enters the locals for a turn, if there are any; [`Slot::leave`] or [`Entered::leave`] ends it.
    #[inline]
    pub(crate) fn enter(&self) -> Option<Entered> {
        self.0.take().map(|locals| enter(Some(locals)))
    }

    /// The turn is over and there will be another.
    pub(crate) fn leave(&self, entered: Entered) {
        self.0.set(entered.leave());
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Slot")
    }
}

impl Locals {
    fn find(&self, key: usize) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.0.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// `base`, with `value` for `key`.
    fn with(base: Option<&Self>, key: usize, value: &Arc<dyn Any + Send + Sync>) -> Self {
        let entry = Entry { key, value: Arc::clone(value) };
        let others = base.into_iter().flat_map(|base| base.0.iter()).filter(|other| other.key != key);
        Self(std::iter::once(entry).chain(others.cloned()).collect())
    }

    fn is_same(a: Option<&Self>, b: Option<&Self>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => Arc::ptr_eq(&a.0, &b.0),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

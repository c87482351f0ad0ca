//! The roots a runtime is running now: what a dump walks.
//!
//! Invariants
//! 1. A root in the list is alive while the list's lock is held: its runner takes it out before it gives it up.

use std::ptr::NonNull;

use crate::sys::Mutex;
use crate::task::kind::Sealed;
use crate::task::owner::ScopeCore;
use crate::task::scope_ref::ScopeRef;

/// See the module.
#[derive(Debug)]
pub(crate) struct Roots<K: Sealed>(Mutex<Vec<NonNull<ScopeCore<K>>>>);

// SAFETY: the pointers are used under the lock (1); on `Local` only the owner thread looks behind them.
unsafe impl<K: Sealed> Send for Roots<K> {}
// SAFETY: as above.
unsafe impl<K: Sealed> Sync for Roots<K> {}

impl<K: Sealed> Roots<K> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(crate) fn add(&self, root: NonNull<ScopeCore<K>>) {
        self.0.lock().push(root);
    }

    pub(crate) fn remove(&self, root: NonNull<ScopeCore<K>>) {
        self.0.lock().retain(|&r| r != root);
    }

    /// A reference to each root.
    pub(crate) fn all(&self) -> Vec<ScopeRef<K>> {
        // SAFETY: (1).
        self.0.lock().iter().filter_map(|&root| unsafe { ScopeRef::upgrade(root) }).collect()
    }

    /// Runs `visit` for every root; none can end meanwhile.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&ScopeCore<K>)) {
        for root in &*self.0.lock() {
            // SAFETY: (1).
            visit(unsafe { root.as_ref() });
        }
    }
}

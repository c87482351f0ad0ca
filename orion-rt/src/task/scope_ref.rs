//! Counted references to scopes, and how a scope is freed: by a loop up the tree, never by recursion.
//!
//! Invariants
//! 1. A [`ScopeRef`] owns one of the scope's references.
//! 2. A scope without references is unlinked from its parent's and its opener's list before it is freed (4 of `owner`).

use std::ptr::NonNull;

use super::kind::{Count, Lock, Multi, Schedule, Sealed};
use super::owner::{Place, ScopeCore};

/// A counted reference to a scope.
pub(crate) struct ScopeRef<K: Sealed>(NonNull<ScopeCore<K>>);

// SAFETY: a `Multi` scope is shared state behind locks and atomics.
unsafe impl Send for ScopeRef<Multi> {}
// SAFETY: as above.
unsafe impl Sync for ScopeRef<Multi> {}

impl<K: Sealed> ScopeRef<K> {
    pub(super) fn allocate(core: ScopeCore<K>) -> Self {
        Self(NonNull::from(Box::leak(Box::new(core))))
    }

    /// Takes over a counted reference.
    ///
    /// # Safety
    /// The caller has one.
    pub(super) unsafe fn from_raw(core: NonNull<ScopeCore<K>>) -> Self {
        Self(core)
    }

    /// One more reference to a scope, unless it is being freed: one found in a list, under the list's lock (2), or that of a
    /// task that is being polled.
    ///
    /// # Safety
    /// `core` is linked in a list whose lock the caller holds, or otherwise kept alive by it.
    pub(crate) unsafe fn upgrade(core: NonNull<ScopeCore<K>>) -> Option<Self> {
        // SAFETY: a linked scope is not freed before it is unlinked, which needs the lock.
        let counted = unsafe { core.as_ref() }.refs.add_unless_zero(1);
        // Made only if it was counted: its destructor takes the count back.
        counted.then(|| Self(core))
    }

    pub(crate) fn as_ptr(&self) -> NonNull<ScopeCore<K>> {
        self.0
    }

    pub(super) fn root_ptr(&self) -> NonNull<ScopeCore<K>> {
        NonNull::from(self.root_core())
    }
}

impl<K: Sealed> std::fmt::Debug for ScopeRef<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "scope opened at {}", self.location)
    }
}

impl<K: Sealed> std::ops::Deref for ScopeRef<K> {
    type Target = ScopeCore<K>;

    fn deref(&self) -> &ScopeCore<K> {
        // SAFETY: the reference keeps the scope alive.
        unsafe { self.0.as_ref() }
    }
}

impl<K: Sealed> Clone for ScopeRef<K> {
    fn clone(&self) -> Self {
        self.refs.add();
        Self(self.0)
    }
}

impl<K: Sealed> Drop for ScopeRef<K> {
    fn drop(&mut self) {
        // A chain of nested groups is given up by a loop: each holds the reference to the one above.
        let mut core = self.0;
        loop {
            // SAFETY: `core` is a reference this loop has.
            if unsafe { core.as_ref() }.refs.sub(1) != 0 {
                return;
            }
            // SAFETY: the last reference is gone; (2) walkers find the scope only until it is unlinked here.
            let scope = unsafe { core.as_ref() };
            // And a timer only until it is called off here.
            scope.deadline.call_off();
            scope.clear();
            let Place::Group { parent, opener, background, .. } = &scope.place else {
                let shared = scope.shared;
                // SAFETY: allocated by `allocate`, with no reference left and in no list.
                drop(unsafe { Box::from_raw(core.as_ptr()) });
                // SAFETY: the reference the root took when it was made (8 of `owner`).
                unsafe { K::Shared::release(shared) };
                return;
            };
            // SAFETY: linked when it was made.
            unsafe { parent.children.lock().unlink(core) };
            if let Some(opener) = *opener {
                // SAFETY: the group has a reference to its opener.
                let annex = unsafe { opener.as_ref() }.annex.get().expect("the opener of a group has an annex");
                if !*background {
                    // SAFETY: linked by `group`.
                    unsafe { annex.groups.lock().unlink(core) };
                }
                annex.openings.sub(1);
                // SAFETY: that reference, given back once.
                unsafe { super::waker::release(opener) };
            }
            // SAFETY: allocated by `allocate`, with no reference left and now in no list.
            let scope = unsafe { Box::from_raw(core.as_ptr()) };
            let Place::Group { parent, .. } = scope.place else { unreachable!("matched above") };
            core = parent.0;
            std::mem::forget(parent);
        }
    }
}

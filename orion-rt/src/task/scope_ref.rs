//! Counted references to scopes, and how a scope is freed: by a loop up the tree, never by recursion.
//!
//! Invariants
//! 1. A [`ScopeRef`] owns one of the scope's references.
//! 2. A scope without references is unlinked from its parent's and its opener's list before it is freed (4 of `owner`).

use std::ptr::NonNull;

use super::kind::{Count, Lock, Sealed};
use super::owner::{Place, ScopeCore};

/// A counted reference to a scope.
pub(crate) struct ScopeRef<K: Sealed>(NonNull<ScopeCore<K>>);

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

    /// One more reference to a scope found in a list, unless it is being freed; asked under the list's lock (2).
    ///
    /// # Safety
    /// `core` is linked in a list whose lock the caller holds.
    pub(crate) unsafe fn upgrade(core: NonNull<ScopeCore<K>>) -> Option<Self> {
        // SAFETY: a linked scope is not freed before it is unlinked, which needs the lock.
        unsafe { core.as_ref() }.refs.add_unless_zero().then_some(Self(core))
    }

    /// The scope of the task that this thread polls, if it is of this kind.
    pub(crate) fn of_current_task() -> Option<Self> {
        let task = super::current::get().and_then(K::only)?;
        // SAFETY: the current task is being polled, so it is alive.
        let scope = unsafe { task.as_ref() }.scope;
        // SAFETY: the scope of an incomplete task is alive, and has a reference for its shard, or its root's.
        unsafe { scope.as_ref() }.refs.add();
        Some(Self(scope))
    }

    pub(crate) fn as_ptr(&self) -> NonNull<ScopeCore<K>> {
        self.0
    }

    pub(super) fn root(&self) -> NonNull<ScopeCore<K>> {
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
            if unsafe { core.as_ref() }.refs.sub() != 0 {
                return;
            }
            // SAFETY: the last reference is gone; (2) walkers find the scope only until it is unlinked here.
            let scope = unsafe { core.as_ref() };
            let Place::Group { parent, opener, .. } = &scope.place else {
                // SAFETY: allocated by `allocate`, with no reference left and in no list.
                drop(unsafe { Box::from_raw(core.as_ptr()) });
                return;
            };
            // SAFETY: linked by `group`.
            unsafe { parent.children.lock().unlink(core) };
            if let Some(opener) = *opener {
                // SAFETY: the group has a reference to its opener.
                let groups = unsafe { opener.as_ref() }.groups().expect("the opener of a group has groups");
                // SAFETY: linked by `group`.
                unsafe { groups.list.lock().unlink(core) };
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

//! `cancel_after`: a timer that cancels a scope without keeping it (S11).
//!
//! ```text
//!   ScopeCore ──deadline──> Pending ──> alarm: the scheduler's timer, gone when it is dropped
//!       ^                      │                         │ waker
//!       └── weak, behind ── Target { scope } <───────────┘ fires: clear, upgrade, count, cancel
//!             a lock
//! ```
//!
//! Invariants
//! 1. While `Target::scope` is set, its scope is not freed: it is cleared, under its lock, before that (`ScopeRef::drop`), and also
//!    when the scope has ended and when a later call supersedes this one. So a timer that is firing meanwhile does nothing.
//! 2. A `Local` target's scope is looked at by the owner thread only: it fires the timers, and has all references to the scope.
//! 3. Who cancels counts as an activity of the scope meanwhile, so a scope has ended before that, and then is not cancelled, or
//!    after it.
//!
//! Rejected: the scope itself as the timer's waker (a reference: the timer would keep the scope); the timer's entry in the scope,
//! upgraded under the timers' lock (`time` would have to know of scopes, or every timer pay for an action).

use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Duration;

use crate::sys::atomic::{AtomicBool, Ordering};
use crate::util::contain::FirstPanic;

use super::kind::{Alarm, Count, Lock, Schedule, Sealed};
use super::owner::{ORDINARY, ScopeCore};
use super::scope_ref::ScopeRef;

/// A scope's place for a pending `cancel_after`.
pub(crate) struct Deadline<K: Sealed> {
    /// Whether there may be one: most scopes never have.
    is_set: AtomicBool,
    pending: K::Lock<Option<Box<Pending<K>>>>,
}

/// Dropping it calls it off.
struct Pending<K: Sealed> {
    target: Arc<Target<K>>,
    _alarm: Alarm,
}

struct Target<K: Sealed> {
    scope: K::Lock<Option<NonNull<ScopeCore<K>>>>,
    /// It has come, and all that it wakes is awake.
    is_over: AtomicBool,
}

// SAFETY: on `Multi` the pointer is behind a lock and the scope is shared state; on `Local` only the owner thread looks (2).
unsafe impl<K: Sealed> Send for Target<K> {}
// SAFETY: as above.
unsafe impl<K: Sealed> Sync for Target<K> {}

impl<K: Sealed> Deadline<K> {
    pub(super) fn none() -> Self {
        Self { is_set: AtomicBool::new(false), pending: Lock::new(None) }
    }

    fn set(&self, pending: Pending<K>) {
        self.is_set.store(true, Ordering::Release);
        let before = self.pending.lock().replace(Box::new(pending));
        drop(before);
    }

    /// Whether there is one that has not come, or is just coming.
    pub(super) fn is_set(&self) -> bool {
        if !self.is_set.load(Ordering::Acquire) {
            return false;
        }
        let pending = self.pending.lock();
        pending.as_ref().is_some_and(|pending| !pending.target.is_over.load(Ordering::Acquire))
    }

    /// The scope is not to be cancelled any more: it has ended, or is about to be freed.
    pub(crate) fn call_off(&self) {
        if self.is_set.load(Ordering::Acquire) {
            let pending = self.pending.lock().take();
            drop(pending);
        }
    }
}

impl<K: Sealed> Drop for Pending<K> {
    fn drop(&mut self) {
        self.target.scope.lock().take();
    }
}

impl<K: Sealed> Wake for Target<K> {
    fn wake(self: Arc<Self>) {
        let scope = {
            let mut scope = self.scope.lock();
            // SAFETY: set, so (1) not freed while the lock is held.
            scope.take().and_then(|scope| unsafe { ScopeRef::upgrade(scope) })
        };
        if let Some(scope) = scope {
            cancel_unless_ended(&scope).discard();
        }
        self.is_over.store(true, Ordering::Release);
    }
}

/// Has `scope` cancelled when `after` has passed, in place of what an earlier call said.
pub(crate) fn cancel_after<K: Sealed>(scope: &ScopeRef<K>, after: Duration) {
    if after.is_zero() {
        return cancel_unless_ended(scope).resume();
    }
    // Counted, so that whoever ends the scope comes later and calls off what is set here.
    if !scope.active.add_unless_zero(ORDINARY) {
        return;
    }
    if !scope.is_cancelled() {
        let target = Arc::new(Target { scope: Lock::new(Some(scope.as_ptr())), is_over: AtomicBool::new(false) });
        let waker = Waker::from(Arc::clone(&target));
        let alarm = scope.scheduler().alarm(after, &waker);
        scope.deadline.set(Pending { target, _alarm: alarm });
    }
    scope.end_activity(ORDINARY);
}

/// Cancels what has not ended; gives the panics of wakers (3).
fn cancel_unless_ended<K: Sealed>(scope: &ScopeRef<K>) -> FirstPanic {
    if !scope.active.add_unless_zero(ORDINARY) {
        return FirstPanic::default();
    }
    let panics = super::cancel::scope(scope);
    scope.end_activity(ORDINARY);
    panics
}

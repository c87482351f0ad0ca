//! The thread that watches the roots of a runtime with workers for deadlocks.
//!
//! ```text
//!   some worker is awake, or something is to be seen again ──> looks at each root when it is time (a root may be stuck while others are busy)
//!   all sleep, and nothing is left to be found out ──────────> rests until a worker, or the thread of a body, wakes
//! ```
//!
//! Invariants
//! 1. It rests only if it has set the alarm (`Rest`), then seen every worker asleep, and then looked at every root that is due: who wakes
//!    later sees the alarm.
//! 2. What it finds in one look may be no instant at which all was so; it acts after a second look that finds the same tasks in the
//!    same waits (3 of `standstill`). Before each it sees that no worker is in a turn of the root: one that is may have ended a task, and
//!    be about to wake another, which is parked until then. If it still is at the second look the turn was on before that. (Nobody waits for
//!    the end of the body but the root.) Before each it sees, too, that no request to stop is under way: from the thread of a body that has
//!    ended, or from outside a started root. What such a one has not reached is parked as if for ever.
//! 3. While it acts on a root it counts as an activity of it, so that the root does not end meanwhile.
//!
//! Rejected: the last worker that goes to sleep as the one who looks (a root may be stuck beside others that keep it awake).

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::observer::{Observer, Outlook};
use super::watch::Watch;
use crate::debug::{Standstill, look};
use crate::meta::TaskId;
use crate::scheduler::multi::MultiShared;
use crate::sys::{clock, thread, thread_local};
use crate::task::kind::{Count, Multi};
use crate::task::owner::{ORDINARY, ScopeCore};
use crate::task::scope_ref::ScopeRef;

/// Between two looks while workers are awake; at a root that moves each time it gets twice as long, up to the second.
const BUSY: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(1);

/// What is known of a root.
struct Known {
    observer: Observer,
    /// Before that it is not looked at.
    next: Instant,
    /// How long it is left alone if it moves.
    busy: Duration,
}

thread_local! {
    static HERE: Cell<*const MultiShared> = const { Cell::new(std::ptr::null()) };
}

/// Whether this thread is the monitor of `shared`, which may run a hook or drop what a root leaves behind.
pub(super) fn is_here(shared: &Arc<MultiShared>) -> bool {
    HERE.get() == Arc::as_ptr(shared)
}

/// See the module. Ends with the runtime.
pub(super) fn run(shared: &Arc<MultiShared>, watch: &Watch) {
    HERE.set(Arc::as_ptr(shared));
    shared.rest.is_of(thread::current());
    let mut known: HashMap<TaskId, Known> = HashMap::new();
    while !shared.is_over() {
        shared.rest.set();
        let is_idle = shared.all_sleep();
        let next = look_at_all(shared, watch, &mut known);
        if is_idle && next.is_none() {
            // (1)
            thread::park();
            continue;
        }
        // It wakes by itself: nobody need ring.
        shared.rest.clear();
        let wait = next.map_or(BUSY, |next| next.saturating_duration_since(clock::now()));
        thread::park_timeout(if is_idle { wait } else { wait.max(BUSY) });
    }
}

/// Gives when to look again, if not only after something has happened.
fn look_at_all(shared: &MultiShared, watch: &Watch, all: &mut HashMap<TaskId, Known>) -> Option<Instant> {
    let mut before = std::mem::take(all);
    let mut look_at = |root: &ScopeCore<Multi>| {
        // By its body: an address may be another root's next time.
        let body = root.body_id()?;
        let fresh = || Known { observer: Observer::new(watch), next: clock::now(), busy: BUSY };
        let mut known = before.remove(&body).unwrap_or_else(fresh);
        let next = known.look_at(shared, watch, root);
        all.insert(body, known);
        next
    };
    shared.roots.all().iter().filter_map(|root| held(root, &mut look_at).flatten()).min()
}

/// Runs `f` while `root` does not end; unless it has (3).
fn held<R>(root: &ScopeRef<Multi>, f: impl FnOnce(&ScopeCore<Multi>) -> R) -> Option<R> {
    if !root.active.add_unless_zero(ORDINARY) {
        return None;
    }
    let result = f(root);
    root.end_activity(ORDINARY);
    Some(result)
}

impl Known {
    /// Gives when to look again, if not only after something has happened.
    fn look_at(&mut self, shared: &MultiShared, watch: &Watch, root: &ScopeCore<Multi>) -> Option<Instant> {
        let now = clock::now();
        if now < self.next {
            return Some(self.next);
        }
        let outlook = if let Some(found) = find(shared, root) {
            self.busy = BUSY;
            self.observer.observe(watch, root, found, now)
        } else {
            let busy = self.busy;
            self.busy = LONGEST.min(2 * busy);
            Outlook::Later(busy)
        };
        let (after, comes_by_itself) = match outlook {
            Outlook::Later(time) => (time, true),
            // However often it moves meanwhile.
            Outlook::Rest => (self.observer.first_look(), false),
            Outlook::Asked => (self.observer.first_look(), true),
            Outlook::Acted => (BUSY, false),
        };
        self.next = now + after;
        comes_by_itself.then_some(self.next)
    }
}

/// Looks at `root`, which does not end meanwhile; `None`: it moves.
fn find(shared: &MultiShared, root: &ScopeCore<Multi>) -> Option<Standstill> {
    // Of a started root the groups and the handles may be anywhere, and whoever has one could set a task going; but not where all of it was
    // asked to stop already. (Looked at before the requests: one that has left a mark by then is under way, or over.)
    let is_open = root.is_started() && !root.is_stopped();
    if shared.is_in_turn_of(root.root()) || shared.has_requests(root.root()) {
        return None;
    }
    Some(match look(root)? {
        Standstill::Proven(parked) if is_open => Standstill::Suspected(parked),
        found => found,
    })
}

/// Looks at each root twice, as the monitor does. `true`: one is at a standstill for which there is proof.
#[cfg(all(test, shuttle))]
pub(crate) fn proves_any(shared: &MultiShared) -> bool {
    let looks = |root: &ScopeCore<Multi>| Some((find(shared, root)?, find(shared, root)?));
    shared
        .roots
        .all()
        .iter()
        .filter_map(|root| held(root, looks).flatten())
        .any(|(before, now)| matches!(now, Standstill::Proven(_)) && now.goes_on_from(&before))
}

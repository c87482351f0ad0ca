//! Visiting every task of a root that is not complete, for dumps.

use super::header::Header;
use super::kind::{Lock, Sealed};
use super::owner::{Place, ScopeCore};
use super::state::TaskState;

/// Runs `visit` for the body and every live task below `root`, each under its shard's lock. `visit` runs no user code.
pub(crate) fn live_tasks<K: Sealed>(root: &ScopeCore<K>, mut visit: impl FnMut(&Header<K>)) {
    if let Place::Root(place) = &root.place
        && let Some(body) = place.body.get()
    {
        // SAFETY: a root that is listed as running has its body.
        visit_live(unsafe { body.as_ref() }, &mut visit);
    }
    visit_scope(root, &mut visit);
    let mut below = Vec::new();
    super::cancel::collect_children(root, &mut below);
    while let Some(scope) = below.pop() {
        visit_scope(&scope, &mut visit);
        super::cancel::collect_children(&scope, &mut below);
    }
}

fn visit_live<K: Sealed>(header: &Header<K>, visit: &mut impl FnMut(&Header<K>)) {
    if !header.state.is_complete() {
        visit(header);
    }
}

fn visit_scope<K: Sealed>(scope: &ScopeCore<K>, visit: &mut impl FnMut(&Header<K>)) {
    for shard in scope.shards() {
        let shard = shard.lock();
        let mut next = shard.list.front();
        while let Some(task) = next {
            // SAFETY: a task in the list is alive while the lock is held.
            visit_live(unsafe { task.as_ref() }, visit);
            // SAFETY: `task` is linked in this list.
            next = unsafe { shard.list.next(task) };
        }
    }
}

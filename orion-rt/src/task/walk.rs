//! Visiting every task of a root that is not complete, for dumps.

use std::ops::ControlFlow;

use super::header::Header;
use super::kind::{Lock, Sealed};
use super::owner::{Place, ScopeCore};
use super::state::TaskState;

/// Runs `visit` for the body and every live task below `root`, each under its shard's lock, until it breaks. `visit` runs no user code.
pub(crate) fn live_tasks<K: Sealed>(
    root: &ScopeCore<K>,
    mut visit: impl FnMut(&Header<K>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    live_tasks_and_shards(root, &mut visit, |_| ())
}

/// As [`live_tasks`]; before the tasks of each list `shard` is told how that stands.
pub(crate) fn live_tasks_and_shards<K: Sealed>(
    root: &ScopeCore<K>,
    mut visit: impl FnMut(&Header<K>) -> ControlFlow<()>,
    mut shard: impl FnMut(ShardMark),
) -> ControlFlow<()> {
    if let Place::Root(place) = &root.place
        && let Some(body) = place.body.get()
    {
        // SAFETY: a root that is listed as running has its body.
        visit_live(unsafe { body.as_ref() }, &mut visit)?;
    }
    visit_scope(root, &mut visit, &mut shard)?;
    scopes_below(root, |scope| visit_scope(scope, &mut visit, &mut shard))
}

/// A list of tasks, and how many have come in by now: who finds it the same twice has missed none that came in meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShardMark {
    scope: usize,
    entered: u32,
}

/// Whether a scope below `root`, or `root` itself, has a deadline that has not come.
pub(crate) fn awaits_deadline<K: Sealed>(root: &ScopeCore<K>) -> bool {
    let look =
        |scope: &ScopeCore<K>| if scope.deadline.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    look(root).is_break() || scopes_below(root, look).is_break()
}

fn scopes_below<K: Sealed>(
    root: &ScopeCore<K>,
    mut visit: impl FnMut(&ScopeCore<K>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut below = Vec::new();
    super::cancel::collect_children(root, &mut below);
    while let Some(scope) = below.pop() {
        visit(&scope)?;
        super::cancel::collect_children(&scope, &mut below);
    }
    ControlFlow::Continue(())
}

fn visit_live<K: Sealed>(header: &Header<K>, visit: &mut impl FnMut(&Header<K>) -> ControlFlow<()>) -> ControlFlow<()> {
    if header.state.is_complete() { ControlFlow::Continue(()) } else { visit(header) }
}

fn visit_scope<K: Sealed>(
    scope: &ScopeCore<K>,
    visit: &mut impl FnMut(&Header<K>) -> ControlFlow<()>,
    mark: &mut impl FnMut(ShardMark),
) -> ControlFlow<()> {
    for shard in scope.shards() {
        let shard = shard.lock();
        mark(ShardMark { scope: std::ptr::from_ref(scope).addr(), entered: shard.entered });
        let mut next = shard.list.front();
        while let Some(task) = next {
            // SAFETY: a task in the list is alive while the lock is held.
            visit_live(unsafe { task.as_ref() }, visit)?;
            // SAFETY: `task` is linked in this list.
            next = unsafe { shard.list.next(task) };
        }
    }
    ControlFlow::Continue(())
}

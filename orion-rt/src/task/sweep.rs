//! The end of a root: results nobody has taken are dropped while what they borrow is alive (J6), and panics nobody has raised
//! are handed to the root (P1).
//!
//! ```text
//!   1. `results`  every listed task: SWEPT, result dropped    a handle inside a result, its own task's too, goes the
//!                                                             usual way, and finds that the result is gone
//!      between them the root's channels are drained: a handle inside a value goes the same way
//!   2. `claims`   every task still listed: its handle was forgotten, the header is given up
//! ```
//!
//! Invariants
//! 1. The root has ended: every listed task is complete, and no task comes in.
//! 2. During the first pass swept tasks stand behind the others in each list.
//! 3. Handles are bounded by the root's lifetime, so when the results and the values in the root's channels have been dropped,
//!    and with them everything with that lifetime that can be, no handle of a listed task will be used.

use std::ptr::NonNull;

use super::header::Header;
use super::join::Claim;
use super::kind::{Lock, Sealed};
use super::owner::ScopeCore;
use super::shard::Shard;
use super::state::TaskState;
use crate::util::contain::discard;

/// The first pass: drops the results of all completed tasks below `root` whose handles are left.
pub(crate) fn results<K: Sealed>(root: &ScopeCore<K>) {
    everywhere(root, drop_results);
}

/// The second pass, when everything with the root's lifetime that can be dropped has been: gives up the claims of forgotten
/// handles.
pub(crate) fn claims<K: Sealed>(root: &ScopeCore<K>) {
    everywhere(root, give_up_claims);
    forgotten_panics(root);
}

/// Writes down, under a strict root that sweeps nothing, whose handles are left at its end (J8).
pub(crate) fn report_unclaimed<K: Sealed>(root: &ScopeCore<K>) {
    let Some(ledger) = root.ledger() else { return };
    everywhere(root, |scope| {
        for shard in scope.shards() {
            let shard = shard.lock();
            let mut next = shard.list.front();
            while let Some(task) = next {
                // SAFETY: listed, so alive while the lock is held.
                ledger.record(|| super::join::left_open(unsafe { task.as_ref() }));
                // SAFETY: `task` is linked in this list.
                next = unsafe { shard.list.next(task) };
            }
        }
    });
}

/// Takes over the panics of groups whose futures were forgotten: nobody else would raise them.
pub(crate) fn forgotten_panics<K: Sealed>(root: &ScopeCore<K>) {
    everywhere(root, |scope| {
        if !std::ptr::eq(scope, root)
            && let Some(payload) = scope.take_payload()
            && let Err(late) = root.end_with(payload)
        {
            discard(late);
        }
    });
}

fn everywhere<K: Sealed>(root: &ScopeCore<K>, visit: impl Fn(&ScopeCore<K>)) {
    visit(root);
    let mut below = Vec::new();
    super::cancel::collect_children(root, &mut below);
    while let Some(scope) = below.pop() {
        visit(&scope);
        super::cancel::collect_children(&scope, &mut below);
    }
}

fn drop_results<K: Sealed>(scope: &ScopeCore<K>) {
    for shard in scope.shards() {
        while let Some(task) = next_unswept::<K>(shard) {
            let header = {
                // SAFETY: listed, so alive, and kept so by the reference that comes next.
                unsafe { task.as_ref() }
            };
            // The handle may be inside the result.
            header.state.retain();
            // SAFETY: complete with HANDLE set, so the result is there; SWEPT keeps its handle from it.
            unsafe { super::finish::drop_result(task) };
            // SAFETY: the reference taken above.
            unsafe { super::finish::give_back(task, 1) };
        }
    }
}

/// The first task whose result is there; it is marked, and goes behind the others (2).
fn next_unswept<K: Sealed>(shard: &K::Lock<Shard<K>>) -> Option<NonNull<Header<K>>> {
    let mut shard = shard.lock();
    let task = shard.list.front()?;
    // SAFETY: listed, so alive.
    if unsafe { task.as_ref() }.swept.replace(true) {
        return None;
    }
    // SAFETY: it is the front of this list.
    unsafe { shard.list.unlink(task) };
    // SAFETY: in no list now, and alive by the reference that the list has.
    unsafe { shard.list.push_back(task) };
    Some(task)
}

fn give_up_claims<K: Sealed>(scope: &ScopeCore<K>) {
    for shard in scope.shards() {
        loop {
            let first = shard.lock().list.front();
            let Some(task) = first else { break };
            // SAFETY: HANDLE is set, and (3) its handle will not be used: this claim is the only one.
            unsafe { Claim::new(task) }.forsake();
        }
    }
}

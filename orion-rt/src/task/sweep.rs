//! The end of a root: results nobody will take are dropped while what they borrow is alive (J6).

use super::join::Claim;
use super::kind::{Lock, Sealed};
use super::owner::ScopeCore;

/// Drops the results of all completed tasks below `root` whose handles were forgotten. The root has ended: no task is left.
pub(crate) fn unclaimed<K: Sealed>(root: &ScopeCore<K>) {
    drop_results(root);
    let mut below = Vec::new();
    super::cancel::collect_children(root, &mut below);
    while let Some(scope) = below.pop() {
        drop_results(&scope);
        super::cancel::collect_children(&scope, &mut below);
    }
}

fn drop_results<K: Sealed>(scope: &ScopeCore<K>) {
    for shard in scope.shards() {
        loop {
            let first = shard.lock().list.front();
            let Some(task) = first else { break };
            // SAFETY: a completed task stays listed only while HANDLE is set; its handle was forgotten, for it is bounded by
            // the root's lifetime, so this claim is the only one.
            unsafe { Claim::new(task) }.release();
        }
    }
}

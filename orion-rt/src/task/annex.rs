//! What a task has beside its future once it opens a group, is shielded or held, or waits for its own cancellation. Few tasks do any of
//! this, so it is a box of its own, made by the thread that runs the task.

#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::sys::atomic::{AtomicBool, Ordering};
use crate::util::list::List;

use super::ancestry;
use super::header::Header;
use super::kind::{Count, Lock, Sealed};
use super::owner::{ScopeCore, UnderOpener};
use super::shields::Shields;
use super::signal::Signal;

/// See the module.
pub(crate) struct Annex<K: Sealed> {
    /// How many tasks it runs inside of (S3).
    pub(super) level: u32,
    /// The groups the task has opened.
    pub(crate) groups: K::Lock<List<ScopeCore<K>, UnderOpener>>,
    /// What keeps the task from being complete: its groups with live tasks, and 1 for its own future.
    pub(crate) pending: K::Count,
    /// The shields that are pending in it (X3).
    pub(crate) shields: Shields,
    /// Whether another thread uses what the task's future owns or borrows, so that nothing ends it (S10). Of the thread that runs it.
    pub(super) held: AtomicBool,
    /// What its cancellation is waited for with.
    pub(crate) signal: K::Lock<Option<Arc<Signal>>>,
}

impl<K: Sealed> Header<K> {
    /// The task's annex; only the thread that runs it makes it.
    pub(super) fn annex_or_new(&self) -> &Annex<K> {
        self.annex.get_or_make(|| Annex {
            level: ancestry::level(self),
            groups: Lock::new(List::new()),
            pending: K::Count::new(1),
            shields: Shields::new(),
            held: AtomicBool::new(false),
            signal: Lock::new(None),
        })
    }

    /// Whether the task is incomplete because of its groups or its own future. Asked on behalf of a task in one of its groups,
    /// the answer stays: that task is charged to this one (3 of `owner`) if it is `true`, and `false` is for ever.
    pub(crate) fn answers_for_groups(&self) -> bool {
        self.annex.get().is_some_and(|annex| annex.pending.get() != 0)
    }

    /// Whether the task runs on though it is cancelled: it is held (S10), which nothing may go through, or a shield is pending in
    /// it (X3).
    pub(super) fn stays(&self) -> bool {
        self.annex.get().is_some_and(|annex| annex.held.load(Ordering::Relaxed) || annex.shields.are_pending())
    }
}

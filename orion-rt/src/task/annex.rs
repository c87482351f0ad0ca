//! What a task has beside its future once it opens a group, is shielded or held, or waits for its own cancellation. Few tasks do any of
//! this, so it is a box of its own, made by the thread that runs the task.

#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::sys::atomic::{AtomicBool, AtomicU32, Ordering};
use crate::util::late::Late;
use crate::util::list::List;

use super::header::Header;
use super::kind::{Count, Lock, Sealed};
use super::owner::{ScopeCore, UnderOpener};
use super::shields::Shields;
use super::signal::Signal;
use super::state::{References, TaskState as _};
use super::{ancestry, child};

/// See the module.
pub(crate) struct Annex<K: Sealed> {
    /// How many tasks it runs inside of (S3).
    pub(super) level: u32,
    /// The groups the task has opened.
    pub(crate) groups: K::Lock<List<ScopeCore<K>, UnderOpener>>,
    /// The references that scopes it has opened have to it.
    pub(super) openings: K::Count,
    /// What keeps the task from being complete: its groups with live tasks, and 1 for its own future.
    pub(crate) pending: K::Count,
    /// The shields that are pending in it (X3).
    pub(crate) shields: Shields,
    /// The wait (`WaitCell`) after which no shield keeps anything of the task that is to end, plus one; else 0 (X3).
    pub(super) pierced: AtomicU32,
    /// Whether another thread uses what the task's future owns or borrows, so that nothing ends it (S10). Of the thread that runs it.
    pub(super) held: AtomicBool,
    /// The wakers of the children that it polls, once it has had any.
    pub(super) children: Late<Arc<child::Wakers>>,
    /// What its cancellation is waited for with.
    pub(crate) signal: K::Lock<Option<Arc<Signal>>>,
}

impl<K: Sealed> Header<K> {
    /// The task's annex; only the thread that runs it makes it.
    pub(super) fn annex_or_new(&self) -> &Annex<K> {
        self.annex.get_or_make(|| Annex {
            level: ancestry::level(self),
            groups: Lock::new(List::new()),
            openings: K::Count::new(0),
            pending: K::Count::new(1),
            shields: Shields::new(),
            pierced: AtomicU32::new(0),
            held: AtomicBool::new(false),
            children: Late::new(),
            signal: Lock::new(None),
        })
    }

    /// Whether the task is incomplete because of its groups or its own future. Asked on behalf of a task in one of its groups,
    /// the answer stays: that task is charged to this one (3 of `owner`) if it is `true`, and `false` is for ever.
    pub(crate) fn answers_for_groups(&self) -> bool {
        self.annex.get().is_some_and(|annex| annex.pending.get() != 0)
    }

    /// One more scope that the task has opened refers to it.
    pub(super) fn retain_opening(&self, annex: &Annex<K>) {
        annex.openings.add();
        self.state.retain();
    }

    /// The wakers of the task, and of the children in it, that are somewhere else than with objects of the runtime. Asked of a task that is
    /// parked, by its own thread on `Local`; exact if nothing changes meanwhile.
    pub(crate) fn foreign_wakers(&self) -> i64 {
        let References { all, own } = self.state.references();
        let (mut inside, mut of_children) = (0, 0);
        if let Some(annex) = self.annex.get() {
            inside = annex.openings.get() + annex.shields.count();
            of_children = annex.children.get().map_or(0, |children| children.foreign());
        }
        // One is the list's, or the claim's of a body.
        all - own - inside as i64 - 1 + of_children as i64
    }

    /// Whether objects of the runtime may have wakers of the task, or of children in it, for it to wait on them. To be asked by the thread
    /// that runs it.
    pub(super) fn has_registrations(&self) -> bool {
        self.state.has_registrations()
            || self
                .annex
                .get()
                .and_then(|annex| annex.children.get())
                .is_some_and(|children| children.has_registrations())
    }

    /// Whether the task runs on though it is cancelled: it is held (S10), which nothing may go through, or a shield is pending in
    /// it (X3), unless that was pierced.
    pub(super) fn stays(&self) -> bool {
        self.annex.get().is_some_and(|annex| {
            annex.held.load(Ordering::Relaxed) || annex.shields.are_pending() && !self.is_pierced()
        })
    }

    /// In the turn that it takes next no shield keeps what of the task is to end. It was found in the wait `epoch`; if it is in another
    /// by now, nothing comes of it.
    pub(super) fn pierce(&self, epoch: u32) {
        if let Some(annex) = self.annex.get() {
            annex.pierced.store(epoch.wrapping_add(1), Ordering::Release);
        }
    }

    /// Asked by who runs the task, or is about to.
    pub(super) fn is_pierced(&self) -> bool {
        self.annex.get().is_some_and(|annex| {
            let pierced = annex.pierced.load(Ordering::Acquire);
            pierced != 0 && pierced == self.wait.epoch().wrapping_add(1)
        })
    }

    /// Whether a shield keeps something of the task, which is parked.
    pub(super) fn is_shielded(&self) -> bool {
        self.annex.get().is_some_and(|annex| annex.shields.count() != 0 && !annex.held.load(Ordering::Relaxed))
    }
}

//! The scope as the owner of tasks: what it counts, and where it stands in the tree. Its lists are in `shard`, its end in `end`.
//!
//! ```text
//!   active = 1 while the body may still spawn + 1 per shard with live tasks (+ at the root: 1 per orphaned group)
//!          + BACKGROUND while background tasks live
//!   active == 0                 <=>  the scope has ended; it never leaves 0 again, so "ended" and "no task" are one step (S2)
//!   a multiple of BACKGROUND    <=>  nothing but background tasks is left: they are cancelled (S9)
//! ```
//!
//! Invariants
//! 1. `live` of a shard counts its incomplete tasks; its list holds those, and completed ones that outstay (header.rs) and
//!    still have a handle. A scope has one reference while a shard has either.
//! 2. `cancelled` is set before the shards are walked, and looked at under the shard's lock by every spawn: a task is either
//!    refused or found by the walk.
//! 3. A group with live tasks holds a charge: on the task that opened it, which is then not complete (S3), or, if that task
//!    is complete already or there is none, on the root.
//! 4. `children` and the owner's group list hold weak links: a scope unlinks itself before it is freed, under the same lock
//!    under which a walker takes its reference.
//! 5. Locks: a shard's, then a task's group list or signal, or a scope's `children`. `end` is taken alone. No user code under any.
//! 6. The decrement that takes the root's `active` to zero is the last touch of anything the root's caller owns. The scope's own
//!    memory is kept by a reference of whoever makes it.
//! 7. A scope of background tasks is a group of the scope they were spawned into, opened by the same task, in no task's list.
//! 8. A root keeps its scheduler until it is freed, for the handles of a root whose `'scope` is `'static`.
//!
//! Rejected: a reference to the scope per task (a contended cache line per spawn on `Multi`); one list per runtime (a cancel
//! would walk all tasks).

use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;

use crossbeam_utils::CachePadded;

use crate::coop::Root;
use crate::meta::TaskId;
use crate::meta::ledger::Ledger;
use crate::sys::atomic::{AtomicBool, Ordering};
use crate::util::list::{Linked, Links, List};
use crate::util::live::AliveScope;

use super::deadline::Deadline;
use super::end::{End, RootPlace};
use super::header::Header;
use super::kind::{Count, Lock, Schedule, Sealed};
use super::scope_ref::ScopeRef;
use super::shard::Shard;
use super::state::TaskState as _;

/// What the body, a shard with live tasks and an orphaned group add to a scope's activity.
pub(crate) const ORDINARY: usize = 1;
/// What live background tasks add. There is one such scope, of one shard; but while the thread that ran its last task has not
/// come to take this off, a task spawned meanwhile adds it anew, so it is counted, by as many threads as may be on their way.
pub(crate) const BACKGROUND: usize = 1 << (usize::BITS / 4 * 3);

/// See the module.
pub struct ScopeCore<K: Sealed> {
    pub(super) refs: K::Count,
    pub(crate) active: K::Count,
    cancelled: AtomicBool,
    failed: AtomicBool,
    body_is_to_stop: AtomicBool,
    /// Whether it was to end though it was shielded (X3).
    pierced: AtomicBool,
    first: K::Lock<Shard<K>>,
    more: Box<[PaddedShard<K>]>,
    pub(crate) shared: NonNull<K::Shared>,
    pub(crate) place: Place<K>,
    pub(crate) children: K::Lock<List<Self, UnderParent>>,
    sibling_links: Links<Self>,
    group_links: Links<Self>,
    pub(super) end: K::Lock<End<K>>,
    pub(super) deadline: Deadline<K>,
    /// Whether its tasks are background ones, or are inside of such (S9).
    pub(crate) in_background: bool,
    /// Whether the root has a ledger (J8).
    pub(crate) strict: bool,
    pub(crate) location: &'static Location<'static>,
    _alive: AliveScope,
}

/// A shard on cache lines of its own.
type PaddedShard<K> = CachePadded<<K as Sealed>::Lock<Shard<K>>>;

/// Where a scope stands.
pub(crate) enum Place<K: Sealed> {
    /// A root.
    Root(RootPlace<K>),
    /// A group: the scope it was opened on, its root, and the task that opened it (with a reference), if any; whether it is
    /// that of the parent's background tasks (7).
    Group { parent: ScopeRef<K>, root: NonNull<ScopeCore<K>>, opener: Option<NonNull<Header<K>>>, background: bool },
}

/// The list of scopes opened on a scope.
#[derive(Debug)]
pub(crate) struct UnderParent;
/// The list of scopes opened by a task.
#[derive(Debug)]
pub(crate) struct UnderOpener;

// SAFETY: `sibling_links` is a field of the scope.
unsafe impl<K: Sealed> Linked<UnderParent> for ScopeCore<K> {
    unsafe fn links<'a>(node: NonNull<Self>) -> &'a Links<Self> {
        // SAFETY: the node is valid, promised by the caller.
        unsafe { &(*node.as_ptr()).sibling_links }
    }
}

// SAFETY: `group_links` is a field of the scope.
unsafe impl<K: Sealed> Linked<UnderOpener> for ScopeCore<K> {
    unsafe fn links<'a>(node: NonNull<Self>) -> &'a Links<Self> {
        // SAFETY: the node is valid, promised by the caller.
        unsafe { &(*node.as_ptr()).group_links }
    }
}

impl<K: Sealed> ScopeCore<K> {
    /// A root of the runtime at `shared`, waited for by this thread, its list split into `shards`.
    ///
    /// # Safety
    /// `shared` is alive.
    pub(crate) unsafe fn new_root(
        shared: NonNull<K::Shared>,
        shards: usize,
        ledger: Option<Arc<Ledger>>,
        location: &'static Location<'static>,
    ) -> ScopeRef<K> {
        // SAFETY: promised by the caller.
        unsafe { Self::any_root(shared, shards, RootPlace::of_this_thread(ledger), location) }
    }

    /// A root whose body the workers run.
    ///
    /// # Safety
    /// `shared` is alive.
    pub(crate) unsafe fn new_started_root(
        shared: NonNull<K::Shared>,
        shards: usize,
        ledger: Option<Arc<Ledger>>,
        location: &'static Location<'static>,
    ) -> ScopeRef<K> {
        // SAFETY: promised by the caller.
        unsafe { Self::any_root(shared, shards, RootPlace::of_workers(ledger), location) }
    }

    unsafe fn any_root(
        shared: NonNull<K::Shared>,
        shards: usize,
        place: RootPlace<K>,
        location: &'static Location<'static>,
    ) -> ScopeRef<K> {
        // SAFETY: alive, promised by the caller; given back when the root is freed (8).
        unsafe { K::Shared::retain(shared) };
        ScopeRef::allocate(Self::new(shared, shards, Place::Root(place), location))
    }

    /// A group on `parent`, opened by `opener`, which is being polled by this thread.
    pub(crate) fn group(
        parent: &ScopeRef<K>,
        opener: Option<NonNull<Header<K>>>,
        location: &'static Location<'static>,
    ) -> ScopeRef<K> {
        let annex = opener.map(|task| {
            // SAFETY: the opener is being polled.
            let header = unsafe { task.as_ref() };
            let annex = header.annex_or_new();
            header.retain_opening(annex);
            annex
        });
        let place = Place::Group { parent: parent.clone(), root: parent.root_ptr(), opener, background: false };
        let group = ScopeRef::allocate(Self::new(parent.shared, 1, place, location));
        Self::join_siblings(&group, parent);
        let mut opener_cancelled = false;
        if let (Some(annex), Some(task)) = (annex, opener) {
            let mut list = annex.groups.lock();
            // SAFETY: as above.
            unsafe { list.push_back(group.as_ptr()) };
            // SAFETY: the opener is being polled.
            opener_cancelled = unsafe { task.as_ref() }.state.is_cancelled();
        }
        if opener_cancelled {
            group.mark_cancelled();
        }
        group
    }

    /// A scope for the background tasks of `parent` (7).
    pub(super) fn background_of(parent: &ScopeRef<K>) -> ScopeRef<K> {
        let opener = match &parent.place {
            Place::Group { opener, .. } => *opener,
            Place::Root(_) => None,
        };
        if let Some(opener) = opener {
            // SAFETY: the parent has a reference to it.
            let header = unsafe { opener.as_ref() };
            header.retain_opening(header.annex.get().expect("the opener of a group has an annex"));
        }
        if let Place::Root(root) = &parent.root_core().place {
            root.background.store(true, Ordering::Release);
        }
        let place = Place::Group { parent: parent.clone(), root: parent.root_ptr(), opener, background: true };
        let group = ScopeRef::allocate(Self::new(parent.shared, 1, place, parent.location));
        Self::join_siblings(&group, parent);
        group
    }

    /// The group becomes known to `parent`: a cancel of that reaches it, or has been seen.
    fn join_siblings(this: &ScopeRef<K>, parent: &Self) {
        let cancelled = {
            let mut children = parent.children.lock();
            // SAFETY: valid until `ScopeRef::drop` unlinks it (4).
            unsafe { children.push_back(this.as_ptr()) };
            parent.is_cancelled() || parent.active.get() == 0
        };
        if cancelled {
            this.mark_cancelled();
        }
    }

    fn new(shared: NonNull<K::Shared>, shards: usize, place: Place<K>, location: &'static Location<'static>) -> Self {
        let (strict, in_background) = match &place {
            Place::Root(root) => (root.ledger.is_some(), false),
            Place::Group { parent, opener, background, .. } => {
                // SAFETY: the opener is being polled, or the parent has a reference to it.
                let opened = opener.is_some_and(|task| unsafe { task.as_ref() }.was_born_in_background());
                (parent.strict, *background || parent.in_background || opened)
            }
        };
        Self {
            refs: K::Count::new(1),
            active: K::Count::new(1),
            cancelled: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            body_is_to_stop: AtomicBool::new(false),
            pierced: AtomicBool::new(false),
            first: Lock::new(Shard::new()),
            more: (1..shards).map(|_| CachePadded::new(Lock::new(Shard::new()))).collect(),
            shared,
            place,
            children: Lock::new(List::new()),
            sibling_links: Links::new(),
            group_links: Links::new(),
            end: Lock::new(End::new()),
            deadline: Deadline::none(),
            in_background,
            strict,
            location,
            _alive: AliveScope::new(),
        }
    }

    /// The scheduler of the scope's tasks.
    pub(super) fn scheduler(&self) -> &K::Shared {
        // SAFETY: (8).
        unsafe { self.shared.as_ref() }
    }

    pub(super) fn is_sharded(&self) -> bool {
        !self.more.is_empty()
    }

    pub(super) fn shard_count(&self) -> usize {
        self.more.len() + 1
    }

    pub(super) fn shard(&self, index: usize) -> &K::Lock<Shard<K>> {
        if index == 0 { &self.first } else { &self.more[index - 1] }
    }

    /// Every shard, in order.
    pub(crate) fn shards(&self) -> impl Iterator<Item = &K::Lock<Shard<K>>> {
        (0..=self.more.len()).map(|i| self.shard(i))
    }

    /// The root of the tree this scope is in.
    pub(crate) fn root_core(&self) -> &Self {
        match &self.place {
            Place::Root(_) => self,
            // SAFETY: a group has a reference to its parent, and so on up to the root.
            Place::Group { root, .. } => unsafe { root.as_ref() },
        }
    }

    /// What stands for that root.
    pub(crate) fn root(&self) -> Root {
        match &self.root_core().place {
            Place::Root(root) => root.identity,
            Place::Group { .. } => unreachable!("a root is no group"),
        }
    }

    /// Where what is left open below this root is written down, if the root is strict.
    pub(crate) fn ledger(&self) -> Option<&Arc<Ledger>> {
        match &self.root_core().place {
            Place::Root(root) => root.ledger.as_ref(),
            Place::Group { .. } => None,
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Sets the flag (2); `true` the first time.
    pub(crate) fn mark_cancelled(&self) -> bool {
        !self.cancelled.swap(true, Ordering::AcqRel)
    }

    /// Sets the flag; `true` the first time.
    pub(super) fn mark_failed(&self) -> bool {
        !self.failed.swap(true, Ordering::AcqRel)
    }

    /// The scope that the scope's panics belong to: its parent if its tasks are background tasks.
    pub(super) fn visible(&self) -> &Self {
        match &self.place {
            Place::Group { parent, background: true, .. } => parent,
            _ => self,
        }
    }

    /// The identity of a root's body, while it runs.
    pub(crate) fn body_id(&self) -> Option<TaskId> {
        let Place::Root(root) = &self.place else { return None };
        // SAFETY: a root that has not ended keeps its body.
        root.body.get().map(|body| unsafe { body.as_ref() }.id)
    }

    /// Whether the root has tasks in the background, or has had some.
    pub(crate) fn has_background(&self) -> bool {
        matches!(&self.place, Place::Root(root) if root.background.load(Ordering::Acquire))
    }

    /// Notes of a root that all of it has been asked to stop, its body too.
    pub(super) fn mark_stopped(&self) {
        if let Place::Root(root) = &self.place {
            root.stopped.store(true, Ordering::Release);
        }
    }

    /// Whether it is a root, one that does not end meanwhile, of which all has been asked to stop, or that has no body to be asked any more:
    /// no request from now on changes anything.
    pub(crate) fn is_stopped(&self) -> bool {
        let Place::Root(root) = &self.place else { return false };
        let has_returned = || {
            // SAFETY: a root that has not ended keeps its body.
            root.body.get().is_some_and(|body| unsafe { body.as_ref() }.state.is_returned())
        };
        root.stopped.load(Ordering::Acquire) || self.is_cancelled() && has_returned()
    }

    /// Notes that no shield keeps the body any more; `true` the first time.
    pub(super) fn mark_pierced(&self) -> bool {
        !self.pierced.swap(true, Ordering::AcqRel)
    }

    /// Notes that the group's body is to be polled no more.
    pub(super) fn mark_body(&self) {
        self.body_is_to_stop.store(true, Ordering::Release);
    }

    /// Whether the group's body is to be polled no more.
    pub(crate) fn body_is_to_stop(&self) -> bool {
        self.stop_flag().load(Ordering::Acquire)
    }

    /// What says so.
    pub(crate) fn stop_flag(&self) -> &AtomicBool {
        &self.body_is_to_stop
    }

    /// Whether a task of the scope, or its body, has panicked.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

//! The scope as the owner of tasks: their list, their count, what has failed, and where the scope stands in the tree.
//!
//! ```text
//!   active = 1 while the body may still spawn + 1 per shard with live tasks (+ at the root: 1 per orphaned group)
//!   active == 0  <=>  the scope has ended; it never leaves 0 again, so "ended" and "no task" are one step (S2)
//! ```
//!
//! Invariants
//! 1. `live` of a shard counts its incomplete tasks; its list holds those, and completed ones whose result has a destructor
//!    and still belongs to a handle. A scope has one reference while a shard has either.
//! 2. `cancelled` is set before the shards are walked, and looked at under the shard's lock by every spawn: a task is either
//!    refused or found by the walk.
//! 3. A group with live tasks holds a charge: on the task that opened it, which is then not complete (S3), or, if that task
//!    is complete already or there is none, on the root.
//! 4. `children` and the owner's group list hold weak links: a scope unlinks itself before it is freed, under the same lock
//!    under which a walker takes its reference.
//! 5. Locks: a shard's, then a task's group list or a scope's `children`. `end` is taken alone. No user code under any.
//! 6. The decrement that takes the root's `active` to zero is the last touch of anything the root owns, except through
//!    references taken before it.
//!
//! Rejected: a reference to the scope per task (a contended cache line per spawn on `Multi`); one list per runtime (a cancel
//! would walk all tasks).

use std::any::Any;
use std::cell::Cell;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;
use std::thread::Thread;

use crossbeam_utils::CachePadded;

use crate::util::list::{Linked, Links, List};

use super::header::{Header, InScope};
use super::kind::{Count, Lock, Schedule, Sealed};
use super::scope_ref::ScopeRef;

/// See the module.
pub struct ScopeCore<K: Sealed> {
    pub(super) refs: K::Count,
    pub(crate) active: K::Count,
    cancelled: AtomicBool,
    failed: AtomicBool,
    first: K::Lock<Shard<K>>,
    more: Box<[PaddedShard<K>]>,
    pub(crate) shared: NonNull<K::Shared>,
    pub(crate) place: Place<K>,
    pub(crate) children: K::Lock<List<Self, UnderParent>>,
    sibling_links: Links<Self>,
    group_links: Links<Self>,
    end: K::Lock<End>,
    pub(crate) location: &'static Location<'static>,
}

/// A shard on cache lines of its own.
type PaddedShard<K> = CachePadded<<K as Sealed>::Lock<Shard<K>>>;

/// Where a scope stands.
pub(crate) enum Place<K: Sealed> {
    /// A root, the thread that waits for it, its body, and whether that is to be run.
    Root { thread: K::Lock<Thread>, body: Cell<Option<NonNull<Header<K>>>>, woken: AtomicBool },
    /// A group: the scope it was opened on, its root, and the task that opened it (with a reference), if any.
    Group { parent: ScopeRef<K>, root: NonNull<ScopeCore<K>>, opener: Option<NonNull<Header<K>>> },
}

/// One worker's part of a scope's tasks.
pub(crate) struct Shard<K: Sealed> {
    pub(crate) list: List<Header<K>, InScope>,
    live: usize,
    charge: Charge,
}

/// Who answers for a group's live tasks (3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charge {
    None,
    Opener,
    Root,
}

/// What the scope's end is waited with and ends with.
#[derive(Debug)]
pub(crate) struct End {
    payload: Option<Box<dyn Any + Send>>,
    abandoned: bool,
    waiter: Option<Waker>,
}

/// The groups one task has opened: their list, and what keeps the task from being complete (1 for its own future).
pub(crate) struct Groups<K: Sealed> {
    pub(crate) list: K::Lock<List<ScopeCore<K>, UnderOpener>>,
    pub(crate) pending: K::Count,
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
    pub(crate) fn root(shared: NonNull<K::Shared>, shards: usize, location: &'static Location<'static>) -> ScopeRef<K> {
        let thread = Lock::new(std::thread::current());
        let place = Place::Root { thread, body: Cell::new(None), woken: AtomicBool::new(false) };
        ScopeRef::allocate(Self::new(shared, shards, place, location))
    }

    /// A group on `parent`, opened by `opener`, which is being polled by this thread.
    pub(crate) fn group(
        parent: &ScopeRef<K>,
        opener: Option<NonNull<Header<K>>>,
        location: &'static Location<'static>,
    ) -> ScopeRef<K> {
        let groups = opener.map(|task| {
            // SAFETY: the opener is being polled.
            let header = unsafe { task.as_ref() };
            header.state_retain();
            header.groups_or_new()
        });
        let place = Place::Group { parent: parent.clone(), root: parent.root(), opener };
        let group = ScopeRef::allocate(Self::new(parent.shared, 1, place, location));
        let cancelled = {
            let mut children = parent.children.lock();
            // SAFETY: valid until `ScopeRef::drop` unlinks it (4).
            unsafe { children.push_back(group.as_ptr()) };
            parent.is_cancelled() || parent.active.get() == 0
        };
        let mut opener_cancelled = false;
        if let (Some(groups), Some(task)) = (groups, opener) {
            let mut list = groups.list.lock();
            // SAFETY: as above.
            unsafe { list.push_back(group.as_ptr()) };
            // SAFETY: the opener is being polled.
            opener_cancelled = super::state::TaskState::is_cancelled(unsafe { &task.as_ref().state });
        }
        if cancelled || opener_cancelled {
            group.mark_cancelled();
        }
        group
    }

    fn new(shared: NonNull<K::Shared>, shards: usize, place: Place<K>, location: &'static Location<'static>) -> Self {
        Self {
            refs: K::Count::new(1),
            active: K::Count::new(1),
            cancelled: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            first: Lock::new(Shard::new()),
            more: (1..shards).map(|_| CachePadded::new(Lock::new(Shard::new()))).collect(),
            shared,
            place,
            children: Lock::new(List::new()),
            sibling_links: Links::new(),
            group_links: Links::new(),
            end: Lock::new(End { payload: None, abandoned: false, waiter: None }),
            location,
        }
    }

    fn shard(&self, index: usize) -> &K::Lock<Shard<K>> {
        if index == 0 { &self.first } else { &self.more[index - 1] }
    }

    /// Every shard, in order.
    pub(crate) fn shards(&self) -> impl Iterator<Item = &K::Lock<Shard<K>>> {
        (0..=self.more.len()).map(|i| self.shard(i))
    }

    /// The root of the tree this scope is in.
    pub(crate) fn root_core(&self) -> &Self {
        match &self.place {
            Place::Root { .. } => self,
            // SAFETY: a scope is used only while its root lives: by tasks, which the root waits for, and by handles, whose
            // lifetime the root's bounds.
            Place::Group { root, .. } => unsafe { root.as_ref() },
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Sets the flag (2); `true` the first time.
    pub(crate) fn mark_cancelled(&self) -> bool {
        !self.cancelled.swap(true, Ordering::AcqRel)
    }

    /// Whether a task of the scope, or its body, has panicked.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Puts `task` in the list, or refuses because the scope is cancelled or has ended (S5).
    ///
    /// # Safety
    /// `task` is alive and in no list; the pointer is the one its allocation gave, for the list's users reach the whole task.
    pub(crate) unsafe fn enlist(&self, task: NonNull<Header<K>>) -> bool {
        // SAFETY: the scope's runtime lives as long as its root, see `root_core`; an ended root's is not asked.
        let index = if self.more.is_empty() { 0 } else { unsafe { self.shared.as_ref() }.shard(self.more.len() + 1) };
        let mut shard = self.shard(index).lock();
        if self.is_cancelled() || (shard.live == 0 && !self.begin_shard(&mut shard)) {
            return false;
        }
        if shard.live == 0 && shard.list.is_empty() {
            self.refs.add();
        }
        shard.live += 1;
        // SAFETY: promised by the caller.
        unsafe { task.as_ref() }.shard.set(index as u32);
        // SAFETY: a task in the list is alive: the list has a reference to it.
        unsafe { shard.list.push_back(task) };
        true
    }

    /// A shard gets its first live task: counts it and charges it (3), unless the scope has ended.
    fn begin_shard(&self, shard: &mut Shard<K>) -> bool {
        if !self.active.add_unless_zero() {
            return false;
        }
        if let Place::Group { opener, .. } = &self.place {
            // SAFETY: the group has a reference to its opener.
            let groups = opener.and_then(|task| unsafe { task.as_ref() }.groups().map(|g| g.pending.add_unless_zero()));
            if groups == Some(true) {
                shard.charge = Charge::Opener;
            } else if self.root_core().active.add_unless_zero() {
                shard.charge = Charge::Root;
            } else {
                self.active.sub();
                return false;
            }
        }
        true
    }

    /// Counts a completed task out and, where asked, takes it off the list. Gives the task that completes with it, if any.
    ///
    /// The scope may be gone when this returns.
    ///
    /// # Safety
    /// `task` is counted in the scope at `this`, and the caller has a reference to it.
    pub(crate) unsafe fn leave(
        this: NonNull<Self>,
        task: NonNull<Header<K>>,
        unlink: bool,
    ) -> Option<NonNull<Header<K>>> {
        // SAFETY: the task is counted here, so the shard is not empty and (1) the scope alive.
        let scope = unsafe { this.as_ref() };
        let (charge, emptied, unreferenced) = {
            // SAFETY: promised by the caller.
            let index = unsafe { task.as_ref() }.shard.get() as usize;
            let mut shard = scope.shard(index).lock();
            if unlink {
                // SAFETY: an incomplete task is in its scope's list.
                unsafe { shard.list.unlink(task) };
            }
            shard.live -= 1;
            let emptied = shard.live == 0;
            let charge = if emptied { std::mem::replace(&mut shard.charge, Charge::None) } else { Charge::None };
            (charge, emptied, emptied && shard.list.is_empty())
        };
        let mut next = None;
        match charge {
            Charge::None => {}
            Charge::Root => scope.root_core().end_activity(),
            Charge::Opener => next = scope.discharge_opener(),
        }
        if emptied {
            scope.end_activity();
        }
        if unreferenced {
            // SAFETY: the reference of the shard that has just become empty (1).
            drop(unsafe { ScopeRef::from_raw(this) });
        }
        next
    }

    fn discharge_opener(&self) -> Option<NonNull<Header<K>>> {
        let Place::Group { opener: Some(opener), .. } = &self.place else { return None };
        // SAFETY: the group has a reference to its opener.
        let groups = unsafe { opener.as_ref() }.groups()?;
        (groups.pending.sub() == 0).then_some(*opener)
    }

    /// Takes a completed task whose handle is done with it off the list.
    ///
    /// # Safety
    /// `task` is in the list of the scope at `this`.
    pub(crate) unsafe fn unlist(this: NonNull<Self>, task: NonNull<Header<K>>) {
        // SAFETY: the task is in the list, so (1) the scope is alive.
        let scope = unsafe { this.as_ref() };
        let unreferenced = {
            // SAFETY: a listed task is alive.
            let index = unsafe { task.as_ref() }.shard.get() as usize;
            let mut shard = scope.shard(index).lock();
            // SAFETY: in the list, promised by the caller.
            unsafe { shard.list.unlink(task) };
            shard.live == 0 && shard.list.is_empty()
        };
        if unreferenced {
            // SAFETY: the reference of the shard that has just become empty (1).
            drop(unsafe { ScopeRef::from_raw(this) });
        }
    }

    /// One activity less; whoever waits for the end learns of the last (6).
    pub(crate) fn end_activity(&self) {
        match &self.place {
            Place::Root { thread, .. } => {
                if let Some(thread) = self.active.sub_with(|| thread.lock().clone()) {
                    thread.unpark();
                }
            }
            Place::Group { .. } => {
                if self.active.sub() == 0 {
                    self.notify();
                }
            }
        }
    }

    /// This thread waits for the root from now on.
    pub(crate) fn wait_on_this_thread(&self) {
        if let Place::Root { thread, .. } = &self.place {
            *thread.lock() = std::thread::current();
        }
    }

    /// The body of the root at `root` has become runnable: its thread may run it now. Once the flag is set that thread may run
    /// the body, and with it the root, to the end; so nothing of the root is touched afterwards.
    ///
    /// # Safety
    /// The caller made the body's transition to SCHEDULED, and has not called this for it yet.
    pub(crate) unsafe fn wake_body(root: NonNull<Self>) {
        // SAFETY: a body that is scheduled and that nobody may run yet keeps its root.
        let Place::Root { thread, woken, .. } = (unsafe { &(*root.as_ptr()).place }) else { return };
        let thread = thread.lock().clone();
        woken.store(true, Ordering::Release);
        thread.unpark();
    }

    /// Whether the body has been woken since the last call.
    pub(crate) fn take_body_wake(&self) -> bool {
        matches!(&self.place, Place::Root { woken, .. } if woken.swap(false, Ordering::Acquire))
    }

    /// The scope fails: it keeps `payload`, unless it has one (P1). `Err`: it has failed already, or nobody is left here to
    /// raise anything; the payload comes back.
    pub(crate) fn fail_with(&self, payload: Box<dyn Any + Send>) -> Result<(), Box<dyn Any + Send>> {
        let mut end = self.end.lock();
        if end.abandoned || self.failed.swap(true, Ordering::AcqRel) {
            return Err(payload);
        }
        let later = end.keep(payload);
        drop(end);
        if let Some(later) = later {
            crate::util::contain::discard(later);
        }
        Ok(())
    }

    /// Keeps `payload` to be raised at the end, unless there is one; the scope goes on (P2). `Err`: nobody is left here to
    /// raise anything.
    pub(crate) fn end_with(&self, payload: Box<dyn Any + Send>) -> Result<(), Box<dyn Any + Send>> {
        let mut end = self.end.lock();
        if end.abandoned {
            return Err(payload);
        }
        let later = end.keep(payload);
        drop(end);
        if let Some(later) = later {
            crate::util::contain::discard(later);
        }
        Ok(())
    }

    /// The payload to raise when all are gone.
    pub(crate) fn take_payload(&self) -> Option<Box<dyn Any + Send>> {
        self.end.lock().payload.take()
    }

    /// The group's future is gone: nobody will raise a payload here. Gives one that waits to be raised.
    pub(crate) fn abandon(&self) -> Option<Box<dyn Any + Send>> {
        let (payload, waiter) = {
            let mut end = self.end.lock();
            end.abandoned = true;
            (end.payload.take(), end.waiter.take())
        };
        crate::util::contain::contained(|| drop(waiter));
        payload
    }

    /// Whether the group's future is gone.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.end.lock().abandoned
    }

    /// Has `waker` woken at the next failure and at the end.
    pub(crate) fn wait_with(&self, waker: &Waker) {
        if self.end.lock().waiter.as_ref().is_some_and(|w| w.will_wake(waker)) {
            return;
        }
        let waker = waker.clone();
        let before = self.end.lock().waiter.replace(waker);
        drop(before);
    }

    /// Wakes the group's future.
    pub(crate) fn notify(&self) {
        let waiter = self.end.lock().waiter.take();
        if let Some(waker) = waiter {
            crate::util::contain::contained(|| waker.wake());
        }
    }
}

impl End {
    /// Keeps the first payload; gives a later one back.
    fn keep(&mut self, payload: Box<dyn Any + Send>) -> Option<Box<dyn Any + Send>> {
        match self.payload {
            None => {
                self.payload = Some(payload);
                None
            }
            Some(_) => Some(payload),
        }
    }
}

impl<K: Sealed> Shard<K> {
    const fn new() -> Self {
        Self { list: List::new(), live: 0, charge: Charge::None }
    }
}

impl<K: Sealed> Header<K> {
    /// Whether the task is incomplete because of its groups or its own future. Asked on behalf of a task in one of its groups,
    /// the answer stays: that task is charged to this one (3) if it is `true`, and `false` is for ever.
    pub(crate) fn answers_for_groups(&self) -> bool {
        self.groups().is_some_and(|groups| groups.pending.get() != 0)
    }

    fn state_retain(&self) {
        super::state::TaskState::retain(&self.state);
    }

    /// The task's groups; only the thread that runs it opens the first.
    fn groups_or_new(&self) -> &Groups<K> {
        if let Some(groups) = self.groups() {
            return groups;
        }
        let groups = Box::new(Groups { list: Lock::new(List::new()), pending: K::Count::new(1) });
        self.groups.store(Box::into_raw(groups), Ordering::Release);
        self.groups().expect("just set")
    }
}

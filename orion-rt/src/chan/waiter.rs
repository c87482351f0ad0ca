//! A waiter: the node by which a parked send, receive or select arm stands in a channel's queue.
//!
//! ```text
//!            poll: queue full/empty          peer: moves the value
//!   IDLE -----------------------> WAITING ----------------------> DONE    --owner--> FINISHED
//!     \_____________ poll: done at once ________________________^         \__ dropped: value given back (X5)
//!                                   \---- peer: close ----------> CLOSED  --owner--> FINISHED
//! ```
//!
//! Purpose: it lives in the future that waits, which is pinned, and owns nothing but the waker. A single operation is a
//! waiter with `contest` null; the waiters of a select share a [`Contest`], whose word says who may complete it.
//!
//! Invariants
//! 1. A waiter is linked only between WAITING's begin and end, and only while the pinned object that owns it is alive:
//!    its destructor unlinks it. A forgotten one stays where it is for ever, pinned, and stays valid.
//! 2. While a waiter is linked, `links`, `contest`, `arm`, `payload` and `waker` belong to whoever holds the lock of its
//!    channel; otherwise to the owner. `status` may be read by the owner at any time.
//! 3. A peer completes a waiter with `complete`: unlinked before, value moved, waker taken *out*, and then published by
//!    one Release store (`status`, or the contest's word), its last touch: after it the owner may free the memory.
//! 4. `slot` is aligned for the channel's element and valid as long as the waiter. For a send it holds the value until
//!    DONE; for a receive from DONE on.
//! 5. A contest outlives the attachment of its waiters: dropped earlier, it aborts the process.
//!
//! Rejected: the value inside the node (a frame's receive writes to memory the frame owns); a boxed node (C11).

use super::claim::{Claim, ClaimWord};
use super::core::Core;
use super::wakes::Wake;
use crate::coop;
use crate::sys::UnsafeCell;
use crate::sys::atomic::{AtomicU32, Ordering};
use crate::util::list::{Linked, Links, List};
use std::cell::Cell;
use std::ptr;
use std::ptr::NonNull;
use std::task::{Context, Waker};

/// What has become of a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Status {
    /// Never linked.
    Idle = 0,
    /// Linked, or about to be completed by the peer that has unlinked it.
    Waiting = 1,
    /// The value has moved.
    Done = 2,
    /// The channel was closed; a send still has its value.
    Closed = 3,
    /// The owner has fetched the result.
    Finished = 4,
    /// An arm that is out of its select: closed and drained.
    Out = 5,
}

/// Where the value is, and which one it is.
#[derive(Debug)]
struct Payload {
    slot: *mut u8,
    seq: u64,
}

#[derive(Debug)]
pub(crate) struct Waiter {
    links: Links<Waiter>,
    status: AtomicU32,
    arm: Cell<u32>,
    contest: Cell<*const Contest>,
    payload: UnsafeCell<Payload>,
    waker: UnsafeCell<Option<Waker>>,
}

/// Names the one list a waiter can be in.
#[derive(Debug)]
pub(super) enum InQueue {}

// SAFETY: `links` is a field of the node.
unsafe impl Linked<InQueue> for Waiter {
    unsafe fn links<'a>(node: NonNull<Self>) -> &'a Links<Self> {
        // SAFETY: the node is valid, promised by the caller, and reached by shared references only.
        unsafe { &(*node.as_ptr()).links }
    }
}

impl Waiter {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            links: Links::new(),
            status: AtomicU32::new(Status::Idle as u32),
            arm: Cell::new(0),
            contest: Cell::new(ptr::null()),
            payload: UnsafeCell::new(Payload { slot: ptr::null_mut(), seq: 0 }),
            waker: UnsafeCell::new(None),
        }
    }

    /// Arm `arm` of a select, about to be linked.
    #[inline]
    pub(super) fn of_arm(contest: &Contest, arm: u32, slot: *mut u8) -> Self {
        Self {
            links: Links::new(),
            status: AtomicU32::new(Status::Waiting as u32),
            arm: Cell::new(arm),
            contest: Cell::new(contest),
            payload: UnsafeCell::new(Payload { slot, seq: 0 }),
            waker: UnsafeCell::new(None),
        }
    }

    /// Owner: what has become of it. `Done` and `Closed` make all that the peer has written visible.
    #[inline]
    pub(crate) fn status(&self) -> Status {
        match self.status.load(Ordering::Acquire) {
            0 => Status::Idle,
            1 => Status::Waiting,
            2 => Status::Done,
            3 => Status::Closed,
            4 => Status::Finished,
            _ => Status::Out,
        }
    }

    /// Owner, not linked: the operation ended without a peer's help.
    #[inline]
    pub(crate) fn set_status(&self, status: Status) {
        self.status.store(status as u32, Ordering::Relaxed);
    }

    /// Owner, not linked: the value is at `slot` and is number `seq` of its channel.
    #[inline]
    pub(crate) fn set_payload(&self, slot: *mut u8, seq: u64) {
        self.payload.with_mut(|payload| {
            // SAFETY: (2): not linked, so the payload is the owner's.
            unsafe { *payload = Payload { slot, seq } };
        });
    }

    /// Owner, not linked, or under the lock: the number of the value in the slot.
    #[inline]
    pub(crate) fn seq(&self) -> u64 {
        self.payload.with_mut(|payload| {
            // SAFETY: (2): not linked, or the lock is held.
            unsafe { (*payload).seq }
        })
    }

    /// Owner, after `Done` was seen: takes possession of the value in the slot.
    #[inline]
    pub(crate) fn acquire(&self) {
        if cfg!(loom) {
            let _ = self.seq();
        }
    }

    /// Whether it is in a queue. Under the channel's lock.
    #[inline]
    pub(super) fn is_linked(&self) -> bool {
        self.links.is_linked()
    }

    /// Owner, not linked: makes it a single waiter that wakes `waker`.
    #[inline]
    pub(super) fn prepare(&self, slot: *mut u8, waker: Waker) {
        self.set_payload(slot, 0);
        let old = self.replace_waker(Some(waker));
        debug_assert!(old.is_none());
        self.set_status(Status::Waiting);
    }

    /// The contest it is attached to.
    #[inline]
    pub(super) fn contest(&self) -> *const Contest {
        self.contest.get()
    }

    /// Owner, not linked: whether nothing is left to be dropped.
    pub(super) fn has_no_waker(&self) -> bool {
        self.waker.with_mut(|waker| {
            // SAFETY: (2): not linked.
            unsafe { &*waker }.is_none()
        })
    }

    /// Whether `cx` would wake the same task as the stored waker. Under the lock.
    pub(super) fn wakes_same(&self, cx: &Context<'_>) -> bool {
        self.waker.with_mut(|waker| {
            // SAFETY: (2): the lock is held.
            unsafe { &*waker }.as_ref().is_some_and(|waker| coop::same(waker, cx.waker()))
        })
    }

    /// Exchanges the waker; the old one is to be dropped outside the lock. Under the lock, or not linked.
    #[inline]
    pub(super) fn replace_waker(&self, new: Option<Waker>) -> Option<Waker> {
        self.waker.with_mut(|waker| {
            // SAFETY: (2): the lock is held, or the waiter is not linked.
            std::mem::replace(unsafe { &mut *waker }, new)
        })
    }

    /// Peer, with the lock: may it complete this linked waiter? Not one of its own select `me`.
    #[inline]
    fn claim(&self, me: *const Contest) -> Option<Claim> {
        let contest = self.contest.get();
        if contest.is_null() {
            return Some(Claim::Won);
        }
        if ptr::eq(contest, me) {
            return None;
        }
        // SAFETY: (5): the waiter is linked, so attached, so its contest is alive.
        Some(unsafe { &*contest }.word.try_claim(self.arm.get()))
    }
}

/// Peer, with the lock: completes the unlinked waiter it has claimed. `transfer` moves the value from or to the slot.
///
/// # Safety
/// `node` was claimed (`Claim::Won`) in this critical section and is unlinked; `transfer` treats the slot as (4) says.
#[inline]
pub(super) unsafe fn complete(
    node: NonNull<Waiter>,
    end: Status,
    seq: u64,
    transfer: impl FnOnce(*mut u8),
) -> Option<Wake> {
    // SAFETY: (3): the owner does not free a waiter before it is published as complete.
    let waiter = unsafe { node.as_ref() };
    waiter.payload.with_mut(|payload| {
        // SAFETY: (2): the lock is held.
        let payload = unsafe { &mut *payload };
        payload.seq = seq;
        transfer(payload.slot);
    });
    let contest = waiter.contest.get();
    if contest.is_null() {
        let waker = waiter.replace_waker(None);
        waiter.status.store(end as u32, Ordering::Release);
        return waker.map(|waker| Wake { waker, tail: false });
    }
    // SAFETY: (5).
    let contest = unsafe { &*contest };
    let arm = waiter.arm.get();
    waiter.status.store(end as u32, Ordering::Relaxed);
    let waker = contest.replace_waker(None);
    contest.word.finish(arm);
    waker.map(|waker| Wake { waker, tail: true })
}

/// Owner of a single waiter that is polled while it waits: sees to it that the task of `cx` is woken, unless the waiter
/// has been completed meanwhile.
pub(super) fn rewaken(waiter: &Waiter, core: &Core, cx: &Context<'_>) {
    let state = core.lock();
    if waiter.status() != Status::Waiting {
        return;
    }
    if waiter.wakes_same(cx) {
        if coop::is_asked() {
            state.note_wait();
        }
        return;
    }
    drop(state);
    let fresh = coop::register(cx.waker());
    let state = core.lock();
    state.note_wait();
    let old = if waiter.status() == Status::Waiting { waiter.replace_waker(Some(fresh)) } else { Some(fresh) };
    drop(state);
    drop(old);
}

/// Waiters of one direction, longest waiting first.
#[derive(Debug)]
pub(super) struct Queue {
    list: List<Waiter, InQueue>,
    waiting: usize,
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self { list: List::new(), waiting: 0 }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many stand in it.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// # Safety
    /// `waiter` is pinned, not linked, and its owner unlinks it before it is freed (1).
    #[inline]
    pub(super) unsafe fn push(&mut self, waiter: &Waiter) {
        // SAFETY: promised by the caller.
        unsafe { self.list.push_back(NonNull::from(waiter)) };
        self.waiting += 1;
    }

    /// # Safety
    /// `node` is linked in this queue.
    #[inline]
    pub(super) unsafe fn unlink(&mut self, node: NonNull<Waiter>) {
        // SAFETY: promised by the caller.
        unsafe { self.list.unlink(node) };
        self.waiting -= 1;
    }

    /// Takes out the longest waiting waiter that can be completed. Selects that are over are taken out on the way;
    /// busy ones have been told to look again; arms of `me` are left alone.
    #[inline]
    pub(super) fn claim(&mut self, me: *const Contest) -> Option<NonNull<Waiter>> {
        let mut next = self.list.front();
        while let Some(node) = next {
            // SAFETY: linked here.
            next = unsafe { self.list.next(node) };
            // SAFETY: (1): a linked waiter is valid.
            let claim = unsafe { node.as_ref() }.claim(me);
            if matches!(claim, Some(Claim::Won | Claim::Dead)) {
                // SAFETY: linked here.
                unsafe { self.unlink(node) };
            }
            if claim == Some(Claim::Won) {
                return Some(node);
            }
        }
        None
    }

    /// Takes out every waiter; gives those to be completed to `each`.
    pub(super) fn drain(&mut self, mut each: impl FnMut(NonNull<Waiter>)) {
        while let Some(node) = self.list.pop_front() {
            self.waiting -= 1;
            // SAFETY: (1): it was linked until now, and its owner waits for the lock before it frees it.
            if unsafe { node.as_ref() }.claim(ptr::null()) == Some(Claim::Won) {
                each(node);
            }
        }
    }
}

/// What the arms of one select share: who may complete it, and whom to wake.
#[derive(Debug)]
pub(crate) struct Contest {
    pub(crate) word: ClaimWord,
    waker: UnsafeCell<Option<Waker>>,
    attached: AtomicU32,
}

impl Contest {
    #[inline]
    pub(crate) fn new() -> Self {
        Self { word: ClaimWord::new(), waker: UnsafeCell::new(None), attached: AtomicU32::new(0) }
    }

    /// Exchanges the waker. By the owner while no peer can claim it, or by the peer between CLAIMED and DONE.
    #[inline]
    pub(crate) fn replace_waker(&self, new: Option<Waker>) -> Option<Waker> {
        self.waker.with_mut(|waker| {
            // SAFETY: the claim word gives the waker to one side at a time (claim.rs, 2).
            std::mem::replace(unsafe { &mut *waker }, new)
        })
    }

    /// Owner, in POLLING or IDLE: whether the stored waker would wake the same task.
    pub(crate) fn wakes_same(&self, cx: &Context<'_>) -> bool {
        self.waker.with_mut(|waker| {
            // SAFETY: as in `replace_waker`.
            unsafe { &*waker }.as_ref().is_some_and(|waker| coop::same(waker, cx.waker()))
        })
    }

    /// One more waiter points here.
    #[inline]
    pub(super) fn attach(&self) {
        // Only the owner counts: no read-modify-write.
        self.attached.store(self.attached.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// One waiter less points here.
    #[inline]
    pub(super) fn detach(&self) {
        self.attached.store(self.attached.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    }
}

impl Drop for Contest {
    fn drop(&mut self) {
        if self.attached.load(Ordering::Relaxed) != 0 {
            // A waiter in a channel's queue would point to freed memory (5).
            std::process::abort();
        }
    }
}

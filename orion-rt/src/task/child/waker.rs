//! Wakers of children: a pointer to the record and two tables, as those of tasks are (`task::waker`).
//!
//! A child has no scheduler that could be asked who else may wake it, but its task can: it counts the wakers of all children that it
//! has made, of all its local groups together.
//!
//! Invariants
//! 1. A `Waker` owns one reference to its record; a [`ChildWaker`] borrows the one of who polls the child.
//! 2. Every waker is counted by [`Wakers`], as a registration or as foreign, a `ChildWaker` as neither. What wakes is counted as
//!    foreign until the wake-up has come to the task.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{RawWaker, RawWakerVTable, Wake as _, Waker};

use super::record::{Record, is_inside};
use crate::sys::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::task::current::{self, AnyTask};
use crate::task::header::Header;
use crate::task::kind::Sealed;

/// The wakers of the children that one task polls, and what else a look at that task has to know of them.
#[derive(Debug)]
pub(crate) struct Wakers {
    registrations: AtomicUsize,
    foreign: AtomicUsize,
    /// Whether a shield keeps one that is to end (X3).
    kept: AtomicBool,
    /// Whether the task is one in the background (S9).
    in_background: bool,
}

impl Wakers {
    fn new(in_background: bool) -> Arc<Self> {
        Arc::new(Self {
            registrations: AtomicUsize::new(0),
            foreign: AtomicUsize::new(0),
            kept: AtomicBool::new(false),
            in_background,
        })
    }

    /// Those of the current task; outside of tasks new ones, which nobody looks at.
    pub(crate) fn of_current() -> Arc<Self> {
        match current::get() {
            Some(AnyTask::Local(task)) => Self::of_task(task),
            Some(AnyTask::Multi(task)) => Self::of_task(task),
            None => Self::new(false),
        }
    }

    fn of_task<K: Sealed>(task: NonNull<Header<K>>) -> Arc<Self> {
        // SAFETY: the current task is being polled.
        let header = unsafe { task.as_ref() };
        let new = || Self::new(header.was_born_in_background());
        Arc::clone(header.annex_or_new().children.get_or_make(new))
    }

    /// Whether a background task polls the children.
    pub(super) fn are_in_background(&self) -> bool {
        self.in_background
    }

    /// Whether an object of the runtime keeps one.
    pub(crate) fn has_registrations(&self) -> bool {
        self.registrations.load(Ordering::Acquire) != 0
    }

    pub(super) fn note_kept(&self) {
        self.kept.store(true, Ordering::Release);
    }

    /// Whether a shield keeps a child that is to end; until it is polled again that is told once.
    pub(crate) fn take_kept(&self) -> bool {
        self.kept.swap(false, Ordering::AcqRel)
    }

    /// How many are somewhere else.
    pub(crate) fn foreign(&self) -> usize {
        self.foreign.load(Ordering::Acquire)
    }
}

/// As those of tasks: the first of wakers anywhere, the second of registrations.
static WAKER: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);
static REGISTRATION: RawWakerVTable = RawWakerVTable::new(clone, wake_own, wake_by_ref, drop_own);

/// The waker with which a child is polled.
pub(crate) struct ChildWaker<'a> {
    waker: ManuallyDrop<Waker>,
    _record: PhantomData<&'a Record>,
}

impl<'a> ChildWaker<'a> {
    pub(crate) fn of(record: &'a Arc<Record>) -> Self {
        let raw = RawWaker::new(Arc::as_ptr(record).cast(), &WAKER);
        // SAFETY: the functions of the table uphold `Waker`'s contract for records (1); `ManuallyDrop` keeps the borrow from giving
        // back a reference it does not have.
        Self { waker: ManuallyDrop::new(unsafe { Waker::from_raw(raw) }), _record: PhantomData }
    }
}

impl Deref for ChildWaker<'_> {
    type Target = Waker;

    fn deref(&self) -> &Waker {
        &self.waker
    }
}

/// A registration, if `waker` is that of a child which the current task polls.
pub(crate) fn register(waker: &Waker) -> Option<Waker> {
    let record = of_polled(waker)?;
    record.wakers().registrations.fetch_add(1, Ordering::AcqRel);
    let data = Arc::into_raw(Arc::clone(&record)).cast();
    // SAFETY: as in `ChildWaker::of`; the reference is the waker's own (1).
    Some(unsafe { Waker::from_raw(RawWaker::new(data, &REGISTRATION)) })
}

/// Whether `kept`, a registration, wakes the same child as `waker`.
pub(crate) fn same(kept: &Waker, waker: &Waker) -> bool {
    kept.data() == waker.data() && is_of(kept, &REGISTRATION) && is_of(waker, &WAKER)
}

fn is_of(waker: &Waker, table: &'static RawWakerVTable) -> bool {
    std::ptr::eq(waker.vtable(), table)
}

/// The record of `waker`, if the current task is polling its child.
fn of_polled(waker: &Waker) -> Option<ManuallyDrop<Arc<Record>>> {
    if !is_of(waker, &WAKER) || current::get().is_none() {
        return None;
    }
    // SAFETY: the waker is alive, and its table is this one's.
    let record = unsafe { borrowed(waker.data()) };
    is_inside(record.id).then_some(record)
}

/// The record behind a waker's data pointer, without a reference of its own.
///
/// # Safety
/// `data` belongs to a waker of this module that is alive while the result is used.
unsafe fn borrowed(data: *const ()) -> ManuallyDrop<Arc<Record>> {
    // SAFETY: the pointer came from an `Arc` that a reference is held of (1); `ManuallyDrop` does not give it back.
    ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Record>()) })
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the waker being cloned is alive.
    let record = unsafe { borrowed(data) };
    record.wakers().foreign.fetch_add(1, Ordering::AcqRel);
    RawWaker::new(Arc::into_raw(Arc::clone(&record)).cast(), &WAKER)
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the waker is alive.
    unsafe { borrowed(data) }.wake_by_ref();
}

unsafe fn wake(data: *const ()) {
    let waker = Counted(data);
    // SAFETY: alive until its reference is given back by `waker`.
    unsafe { wake_by_ref(waker.0) };
}

unsafe fn drop_waker(data: *const ()) {
    drop(Counted(data));
}

/// A foreign waker's reference and its count, given back when dropped, by an unwind too.
struct Counted(*const ());

impl Drop for Counted {
    fn drop(&mut self) {
        // SAFETY: the waker's own reference, given up once.
        let record = unsafe { Arc::from_raw(self.0.cast::<Record>()) };
        record.wakers().foreign.fetch_sub(1, Ordering::AcqRel);
    }
}

unsafe fn wake_own(data: *const ()) {
    {
        // SAFETY: the waker is alive until its reference is given back below.
        let record = unsafe { borrowed(data) };
        // It is none any more before the child can run (2).
        record.wakers().foreign.fetch_add(1, Ordering::AcqRel);
        record.wakers().registrations.fetch_sub(1, Ordering::AcqRel);
    }
    // SAFETY: what is left of it is a foreign waker.
    unsafe { wake(data) };
}

unsafe fn drop_own(data: *const ()) {
    // SAFETY: the registration's own reference, given up once.
    let record = unsafe { Arc::from_raw(data.cast::<Record>()) };
    let was_last = record.wakers().registrations.fetch_sub(1, Ordering::AcqRel) == 1;
    if was_last && is_inside(record.id) {
        crate::task::waker::forget_waits_if_over();
    }
}

//! Task wakers: a pointer to the header and a static table per kind.
//!
//! On `Local` a waker that is used on the task's own thread counts and wakes with plain memory; elsewhere it goes through the
//! atomic word and the scheduler's inbox.
//!
//! Invariants
//! 1. A `Waker` owns one reference to its header; a [`WakerRef`] borrows the task that is being polled.
//! 2. While a waker holds a reference, the header is alive, and with it (7 of `header`) the scheduler it points to.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::header::Header;
use super::kind::{Local, Multi, Schedule, Sealed};
use super::state::{TaskState, Wake};

pub(crate) static LOCAL: RawWakerVTable = table::<Local>();
pub(crate) static MULTI: RawWakerVTable = table::<Multi>();

/// The functions of a kind's wakers.
pub(crate) const fn table<K: Sealed>() -> RawWakerVTable {
    RawWakerVTable::new(clone::<K>, wake::<K>, wake_by_ref::<K>, drop_waker::<K>)
}

/// The waker of the task being polled, without a reference of its own.
pub(crate) struct WakerRef<'a> {
    waker: ManuallyDrop<Waker>,
    _task: std::marker::PhantomData<&'a ()>,
}

impl WakerRef<'_> {
    /// The caller keeps `task` alive while the result is used, by running it.
    pub(crate) fn new<K: Sealed>(task: NonNull<Header<K>>) -> Self {
        let raw = RawWaker::new(task.as_ptr().cast(), K::waker_table());
        // SAFETY: the functions of the table uphold `Waker`'s contract for headers (1); `ManuallyDrop` keeps the borrow from
        // giving back a reference it does not have.
        Self { waker: ManuallyDrop::new(unsafe { Waker::from_raw(raw) }), _task: std::marker::PhantomData }
    }
}

impl Deref for WakerRef<'_> {
    type Target = Waker;

    fn deref(&self) -> &Waker {
        &self.waker
    }
}

/// Whether `waker` is `task`'s.
pub(super) fn is_of<K: Sealed>(waker: &Waker, task: NonNull<Header<K>>) -> bool {
    waker.data() == task.as_ptr().cast_const().cast() && std::ptr::eq(waker.vtable(), K::waker_table())
}

/// The header behind a waker's data pointer.
///
/// # Safety
/// `data` belongs to a waker of kind `K` that is alive during `'a`.
unsafe fn header<'a, K: Sealed>(data: *const ()) -> &'a Header<K> {
    // SAFETY: (1), promised by the caller.
    unsafe { &*data.cast::<Header<K>>() }
}

fn pointer<K: Sealed>(data: *const ()) -> NonNull<Header<K>> {
    NonNull::new(data.cast::<Header<K>>().cast_mut()).expect("a waker's data is a header")
}

fn is_owner<K: Sealed>(header: &Header<K>) -> bool {
    // SAFETY: (2).
    unsafe { header.shared.as_ref() }.is_owner()
}

/// Whether the task has been cancelled; where that cannot be read, on a thread that is not its own, it may have been.
pub(super) fn may_be_cancelled<K: Sealed>(header: &Header<K>) -> bool {
    !is_owner(header) || header.state.is_cancelled()
}

unsafe fn clone<K: Sealed>(data: *const ()) -> RawWaker {
    // SAFETY: the waker being cloned is alive.
    let header = unsafe { header::<K>(data) };
    if is_owner(header) {
        header.state.retain()
    } else {
        header.state.retain_remote()
    }
    RawWaker::new(data, K::waker_table())
}

unsafe fn wake_by_ref<K: Sealed>(data: *const ()) {
    // SAFETY: the waker is alive.
    let header = unsafe { header::<K>(data) };
    if is_owner(header) {
        if header.state.wake() == Wake::Schedule {
            queue(pointer::<K>(data));
        }
    } else if header.state.wake_remote() == Wake::Schedule {
        header.state.retain_remote();
        // SAFETY: (2).
        let shared = unsafe { header.shared.as_ref() };
        if let Err(task) = shared.wake_remotely(pointer::<K>(data)) {
            // SAFETY: the reference taken above comes back.
            unsafe { release(task) };
        }
    }
}

unsafe fn wake<K: Sealed>(data: *const ()) {
    // SAFETY: the waker is alive until its reference is given back below.
    unsafe { wake_by_ref::<K>(data) };
    // SAFETY: the waker's own reference, given up once.
    unsafe { drop_waker::<K>(data) };
}

unsafe fn drop_waker<K: Sealed>(data: *const ()) {
    // SAFETY: the waker's own reference.
    unsafe { release(pointer::<K>(data)) };
}

/// Queues a task that has just become runnable, wherever tasks of its kind queue.
///
/// The caller keeps the scheduler, by a reference to the task or to a scope that it had before: while this is still at work the
/// task may complete, and its root and its runtime end.
pub(crate) fn queue<K: Sealed>(task: NonNull<Header<K>>) {
    // SAFETY: the caller's transition to SCHEDULED keeps the task incomplete, so alive, until it has been queued and run.
    let header = unsafe { task.as_ref() };
    // SAFETY: kept by the caller.
    let shared = unsafe { header.shared.as_ref() };
    if header.is_body {
        shared.schedule_body(task, header.scope);
    } else {
        shared.schedule(task);
    }
}

/// Gives one reference to `task` back.
///
/// # Safety
/// The caller has that reference.
pub(crate) unsafe fn release<K: Sealed>(task: NonNull<Header<K>>) {
    let last = {
        // SAFETY: the caller's reference keeps the header alive.
        let header = unsafe { task.as_ref() };
        if is_owner(header) { header.state.release(1) } else { header.state.release_remote() }
    };
    if last {
        // SAFETY: no reference is left.
        unsafe { free(task) };
    }
}

/// Frees `task`.
///
/// # Safety
/// No reference to it is left.
pub(crate) unsafe fn free<K: Sealed>(task: NonNull<Header<K>>) {
    // SAFETY: the header is alive until `free` frees it.
    let free = unsafe { task.as_ref() }.vtable.free;
    // SAFETY: promised by the caller.
    unsafe { free(task) };
}

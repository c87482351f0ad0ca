//! Task wakers: a pointer to the header and two static tables per kind, one for wakers anywhere, one for registrations.
//!
//! A *registration* is the waker that an object of the runtime keeps for a task that waits on it. It does what any waker does, and is
//! counted besides, until it wakes or is dropped. So a look at a parked task tells whether there is anybody else who could wake it.
//!
//! On `Local` a waker that is used on the task's own thread counts and wakes with plain memory; elsewhere it goes through the
//! atomic word and the scheduler's inbox.
//!
//! Invariants
//! 1. A `Waker` owns one reference to its header; a [`WakerRef`] borrows the task that is being polled.
//! 2. A registration's clone is a waker like any other: nobody knows where it goes.
//! 3. While a waker holds a reference, the header is alive, and with it (7 of `header`) the scheduler it points to.

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::current::{self, AnyTask};
use super::header::Header;
use super::kind::{Local, Multi, Schedule, Sealed};
use super::state::{TaskState, Wake};
use super::{ancestry, child};
use crate::coop::{self, Registrar, Shared};

pub(crate) static LOCAL: Tables = tables::<Local>();
pub(crate) static MULTI: Tables = tables::<Multi>();

/// The functions of a kind's wakers. A static, so that their addresses tell a task's waker from a foreign one.
#[derive(Debug)]
pub struct Tables {
    waker: RawWakerVTable,
    registration: RawWakerVTable,
}

pub(crate) const fn tables<K: Sealed>() -> Tables {
    Tables {
        waker: RawWakerVTable::new(clone::<K>, wake::<K>, wake_by_ref::<K>, drop_waker::<K>),
        registration: RawWakerVTable::new(clone::<K>, wake_own::<K>, wake_by_ref::<K>, drop_own::<K>),
    }
}

/// What the runtime's objects do with the wakers they are polled with; for tasks of kind `K`.
pub(super) fn registrar<K: Sealed>() -> &'static Registrar {
    const { &Registrar { register: register::<K>, register_timer: register_timer::<K>, same: same::<K> } }
}

/// A waker to be kept by an object of the runtime that `waker`'s poll waits on: a registration, if `waker` is that of the task
/// polled now; of any other it is a clone.
fn register<K: Sealed>(waker: &Waker) -> Waker {
    registration::<K>(waker).unwrap_or_else(|| waker.clone())
}

/// The same, for a timer.
fn register_timer<K: Sealed>(waker: &Waker) -> Waker {
    let task = current::get().and_then(K::only);
    // SAFETY: the current task is being polled.
    if !task.is_some_and(|task| ancestry::is_in_background(unsafe { task.as_ref() })) {
        return waker.clone();
    }
    let Some(registration) = registration::<K>(waker) else { return waker.clone() };
    coop::note_shared(Shared::TIMER);
    registration
}

fn registration<K: Sealed>(waker: &Waker) -> Option<Waker> {
    let tables = K::waker_tables();
    if !std::ptr::eq(waker.vtable(), &tables.waker) {
        return child::register(waker);
    }
    let task = pointer::<K>(waker.data());
    if current::get() != Some(K::any(task)) {
        return None;
    }
    // SAFETY: the waker is alive.
    unsafe { task.as_ref() }.state.retain_own();
    // SAFETY: the functions of the table uphold `Waker`'s contract for headers; the reference just taken is its own (1).
    Some(unsafe { Waker::from_raw(RawWaker::new(waker.data(), &tables.registration)) })
}

/// Whether `kept`, a registration or not, wakes the same task as `waker`.
fn same<K: Sealed>(kept: &Waker, waker: &Waker) -> bool {
    let tables = K::waker_tables();
    kept.will_wake(waker)
        || kept.data() == waker.data()
            && std::ptr::eq(kept.vtable(), &tables.registration)
            && std::ptr::eq(waker.vtable(), &tables.waker)
        || child::same(kept, waker)
}

/// The waker of the task being polled, without a reference of its own.
pub(crate) struct WakerRef<'a> {
    waker: ManuallyDrop<Waker>,
    _task: std::marker::PhantomData<&'a ()>,
}

impl WakerRef<'_> {
    /// The caller keeps `task` alive while the result is used, by running it.
    pub(crate) fn new<K: Sealed>(task: NonNull<Header<K>>) -> Self {
        let raw = RawWaker::new(task.as_ptr().cast(), &K::waker_tables().waker);
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
    waker.data() == task.as_ptr().cast_const().cast() && std::ptr::eq(waker.vtable(), &K::waker_tables().waker)
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
    // SAFETY: (3).
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
    RawWaker::new(data, &K::waker_tables().waker)
}

unsafe fn wake_by_ref<K: Sealed>(data: *const ()) {
    // SAFETY: the waker is alive.
    let header = unsafe { header::<K>(data) };
    if is_owner(header) {
        if header.state.wake() == Wake::Schedule {
            queue(pointer::<K>(data));
        }
    } else if header.state.wake_remote() == Wake::Schedule {
        bring(header, pointer(data));
    }
}

/// Brings `task`, which this thread has woken from elsewhere, to its own thread. `header` is its, kept by a waker of the caller.
fn bring<K: Sealed>(header: &Header<K>, task: NonNull<Header<K>>) {
    header.state.retain_remote();
    // SAFETY: (3).
    let shared = unsafe { header.shared.as_ref() };
    if let Err(task) = shared.wake_remotely(task) {
        // SAFETY: the reference taken above comes back.
        unsafe { release(task) };
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

/// A registration wakes: it is none any more before the task can run.
unsafe fn wake_own<K: Sealed>(data: *const ()) {
    {
        // SAFETY: the registration is alive until its reference is given back below.
        let header = unsafe { header::<K>(data) };
        if is_owner(header) {
            if header.state.wake_own() == Wake::Schedule {
                queue(pointer::<K>(data));
            }
        } else if header.state.wake_own_remote() == Wake::Schedule {
            bring(header, pointer(data));
        }
    }
    // SAFETY: the registration's own reference, given up once.
    unsafe { drop_waker::<K>(data) };
}

unsafe fn drop_own<K: Sealed>(data: *const ()) {
    let task = pointer::<K>(data);
    let last = {
        // SAFETY: the registration is alive until its reference is given back here.
        let header = unsafe { task.as_ref() };
        if is_owner(header) {
            let (last, none_left) = header.state.release_own();
            if none_left && current::get() == Some(K::any(task)) {
                forget_waits_if_over();
            }
            last
        } else {
            header.state.release_own_remote()
        }
    };
    if last {
        // SAFETY: no reference is left.
        unsafe { free(task) };
    }
}

/// A registration of the current task is gone: perhaps it waits for nothing any more that it has waited for before.
pub(super) fn forget_waits_if_over() {
    let waits = match current::get() {
        // SAFETY: the current task is being polled.
        Some(AnyTask::Local(task)) => unsafe { task.as_ref() }.has_registrations(),
        // SAFETY: as above.
        Some(AnyTask::Multi(task)) => unsafe { task.as_ref() }.has_registrations(),
        None => true,
    };
    if !waits {
        coop::forget_waits();
    }
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

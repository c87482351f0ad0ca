//! A task's allocation: the header, and behind it the future, then the result.
//!
//! Invariants
//! 1. `stage` holds the future until `poll` or `abandon` ends it, then the result until `take_result` or `drop_result`.
//! 2. The future is touched only by the thread that has `RUNNING`; the result only by whom `state` says.
//! 3. The allocation does not move, so the future is pinned; it is dropped in place.
//! 4. `free` runs when no reference is left, which is after the result is gone: nothing of the future's or the value's type
//!    is reachable from a waker that outlives the scope.

use std::alloc::Layout;
use std::cell::UnsafeCell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use crate::meta::ledger;

use super::error::{Panic, Payload, TaskError};
use super::header::{Birth, Header, Vtable};
use super::kind::Sealed;
use super::waker::WakerRef;

#[repr(C)]
struct Cell<K: Sealed, F: Future> {
    header: Header<K>,
    stage: UnsafeCell<Stage<F>>,
}

union Stage<F: Future> {
    future: ManuallyDrop<F>,
    result: ManuallyDrop<Result<F::Output, TaskError>>,
}

/// Allocates a task, scheduled and with one reference (membership), in no list and no queue.
pub(crate) fn allocate<K: Sealed, F: Future>(birth: Birth<K>, future: F) -> NonNull<Header<K>> {
    let cell = Box::new(Cell {
        header: Header::new(birth, &Of::<K, F>::VTABLE),
        stage: UnsafeCell::new(Stage { future: ManuallyDrop::new(future) }),
    });
    NonNull::from(Box::leak(cell)).cast()
}

struct Of<K, F>(std::marker::PhantomData<(fn(K), F)>);

impl<K: Sealed, F: Future> Of<K, F> {
    const VTABLE: Vtable<K> = Vtable {
        poll: poll::<K, F>,
        abandon: abandon::<K, F>,
        take_result: take_result::<K, F>,
        drop_result: drop_result::<K, F>,
        free: free::<K, F>,
        result_needs_drop: std::mem::needs_drop::<F::Output>(),
    };
}

/// The stage of the task at `task`.
///
/// # Safety
/// `task` is a live `Cell<K, F>`, and the caller may touch its stage (2).
unsafe fn stage<'a, K: Sealed, F: Future>(task: NonNull<Header<K>>) -> &'a mut Stage<F> {
    let stage = {
        // SAFETY: the header is the first field of the `Cell` that `allocate` made.
        let cell = unsafe { task.cast::<Cell<K, F>>().as_ref() };
        cell.stage.get()
    };
    // SAFETY: (2), promised by the caller.
    unsafe { &mut *stage }
}

unsafe fn poll<K: Sealed, F: Future>(task: NonNull<Header<K>>) -> bool {
    // SAFETY: the caller has RUNNING (2).
    let stage = unsafe { stage::<K, F>(task) };
    let waker = WakerRef::new(task);
    let polled = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: (1): the stage is the future while the task has not returned.
        let future = unsafe { &mut stage.future };
        // SAFETY: (3): pinned in the allocation.
        let future = unsafe { Pin::new_unchecked(&mut **future) };
        future.poll(&mut Context::from_waker(&waker))
    }));
    let result = match polled {
        Ok(Poll::Pending) => return false,
        Ok(Poll::Ready(value)) => Ok(value),
        Err(payload) => Err(panicked(task, payload)),
    };
    // SAFETY: this thread has RUNNING and the future is still there.
    unsafe { settle::<K, F>(task, result) };
    true
}

unsafe fn abandon<K: Sealed, F: Future>(task: NonNull<Header<K>>) {
    // SAFETY: the caller has RUNNING and the future is still there.
    unsafe { settle::<K, F>(task, Err(TaskError::Cancelled)) };
}

/// Drops the future and stores the result; a panic in the future's destructor is a panic of the task (P3).
///
/// # Safety
/// The caller has RUNNING, and the stage is the future.
unsafe fn settle<K: Sealed, F: Future>(task: NonNull<Header<K>>, mut result: Result<F::Output, TaskError>) {
    // SAFETY: promised by the caller.
    let stage = unsafe { stage::<K, F>(task) };
    // SAFETY: (1): the future is there and is dropped once, here.
    let drop_future = AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(&mut stage.future) });
    // One that was cut short is not to blame for what it holds (J8).
    let dropped =
        if result.is_ok() { catch_unwind(drop_future) } else { ledger::excused(|| catch_unwind(drop_future)) };
    if let Err(payload) = dropped {
        let panic = Err(panicked(task, payload));
        let before = std::mem::replace(&mut result, panic);
        crate::util::contain::contained(|| drop(before));
    }
    stage.result = ManuallyDrop::new(result);
}

/// Reports a panic of `task` to its scope, which will raise the payload, unless the task is isolated; gives the joiner's part.
fn panicked<K: Sealed>(task: NonNull<Header<K>>, payload: Payload) -> TaskError {
    // SAFETY: the task is running, so its header is alive.
    let header = unsafe { task.as_ref() };
    if header.is_isolated() {
        return TaskError::Panicked(Panic::kept(header.called(), payload));
    }
    let panic = Panic::described(header.called(), &*payload);
    // SAFETY: the task is running, so (7) its scope is alive.
    super::cancel::fail(unsafe { header.scope.as_ref() }, payload);
    TaskError::Panicked(panic)
}

unsafe fn take_result<K: Sealed, F: Future>(task: NonNull<Header<K>>, to: *mut ()) {
    // SAFETY: the caller owns the result (2).
    let stage = unsafe { stage::<K, F>(task) };
    // SAFETY: (1): the result is stored, and taken once.
    let result = unsafe { ManuallyDrop::take(&mut stage.result) };
    // SAFETY: the caller's address is for a `Result<F::Output, TaskError>`.
    unsafe { to.cast::<Result<F::Output, TaskError>>().write(result) };
}

unsafe fn drop_result<K: Sealed, F: Future>(task: NonNull<Header<K>>) -> Option<Payload> {
    // SAFETY: the caller owns the result (2).
    let stage = unsafe { stage::<K, F>(task) };
    // SAFETY: (1): the result is stored.
    let result = unsafe { &mut stage.result };
    let payload = match &mut **result {
        Err(TaskError::Panicked(panic)) => panic.take_payload(),
        _ => None,
    };
    // SAFETY: (1): dropped once.
    unsafe { ManuallyDrop::drop(result) };
    payload
}

unsafe fn free<K: Sealed, F: Future>(task: NonNull<Header<K>>) {
    let shared = {
        // SAFETY: the caller has the last reference.
        let header = unsafe { task.as_ref() };
        header.keeps_shared.get().then_some(header.shared)
    };
    // SAFETY: as above; the stage is gone (4), the header is dropped once.
    unsafe { std::ptr::drop_in_place(task.as_ptr()) };
    // SAFETY: allocated by `allocate` with this layout.
    unsafe { std::alloc::dealloc(task.as_ptr().cast(), Layout::new::<Cell<K, F>>()) };
    if let Some(shared) = shared {
        // SAFETY: `keeps_shared` says that this header has a reference to give back.
        unsafe { <K::Shared as super::kind::Schedule<K>>::release(shared) };
    }
}

//! A forked closure on the stack of the worker that forked it, and the reference to it that stands in a deque.
//!
//! Invariants
//! 1. The job does not move and stays until its closure has been taken back by its owner, or the latch is seen set: the owner
//!    waits for one or the other, whatever else panics, and an unwind of the wait itself aborts the process.
//! 2. There is one [`ForkRef`] per job, in one deque, so it is taken out once: by the owner, who takes the closure back, or by a
//!    thief, who runs it. The closure and then the result belong to whoever has taken it out.
//! 3. Setting the latch is the thief's last touch of the job. The thief is a worker of the same runtime, which therefore outlives
//!    the waking of the owner.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use super::super::super::inherit::Inherited;
use super::super::MultiShared;
use super::latch::{Latch, Waiter};

/// What a closure returned or panicked with.
pub(super) type Outcome<R> = Result<R, Box<dyn Any + Send>>;

/// See the module.
pub(super) struct StackJob<F, R> {
    pub(super) latch: Latch,
    /// The worker that waits.
    owner: usize,
    closure: UnsafeCell<Option<F>>,
    /// What the thief's thread does not have by itself; taken with the closure.
    inherited: UnsafeCell<Option<Inherited>>,
    result: UnsafeCell<Option<Outcome<R>>>,
}

/// A job whose types are no longer known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ForkRef {
    job: NonNull<()>,
    run: unsafe fn(NonNull<()>, &MultiShared),
}

// SAFETY: the closure and its value are `Send` (the bounds of `fork_join`); the rest of the job is shared as (2) says.
unsafe impl Send for ForkRef {}

impl ForkRef {
    /// Runs the closure and lets the owner go on.
    ///
    /// # Safety
    /// It was taken out of a deque of `shared` by one of its workers, this thread, and is not used again.
    pub(super) unsafe fn run(self, shared: &MultiShared) {
        // SAFETY: promised by the caller; the job is alive (1).
        unsafe { (self.run)(self.job, shared) };
    }
}

impl<F: FnOnce() -> R, R> StackJob<F, R> {
    pub(super) fn new(owner: usize, closure: F, inherited: Inherited) -> Self {
        Self {
            latch: Latch::new(),
            owner,
            closure: UnsafeCell::new(Some(closure)),
            inherited: UnsafeCell::new(Some(inherited)),
            result: UnsafeCell::new(None),
        }
    }

    /// The reference to push (2). The caller upholds (1).
    pub(super) fn reference(&self) -> ForkRef {
        ForkRef { job: NonNull::from(self).cast(), run: run::<F, R> }
    }

    /// Whether `fork` is the reference to this job.
    pub(super) fn is(&self, fork: ForkRef) -> bool {
        fork.job == NonNull::from(self).cast()
    }

    /// The closure, to be run by the owner.
    ///
    /// # Safety
    /// The owner has taken the reference out (2).
    pub(super) unsafe fn take_back(&self) -> F {
        // SAFETY: promised by the caller.
        let closure = unsafe { &mut *self.closure.get() };
        closure.take().expect("a closure is taken once")
    }

    /// What the closure ended with.
    ///
    /// # Safety
    /// The latch is set.
    pub(super) unsafe fn result(&self) -> Outcome<R> {
        // SAFETY: the thief is done with the job (3).
        let result = unsafe { &mut *self.result.get() };
        result.take().expect("a set latch has a result")
    }
}

unsafe fn run<F: FnOnce() -> R, R>(job: NonNull<()>, shared: &MultiShared) {
    // SAFETY: made by `reference`, alive (1).
    let job = unsafe { job.cast::<StackJob<F, R>>().as_ref() };
    // SAFETY: this thread has taken the reference out (2).
    let closure = unsafe { job.take_back() };
    // SAFETY: as above.
    let inherited = unsafe { &mut *job.inherited.get() }.take();
    let inherited = inherited.expect("taken once, with the closure");
    let result = catch_unwind(AssertUnwindSafe(|| inherited.run(closure)));
    // SAFETY: as above.
    unsafe { *job.result.get() = Some(result) };
    let owner = job.owner;
    if job.latch.set() == Waiter::Asleep {
        shared.peers[owner].unpark();
    }
}

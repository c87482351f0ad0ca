//! A job: the part of a blocking call that stands in the pool's queue, whatever its closure is.
//!
//! Purpose: it lives in the future that waits for it, which is pinned in its task; the pool allocates nothing per call.
//!
//! Invariants
//! 1. From `push` until DONE, REFUSED or WITHDRAWN is seen, the job is alive and does not move: the future that owns it is pinned,
//!    its task is held (`task::hold`), and its destructor withdraws the job or aborts the process.
//! 2. The job is linked exactly while it is QUEUED, and `links` belong to the queue's lock.
//! 3. `waker` is the task's until `push` and after the last touch; in between it is that of whoever took the job out.
//! 4. Publishing DONE or REFUSED is the last touch by whoever took it out; the waker was moved out before, and is woken after.
//!
//! Rejected: a boxed job (an allocation per call); a withdrawn job that stays in the queue (its memory could not go).

use std::ptr::NonNull;
use std::task::Waker;

use crate::sys::UnsafeCell;
use crate::util::contain::contained;
use crate::util::list::{Linked, Links, List};

use super::state::{JobState, Look, Withdraw};

/// See the module. The first field of the call that owns it.
#[derive(Debug)]
pub(super) struct Job {
    links: Links<Job>,
    state: JobState,
    waker: UnsafeCell<Option<Waker>>,
    /// Runs the closure and stores the result. Does not unwind.
    run: unsafe fn(NonNull<Job>),
}

/// Names the one list a job can be in.
#[derive(Debug)]
pub(super) enum InQueue {}

// SAFETY: `links` is a field of the node.
unsafe impl Linked<InQueue> for Job {
    unsafe fn links<'a>(node: NonNull<Self>) -> &'a Links<Self> {
        // SAFETY: the node is valid, promised by the caller, and reached by shared references only.
        unsafe { &(*node.as_ptr()).links }
    }
}

impl Job {
    pub(super) fn new(run: unsafe fn(NonNull<Job>)) -> Self {
        Self { links: Links::new(), state: JobState::new(), waker: UnsafeCell::new(None), run }
    }

    pub(super) fn look(&self) -> Look {
        self.state.look()
    }

    /// The task's, once the job is over (3).
    #[cfg(all(test, loom))]
    pub(super) fn take_waker(&self) -> Option<Waker> {
        self.replace_waker(None)
    }

    fn replace_waker(&self, new: Option<Waker>) -> Option<Waker> {
        self.waker.with_mut(|waker| {
            // SAFETY: (3), by the callers.
            std::mem::replace(unsafe { &mut *waker }, new)
        })
    }
}

/// The jobs that no thread has started, longest waiting first. Lives behind the pool's lock.
#[derive(Debug)]
pub(super) struct Queue(List<Job, InQueue>);

// SAFETY: jobs are made of calls whose closures and values are `Send`; links are used under the lock (2).
unsafe impl Send for Queue {}

impl Queue {
    pub(super) const fn new() -> Self {
        Self(List::new())
    }

    /// Appends a new job whose result `waker` waits for.
    ///
    /// # Safety
    /// The job stays alive and where it is as (1) says, and `job` may be used for the whole call it is part of.
    pub(super) unsafe fn push(&mut self, job: NonNull<Job>, waker: Waker) {
        {
            // SAFETY: alive, promised by the caller.
            let job = unsafe { job.as_ref() };
            let before = job.replace_waker(Some(waker));
            debug_assert!(before.is_none(), "a job is queued once");
            job.state.enqueue();
        }
        // SAFETY: (1) and new, so in no list.
        unsafe { self.0.push_back(job) };
    }

    /// Takes the job out that has waited longest; the caller runs or refuses it.
    pub(super) fn pop(&mut self) -> Option<Taken> {
        let job = self.0.pop_front()?;
        // SAFETY: (1): it was queued until now.
        unsafe { job.as_ref() }.state.start();
        Some(Taken(job))
    }

    /// Takes `job` out if it is still queued.
    ///
    /// # Safety
    /// If it is queued, then in this queue.
    pub(super) unsafe fn withdraw(&mut self, job: &Job) -> Withdraw {
        let answer = job.state.withdraw();
        if answer == Withdraw::Withdrawn {
            // SAFETY: (2): it was queued, here.
            unsafe { self.0.unlink(NonNull::from(job)) };
        }
        answer
    }
}

/// A job that was taken out of the queue by this thread.
#[must_use = "its task waits for it to be run or refused"]
#[derive(Debug)]
pub(super) struct Taken(NonNull<Job>);

impl Taken {
    /// Runs the closure, then publishes the result and wakes the task.
    pub(super) fn run(self) {
        self.end(|job| {
            // SAFETY: (1).
            let run = unsafe { job.as_ref() }.run;
            // SAFETY: RUNNING, and this thread took it out: called once.
            unsafe { run(job) };
            // SAFETY: (1).
            unsafe { job.as_ref() }.state.finish();
        });
    }

    /// Tells the task that its closure will not run.
    pub(super) fn refuse(self) {
        // SAFETY: (1).
        self.end(|job| unsafe { job.as_ref() }.state.refuse());
    }

    /// `last` ends with the last touch of the job (4).
    fn end(self, last: impl FnOnce(NonNull<Job>)) {
        // SAFETY: (1).
        let waker = unsafe { self.0.as_ref() }.replace_waker(None);
        last(self.0);
        if let Some(waker) = waker {
            contained(|| waker.wake());
        }
    }
}

//! The state of a blocking call's job, as two sides see it: the task that waits for it and the thread that runs it.
//!
//! ```text
//!   NEW ──enqueue──> QUEUED ──start──> RUNNING ──finish──> DONE
//!                      │                 └──refuse──> REFUSED      taken out, for no thread will ever run it
//!                      └──withdraw──> WITHDRAWN
//! ```
//!
//! Invariants
//! 1. Every transition out of QUEUED is made under the lock of the queue the job stands in, by whoever takes it out: there is
//!    one. So `start` and `withdraw` need no compare-and-swap.
//! 2. DONE and REFUSED are stored with Release and are the last touch of the job by the other side: after it the task may free
//!    the job. Whoever reads them with Acquire sees the result.
//!
//! Rejected: deciding between `start` and `withdraw` by a compare-and-swap (the job has to leave the queue's list under the
//! lock anyway).

#![forbid(unsafe_code)]

use crate::sys::atomic::{AtomicU32, Ordering};

const NEW: u32 = 0;
const QUEUED: u32 = 1;
const RUNNING: u32 = 2;
const DONE: u32 = 3;
const WITHDRAWN: u32 = 4;
const REFUSED: u32 = 5;

/// What the task finds.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Look {
    /// It has not been queued.
    New,
    /// It is queued or runs.
    Waiting,
    /// It has run; the result is there.
    Done,
    /// It will not run: there is no thread for it.
    Refused,
    /// The task has taken it back.
    Withdrawn,
}

/// Whether a job could be taken back.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Withdraw {
    /// It was queued, and will not run.
    Withdrawn,
    /// A thread has started it, or it is over.
    TooLate,
}

/// See the module.
#[derive(Debug)]
pub(super) struct JobState(AtomicU32);

impl JobState {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(NEW))
    }

    fn step(&self, from: u32, to: u32) {
        debug_assert_eq!(self.0.load(Ordering::Relaxed), from);
        self.0.store(to, Ordering::Release);
    }

    /// The task, under the queue's lock: the job is in the queue from now on.
    pub(super) fn enqueue(&self) {
        self.step(NEW, QUEUED);
    }

    /// A thread, under the queue's lock: it has taken the job out and runs it.
    pub(super) fn start(&self) {
        self.step(QUEUED, RUNNING);
    }

    /// The task, under the queue's lock.
    pub(super) fn withdraw(&self) -> Withdraw {
        if self.0.load(Ordering::Relaxed) != QUEUED {
            return Withdraw::TooLate;
        }
        self.step(QUEUED, WITHDRAWN);
        Withdraw::Withdrawn
    }

    /// The thread that ran the job: the result is stored, nothing of the closure is left. Its last touch (2).
    pub(super) fn finish(&self) {
        self.step(RUNNING, DONE);
    }

    /// Whoever has taken the job out because nobody will run it. Its last touch (2).
    pub(super) fn refuse(&self) {
        self.step(RUNNING, REFUSED);
    }

    /// The task, at any time.
    pub(super) fn look(&self) -> Look {
        match self.0.load(Ordering::Acquire) {
            NEW => Look::New,
            QUEUED | RUNNING => Look::Waiting,
            DONE => Look::Done,
            REFUSED => Look::Refused,
            _ => Look::Withdrawn,
        }
    }
}

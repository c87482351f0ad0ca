//! The future of a blocking call: it gives a job to the pool when it is first polled, and waits for it.
//!
//! ```text
//!   first poll: hold the task, submit ──> waiting ──woken, DONE──> let go, Ready(value) or the closure's panic
//!                                           └──woken to stop──> still queued: take it back, let go, Pending: the task ends
//!                                                               started: Pending, it is waited for (S10)
//! ```
//!
//! Invariants
//! 1. `body` is the task's while the job is new and once it is over; while it runs, the pool's thread's.
//! 2. `pool` is there exactly from the submission until the task has seen the end of the job: so long the call is outstanding and
//!    the task held. So nothing drops the future while a thread may use what the closure has borrowed (R3); should anything do it
//!    all the same, the destructor takes the job back or, if it runs, aborts the process.
//! 3. The future does not move once it is polled.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomPinned;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::coop::{self, Reason};
use crate::scheduler::any;
use crate::scheduler::inherit::Inherited;
use crate::sys::UnsafeCell;
use crate::task::cancelled::is_cancelled;
use crate::task::hold;

use super::job::Job;
use super::pool::Pool;
use super::state::{Look, Withdraw};

/// See the module. The pool reaches it through its first field.
#[repr(C)]
pub(crate) struct Call<F, T> {
    job: Job,
    body: UnsafeCell<Body<F, T>>,
    pool: Cell<Option<Arc<Pool>>>,
    location: &'static Location<'static>,
    _pin: PhantomPinned,
}

/// What is left of the closure.
enum Body<F, T> {
    New(F),
    Queued(F, Inherited),
    Result(std::thread::Result<T>),
    Empty,
}

impl<F: FnOnce() -> T, T> Call<F, T> {
    pub(crate) fn new(f: F, location: &'static Location<'static>) -> Self {
        Self {
            job: Job::new(run::<F, T>),
            body: UnsafeCell::new(Body::New(f)),
            pool: Cell::new(None),
            location,
            _pin: PhantomPinned,
        }
    }

    fn replace_body(&self, new: Body<F, T>) -> Body<F, T> {
        self.body.with_mut(|body| {
            // SAFETY: (1), by the callers.
            std::mem::replace(unsafe { &mut *body }, new)
        })
    }

    fn submit(&self, cx: &Context<'_>) {
        if let Body::New(f) = self.replace_body(Body::Empty) {
            self.replace_body(Body::Queued(f, Inherited::here(true)));
        }
        let pool = any::pool().filter(|_| hold::set(true)).expect("a blocking call is a task of its own");
        self.pool.set(Some(Arc::clone(&pool)));
        let (job, waker) = (NonNull::from(self).cast(), cx.waker().clone());
        // SAFETY: pinned (3), and not dropped before it is over (2); the pointer is that of the whole call.
        pool.submit(|queue| unsafe { queue.push(job, waker) });
    }
}

impl<F, T> Call<F, T> {
    /// Takes the job back if no thread has started it.
    fn withdraw(&self) -> Withdraw {
        let Some(pool) = self.pool.take() else { return Withdraw::TooLate };
        // SAFETY: submitted to this pool (2).
        let answer = pool.with_queue(|queue| unsafe { queue.withdraw(&self.job) });
        self.pool.set(Some(pool));
        answer
    }

    /// The job is over, or was taken back: the task may end (2).
    fn let_go(&self) -> Option<Arc<Pool>> {
        let pool = self.pool.take()?;
        pool.settled();
        hold::set(false);
        Some(pool)
    }
}

/// Runs the closure of the call at `job`. The captured values are gone when it returns, after a panic too.
///
/// # Safety
/// `job` is the first field of a `Call<F, T>` and was taken out of the queue by this thread, which calls this once.
unsafe fn run<F: FnOnce() -> T, T>(job: NonNull<Job>) {
    // SAFETY: promised by the caller; alive (invariant 1 of `job`).
    let call = unsafe { job.cast::<Call<F, T>>().as_ref() };
    if let Body::Queued(f, inherited) = call.replace_body(Body::Empty) {
        let result = catch_unwind(AssertUnwindSafe(|| inherited.run(f)));
        call.replace_body(Body::Result(result));
    }
}

impl<F: FnOnce() -> T, T> Future for Call<F, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let this = {
            // SAFETY: nothing is moved out of the reference.
            &*unsafe { self.get_unchecked_mut() }
        };
        match this.job.look() {
            Look::New => this.submit(cx),
            Look::Waiting => {
                if is_cancelled() && this.withdraw() == Withdraw::Withdrawn {
                    this.let_go();
                    return Poll::Pending;
                }
            }
            Look::Done => {
                this.let_go();
                return match this.replace_body(Body::Empty) {
                    Body::Result(Ok(value)) => Poll::Ready(value),
                    // The hook has seen it, on the thread where it happened.
                    Body::Result(Err(payload)) => std::panic::resume_unwind(payload),
                    _ => {
                        unreachable!("a job that is done has a result, and is asked once")
                    }
                };
            }
            Look::Refused => {
                let why = this.let_go().and_then(|pool| pool.refusal()).unwrap_or_default();
                panic!("spawn_blocking: the system starts no thread for blocking calls, and there is none: {why}");
            }
            Look::Withdrawn => return Poll::Pending,
        }
        coop::note_wait(Reason::Blocking, 0, this.location);
        Poll::Pending
    }
}

impl<F, T> Drop for Call<F, T> {
    fn drop(&mut self) {
        if self.withdraw() == Withdraw::TooLate && self.job.look() == Look::Waiting {
            // (2) The closure runs on, and what it borrows would go.
            eprintln!("orion-rt: the task of a blocking call was dropped while the call runs; aborting");
            std::process::abort();
        }
        self.let_go();
    }
}

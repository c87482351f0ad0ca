//! `fork_join`: two closures, perhaps in parallel, on a runtime's workers (S10).
//!
//! ```text
//!   owner:  push b ──> run a ──> take b back ──still there──> run b
//!              │                     └──gone: run other forks, else sleep, until the latch is set ──> b's value
//!   thief:  steal b ──> run it ──> store the value ──> set the latch
//! ```
//!
//! Each worker has a deque of forks beside that of its tasks: the owner pushes and pops at one end, others steal the oldest, which
//! is the largest part of what is left, at the other. A worker without a task takes forks; so does one that waits for its own, and
//! that one takes nothing else: a task would run on top of the stack of the task that waits, and could wait for it.
//!
//! Who wakes whom: `Worker::wait` goes to sleep by the protocol of `sleep`, in a second set of sleepers (`helpers`) which only pushed forks
//! wake, so that no wake-up that is meant for a task goes to a worker that cannot take one. A fork that nobody notices is run by its owner.
//!
//! Invariants
//! 1. A worker's own deque is what it was when `fork` returns: it has pushed one and taken it back, or it was stolen.
//! 2. Between two tasks a worker's own deque is empty (by 1).
//! 3. The closures run without a current task and without its budget, on whatever thread: what belongs to a task is not found by
//!    accident on the stack of another.
//!
//! Rejected: running tasks while waiting; leaving the current task to the closures that its own worker runs (whether a call works
//! would depend on who steals).

mod job;
mod latch;
#[cfg(all(test, loom))]
mod model;
#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
mod wait;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::coop;
use crate::task::current;
use crate::util::contain::contained;

use super::worker::{self, Worker};
use job::{Outcome, StackJob};

pub(crate) use job::ForkRef;

/// Runs `a` and `b`, in parallel where a worker of the runtime is free, and returns both values.
///
/// For work that computes and splits in two again and again: sorting, sums over slices, tree walks. Both closures may borrow whatever the
/// caller may. Called in a task of a [`Runtime`](crate::Runtime), the worker runs `a` itself and then, if no other has taken it, `b`; if one
/// has, it runs other `fork_join` closures until that is done, never tasks. Anywhere else (a plain thread, a task of
/// [`run`](crate::run), a root's body, a blocking call) it runs `a`, then `b`.
///
/// It is a plain call: it blocks its worker, and cannot be cancelled. Inside the closures there is no current task, so
/// [`dumper`](crate::dumper) gives `None` there, and [`run`](crate::run) is forbidden as in the task. A closure that waits for another task, or
/// takes a lock that the caller of a `fork_join` may hold, can hang: it may run on the stack of a worker that waits for something else.
///
/// # Panics
/// With the panic of `a`, after `b` has ended; otherwise with that of `b`.
///
/// ```
/// fn sum(values: &[u64]) -> u64 {
///     if values.len() < 100 {
///         return values.iter().sum();
///     }
///     let (left, right) = values.split_at(values.len() / 2);
///     let (left, right) = orion_rt::fork_join(|| sum(left), || sum(right));
///     left + right
/// }
///
/// let values: Vec<u64> = (0..10_000).collect();
/// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
/// let total = runtime.run(async |s| s.spawn(async { sum(&values) }).await.unwrap());
/// assert_eq!(total, 9_999 * 10_000 / 2);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Rules: S10, R3.
pub fn fork_join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let _no_task = current::hide();
    let _no_budget = coop::lift();
    worker::with_here(|worker| match worker {
        Some(worker) if worker.has_peers() => fork(worker, a, b),
        _ => {
            let a = catch_unwind(AssertUnwindSafe(a));
            both(a, catch_unwind(AssertUnwindSafe(b)))
        }
    })
}

fn fork<A, B>(worker: &Worker, a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let job = StackJob::new(worker.index(), b, worker.inherited());
    // After the job, so that it is dropped first.
    let abort = AbortOnUnwind;
    worker.push_fork(job.reference());
    let a = catch_unwind(AssertUnwindSafe(a));
    while !job.latch.is_set() {
        match worker.pop_fork() {
            Some(fork) if job.is(fork) => {
                std::mem::forget(abort);
                // SAFETY: just taken out.
                let b = unsafe { job.take_back() };
                return both(a, catch_unwind(AssertUnwindSafe(b)));
            }
            // Of a `fork_join` that this one was called in: it cannot come out before, by (1), but would be no harm.
            Some(other) => worker.help(other),
            None => worker.wait(&job.latch),
        }
    }
    std::mem::forget(abort);
    // SAFETY: the latch is set.
    both(a, unsafe { job.result() })
}

/// Both values, or the first panic.
fn both<A, B>(a: Outcome<A>, b: Outcome<B>) -> (A, B) {
    match (a, b) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(payload), b) => {
            contained(|| drop(b));
            resume_unwind(payload)
        }
        (Ok(a), Err(payload)) => {
            contained(|| drop(a));
            resume_unwind(payload)
        }
    }
}

/// Aborts when dropped by an unwind: a thief may use the job on this stack.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("orion-rt: a panic inside `fork_join` while another thread uses its stack; aborting");
        std::process::abort();
    }
}

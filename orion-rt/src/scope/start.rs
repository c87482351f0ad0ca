//! Roots that no thread waits for: `Runtime::start` and its future.
//!
//! ```text
//!   Runtime::start ──> [ root: body and tasks on the workers ] ──last of them gone──> outcome ──> Root, wherever it is polled
//!   Root dropped, Runtime dropped ──────asks body and tasks to stop──^
//! ```
//!
//! Invariants
//! 1. `'scope` is `'static`, so nothing of such a root borrows: handles and groups may outlive it, and its end sweeps no results.
//! 2. The outcome is stored once, after every task is gone; the waker is called outside the lock.

#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::runtime::Runtime;
use crate::runtime::root;
use crate::sys::Mutex;
use crate::task::error::TaskError;
use crate::task::kind::Multi;
use crate::task::scope_ref::ScopeRef;
use crate::util::contain::contained;

use super::Group;

impl Runtime {
    /// Starts a root whose body runs on the workers too, and returns at once.
    ///
    /// Everything in it is `'static`, and its handles and groups may leave it: results live as long as their handles. The future of the
    /// result can be awaited anywhere, in tasks of any runtime and in other executors; dropping it asks the root to stop. So keep it:
    /// `let _ = runtime.start(..)` starts a root and cancels it. The body is a task on the workers and ends, as they do, when the root is
    /// asked to stop; its clean-up goes into a [`shield`](crate::shield). Where its tasks wait for each other only, a deadlock is suspected, as
    /// whoever has a group of it could help; with [`DeadlockPolicy::Panic`](crate::DeadlockPolicy::Panic) the output is `Panicked` with the
    /// [`Deadlock`](crate::Deadlock).
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// let root = runtime.start(async |g| {
    ///     let halves = [g.spawn(async { 20 }), g.spawn(async { 22 })];
    ///     let mut sum = 0;
    ///     for half in halves {
    ///         sum += half.await.unwrap();
    ///     }
    ///     sum
    /// });
    /// assert_eq!(futures::executor::block_on(root).unwrap(), 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: R2, R4, R5.
    #[track_caller]
    pub fn start<B, F>(&self, body: B) -> Root<F::Output>
    where
        B: FnOnce(Group<'static>) -> F + Send + 'static,
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let core = root::started_core(&self.shared, Location::caller());
        let group = Group::new(core.clone());
        let ending = Arc::new(Ending { state: Mutex::new(State { outcome: None, waker: None }) });
        let tell = Arc::clone(&ending);
        root::start(&self.shared, &core, async move { body(group).await }, move |outcome| tell.set(outcome));
        Root { core, ending: Some(ending) }
    }
}

/// The end of a root that [`Runtime::start`] has started: a future for any executor, ready when every task of the root is gone.
///
/// Dropping it asks the root's body and tasks to stop and returns at once. A server that is to end in its own time is told so through
/// a channel, and waited for:
///
/// ```
/// use orion_rt::{Chan, Runtime, Sender};
/// let runtime = Runtime::builder().workers(2).build()?;
/// let (requests, inbox) = Chan::<(u32, Sender<u32>)>::new(4).split();
/// let server = runtime.start(async move |g| {
///     let mut served = 0;
///     while let Some((number, reply)) = inbox.recv().await {
///         g.go(async move { drop(reply.send(number * 2).await) });
///         served += 1;
///     }
///     served
/// });
/// // This is a plain thread, of a program that knows nothing of tasks.
/// let (reply, answer) = Chan::new(1).split();
/// requests.send_blocking((21, reply)).unwrap();
/// assert_eq!(answer.recv_blocking(), Some(42));
/// drop(requests); // no more
/// assert_eq!(futures::executor::block_on(server).unwrap(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// [`TaskError::Panicked`], with the payload, after a panic of the body or a task; [`TaskError::Cancelled`] if the body
/// was asked to stop before it returned, which dropping the [`Runtime`] does. The text of a panic names the root: of its tasks, the
/// panic hook's report tells which one it was.
///
/// # Panics
/// When it is polled after it was ready.
///
/// Rule: R5.
#[must_use = "dropping a `Root` asks its tasks to stop; await it, or keep it"]
pub struct Root<T> {
    core: ScopeRef<Multi>,
    ending: Option<Arc<Ending<T>>>,
}

/// Where the end of a root and its future meet.
struct Ending<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    outcome: Option<Result<T, TaskError>>,
    waker: Option<Waker>,
}

impl<T> Ending<T> {
    fn set(&self, outcome: Result<T, TaskError>) {
        let waker = {
            let mut state = self.state.lock();
            state.outcome = Some(outcome);
            state.waker.take()
        };
        if let Some(waker) = waker {
            contained(|| waker.wake());
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Result<T, TaskError>> {
        let fresh = cx.waker().clone();
        let (outcome, before) = {
            let mut state = self.state.lock();
            match state.outcome.take() {
                Some(outcome) => (Some(outcome), Some(fresh)),
                None => (None, state.waker.replace(fresh)),
            }
        };
        // The outcome is out of its place: a waker's panic must not take it along.
        contained(|| drop(before));
        outcome.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<T> Future for Root<T> {
    type Output = Result<T, TaskError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let ending = this.ending.as_ref().expect("a `Root` was polled after it had completed");
        let polled = ending.poll(cx);
        if polled.is_ready() {
            this.ending = None;
        }
        polled
    }
}

impl<T> Drop for Root<T> {
    fn drop(&mut self) {
        if self.ending.is_some() {
            root::stop(&self.core);
        }
    }
}

impl<T> fmt::Debug for Root<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root").field("started", &format_args!("{}", self.core.location)).finish_non_exhaustive()
    }
}

//! The handle of a task: joined at most once, by type (J1).
//!
//! Invariants
//! 1. `claim` is there until the handle is consumed; its task's value has type `T`.
//! 2. The handle is bounded by `'scope`, so it is not used after the root's end.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::meta::TaskId;
use crate::task::current;
use crate::task::error::TaskError;
use crate::task::header::Header;
use crate::task::join::Claim;
use crate::task::kind::{Kind, Multi};
use crate::task::owner::Place;
use crate::task::state::TaskState;

/// The right to a task's value.
///
/// Joined at most once: [`join`](JoinHandle::join) and `.await` consume it. Dropping it neither detaches nor cancels the task:
/// its scope waits for it, and its panic still propagates. [`release`](JoinHandle::release) says that this is meant.
///
/// Joining twice does not compile:
/// ```compile_fail
/// orion_rt::run(async |s| {
///     let handle = s.spawn(async { 1 });
///     handle.join().await.unwrap();
///     handle.join().await.unwrap();
/// });
/// ```
///
/// Rules: J1-J7.
#[must_use = "a task's handle is joined, or given up with `release()`; its scope waits for the task either way"]
pub struct JoinHandle<'scope, T, K: Kind = Multi> {
    claim: Option<Claim<K>>,
    _scope: Invariant<'scope>,
    _value: PhantomData<fn() -> T>,
}

/// Neither shrinks nor grows: a handle belongs to one root (S2).
type Invariant<'scope> = PhantomData<fn(&'scope ()) -> &'scope ()>;

// SAFETY: the claim is a pointer to a shared header; the value moves to the thread that joins, so `T: Send`.
unsafe impl<T: Send> Send for JoinHandle<'_, T, Multi> {}
// SAFETY: through `&JoinHandle` only the shared header is used.
unsafe impl<T: Send> Sync for JoinHandle<'_, T, Multi> {}

impl<T, K: Kind> Unpin for JoinHandle<'_, T, K> {}

impl<T, K: Kind> fmt::Debug for JoinHandle<'_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id()).field("name", &self.name()).finish()
    }
}

impl<'scope, T, K: Kind> JoinHandle<'scope, T, K> {
    /// # Safety
    /// The claim's task has a value of type `T` (1), bounded by `'scope` (2).
    pub(super) unsafe fn new(claim: Claim<K>) -> Self {
        Self { claim: Some(claim), _scope: PhantomData, _value: PhantomData }
    }

    fn claim(&self) -> &Claim<K> {
        self.claim.as_ref().expect("a handle has its claim until it is consumed")
    }

    /// Waits until the task and all its descendants are gone, then gives its value. `handle.await` is the same.
    ///
    /// Cancel safe for the task, not for the value: a join that is dropped half-way discards the value, never the task (J7);
    /// to race a join use [`finished`](JoinHandle::finished).
    ///
    /// # Errors
    /// [`TaskError::Cancelled`] if the task was cancelled before it returned, [`TaskError::Panicked`] if it panicked and the
    /// joiner is not torn down with it.
    ///
    /// # Panics
    /// If the task joins itself or one of its ancestors, which would wait for ever.
    ///
    /// Rules: J1, J4, J5, J7.
    #[track_caller]
    pub fn join(self) -> Join<'scope, T, K> {
        Join { handle: self, location: Location::caller() }
    }

    /// Waits like [`join`](JoinHandle::join) and gives the value itself.
    ///
    /// # Panics
    /// With the task's panic, or, if it was cancelled, with a message that names it.
    #[track_caller]
    pub fn get(self) -> Get<'scope, T, K> {
        Get { join: self.join() }
    }

    /// Waits until the task and its descendants are gone and leaves the handle, whose `join` is then immediate. For `select!`.
    ///
    /// Cancel safe.
    #[track_caller]
    pub fn finished(&mut self) -> Finished<'_, 'scope, T, K> {
        Finished { handle: self, location: Location::caller() }
    }

    /// Whether the task and its descendants are gone.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.claim().header().state.is_complete()
    }

    /// Asks the task, and every task below it, to stop at its next suspension; `join` then waits for that.
    ///
    /// A task that has returned keeps its value. Idempotent.
    ///
    /// Rules: J5, X1, X2, X4, X6.
    pub fn cancel(&self) {
        self.claim().cancel();
    }

    /// Gives the task up to its scope: nobody will join it, its value is dropped when it is there.
    ///
    /// Rule: J2.
    pub fn release(mut self) {
        if let Some(claim) = self.claim.take() {
            claim.release();
        }
    }

    /// The task's identity.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.claim().header().id
    }

    /// The task's name, if it was given one.
    #[must_use]
    pub fn name(&self) -> Option<Arc<str>> {
        self.claim().header().name().cloned()
    }

    fn poll_join(&mut self, cx: &Context<'_>, location: &'static Location<'static>) -> Poll<Result<T, TaskError>> {
        let claim = self.claim.as_mut().expect("a `Join` is not polled after it was ready");
        forbid_waiting_for_oneself(claim, location);
        if claim.poll_complete(cx, location).is_pending() {
            return Poll::Pending;
        }
        let claim = self.claim.take().expect("looked at above");
        // SAFETY: (1), and the task is complete.
        Poll::Ready(unsafe { claim.take::<T>() })
    }
}

impl<T, K: Kind> Drop for JoinHandle<'_, T, K> {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            claim.forsake();
        }
    }
}

impl<'scope, T, K: Kind> IntoFuture for JoinHandle<'scope, T, K> {
    type Output = Result<T, TaskError>;
    type IntoFuture = Join<'scope, T, K>;

    #[track_caller]
    fn into_future(self) -> Join<'scope, T, K> {
        self.join()
    }
}

/// What a message calls a task; it may be gone when the message is written.
struct Called {
    id: TaskId,
    name: Option<Arc<str>>,
    location: &'static Location<'static>,
}

fn called<K: Kind>(header: &Header<K>) -> Called {
    Called { id: header.id, name: header.name().cloned(), location: header.location }
}

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "task '{name}' ({}, spawned at {})", self.id, self.location),
            None => write!(f, "task {}, spawned at {}", self.id, self.location),
        }
    }
}

/// Panics if the task behind `claim` is the current one or has opened the group the current one lives in (J4).
fn forbid_waiting_for_oneself<K: Kind>(claim: &Claim<K>, location: &'static Location<'static>) {
    let target = NonNull::from(claim.header());
    let mut next = current::get().and_then(K::only);
    while let Some(task) = next {
        // SAFETY: the current task is being polled, and an opener that answers for its group is not complete.
        let header: &Header<K> = unsafe { task.as_ref() };
        if task == target {
            panic!(
                "a task cannot join itself or a task it runs inside of: {} would wait for its own end at {location}; join it \
                 from outside, or `release()` the handle",
                called(header)
            );
        }
        // SAFETY: the scope of a task that is not complete is alive.
        next = match unsafe { &header.scope.as_ref().place } {
            // SAFETY: the group has a reference to its opener.
            Place::Group { opener, .. } => opener.filter(|opener| unsafe { opener.as_ref() }.answers_for_groups()),
            Place::Root(_) => None,
        };
    }
}

/// The future of [`JoinHandle::join`].
#[must_use = "futures do nothing unless awaited"]
pub struct Join<'scope, T, K: Kind = Multi> {
    handle: JoinHandle<'scope, T, K>,
    location: &'static Location<'static>,
}

impl<T, K: Kind> fmt::Debug for Join<'_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("location", &self.location).finish_non_exhaustive()
    }
}

impl<T, K: Kind> Future for Join<'_, T, K> {
    type Output = Result<T, TaskError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.handle.poll_join(cx, this.location)
    }
}

/// The future of [`JoinHandle::get`].
#[must_use = "futures do nothing unless awaited"]
pub struct Get<'scope, T, K: Kind = Multi> {
    join: Join<'scope, T, K>,
}

impl<T, K: Kind> fmt::Debug for Get<'_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").field("join", &self.join).finish()
    }
}

impl<T, K: Kind> Future for Get<'_, T, K> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let join = &mut self.get_mut().join;
        let location = join.location;
        let about = called(join.handle.claim().header());
        match Pin::new(join).poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(value)) => Poll::Ready(value),
            Poll::Ready(Err(TaskError::Panicked(panic))) => {
                let message = panic.message().to_owned();
                std::panic::resume_unwind(panic.into_payload().unwrap_or_else(|| Box::new(message)))
            }
            Poll::Ready(Err(TaskError::Cancelled)) => panic!(
                "`get` at {location} on {about}, which was cancelled before it returned; use `join` to see that as a value"
            ),
        }
    }
}

/// The future of [`JoinHandle::finished`].
#[must_use = "futures do nothing unless awaited"]
pub struct Finished<'a, 'scope, T, K: Kind = Multi> {
    handle: &'a mut JoinHandle<'scope, T, K>,
    location: &'static Location<'static>,
}

impl<T, K: Kind> fmt::Debug for Finished<'_, '_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").field("location", &self.location).finish_non_exhaustive()
    }
}

impl<T, K: Kind> Future for Finished<'_, '_, T, K> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let claim = this.handle.claim.as_mut().expect("a handle has its claim until it is consumed");
        forbid_waiting_for_oneself(claim, this.location);
        claim.poll_complete(cx, this.location)
    }
}

//! The handle of a task: joined at most once, by type (J1).
//!
//! It serves two: tasks, by a [`Claim`] of the header, and children of local groups, by a cell that both sides share. What waits
//! on a handle is in `join`.
//!
//! Invariants
//! 1. `what` is there until the handle is consumed; the value of a claimed task has type `T`.
//! 2. The handle is bounded by `'scope`: it is not used after its root's end is over, or its root was started and nothing of the task
//!    borrows; then the claim keeps what it touches.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::coop::{self, Once, Reason};
use crate::meta::{Called, TaskId};
use crate::runtime::root;
use crate::task::ancestry;
use crate::task::child::{self, JoinCell};
use crate::task::current;
use crate::task::ending;
use crate::task::error::TaskError;
use crate::task::join::Claim;
use crate::task::kind::{Kind, Multi};
use crate::task::state::TaskState;
use crate::util::block;
use crate::util::contain::contained;

use super::join::{Finished, Get, Join, JoinTimeout};

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
    what: Option<What<T, K>>,
    _scope: Invariant<'scope>,
    _value: PhantomData<fn() -> T>,
}

/// What a handle is of.
enum What<T, K: Kind> {
    Task(Claim<K>),
    Child(Arc<JoinCell<T, K>>),
}

/// Neither shrinks nor grows: a handle belongs to one root (S2).
type Invariant<'scope> = PhantomData<fn(&'scope ()) -> &'scope ()>;

// SAFETY: the claim is a pointer to a shared header, the cell is shared behind its lock (see `cells_are_shared`); the value moves
// to the thread that joins, so `T: Send`.
unsafe impl<T: Send> Send for JoinHandle<'_, T, Multi> {}
// SAFETY: through `&JoinHandle` only the shared header or cell is used.
unsafe impl<T: Send> Sync for JoinHandle<'_, T, Multi> {}

/// The compiler's word for what is said above of the cell.
const fn cells_are_shared<T: Send>() {
    const fn shared<C: Send + Sync>() {}
    shared::<Arc<JoinCell<T, Multi>>>();
}
const _: () = cells_are_shared::<std::cell::Cell<u8>>();

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
        Self::of(What::Task(claim))
    }

    pub(super) fn of_child(cell: Arc<JoinCell<T, K>>) -> Self {
        Self::of(What::Child(cell))
    }

    fn of(what: What<T, K>) -> Self {
        Self { what: Some(what), _scope: PhantomData, _value: PhantomData }
    }

    fn what(&self) -> &What<T, K> {
        self.what.as_ref().expect("a handle is of something until it is consumed")
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
    /// ```
    /// use orion_rt::TaskError;
    /// orion_rt::run(async |s| {
    ///     let sum = s.spawn(async { 20 + 22 });
    ///     assert_eq!(sum.join().await.unwrap(), 42);
    ///     let never = s.spawn(std::future::pending::<()>());
    ///     never.cancel();
    ///     assert!(matches!(never.await, Err(TaskError::Cancelled)));
    /// });
    /// ```
    ///
    /// Rules: J1, J4, J5, J7, S3.
    #[track_caller]
    pub fn join(self) -> Join<'scope, T, K> {
        Join::new(self, Location::caller())
    }

    /// Waits like [`join`](JoinHandle::join) and gives the value itself.
    ///
    /// # Panics
    /// With the task's panic, or, if it was cancelled, with a message that names it.
    ///
    /// ```
    /// orion_rt::run(async |s| assert_eq!(s.spawn(async { 7 }).get().await, 7));
    /// ```
    ///
    /// Rules: J1, J4, J7.
    #[track_caller]
    pub fn get(self) -> Get<'scope, T, K> {
        Get::new(self.join())
    }

    /// Waits like [`join`](JoinHandle::join), but for `duration` at most. A task that is over when the time is up counts as joined.
    ///
    /// Cancel safe as `join` is: dropped half-way it discards the value, never the task (J7).
    ///
    /// # Errors
    /// The handle, when the time is up first. The task goes on.
    ///
    /// # Panics
    /// As `join` does; and like [`sleep`](crate::sleep), when it has to wait on a thread that runs no orion root.
    ///
    /// ```
    /// use std::time::Duration;
    /// orion_rt::run(async |s| {
    ///     let slow = s.spawn(std::future::pending::<()>());
    ///     let Err(slow) = slow.join_timeout(Duration::from_millis(1)).await else { unreachable!() };
    ///     slow.cancel();
    ///     let quick = s.spawn(async { 7 });
    ///     assert_eq!(quick.join_timeout(Duration::from_secs(9)).await.unwrap().unwrap(), 7);
    /// });
    /// ```
    ///
    /// Rules: J1, J4, J7, S3, T1.
    #[track_caller]
    pub fn join_timeout(self, duration: Duration) -> JoinTimeout<'scope, T, K> {
        JoinTimeout::new(self, duration, Location::caller())
    }

    /// Waits until the task and its descendants are gone and leaves the handle, whose `join` is then immediate. For `select!`.
    ///
    /// Cancel safe.
    ///
    /// # Panics
    /// As [`join`](JoinHandle::join) does.
    ///
    /// ```
    /// use orion_rt::{Chan, select};
    /// orion_rt::run(async |s| {
    ///     let news = Chan::<u32>::new(0);
    ///     let mut task = s.spawn(async { "done" });
    ///     select! {
    ///         _ = task.finished() => assert_eq!(task.await.unwrap(), "done"),
    ///         <-news => unreachable!("nobody sends"),
    ///     }
    /// });
    /// ```
    ///
    /// Rules: J4, J7, S3.
    #[track_caller]
    pub fn finished(&mut self) -> Finished<'_, 'scope, T, K> {
        Finished::new(self, Location::caller())
    }

    /// Whether the task and its descendants are gone.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let task = s.spawn(async {});
    ///     assert!(!task.is_finished());
    ///     orion_rt::yield_now().await;
    ///     assert!(task.is_finished());
    ///     task.release();
    /// });
    /// ```
    ///
    /// Rule: S3.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match self.what() {
            What::Task(claim) => claim.header().state.is_complete(),
            What::Child(cell) => cell.is_over(),
        }
    }

    /// Asks the task, and every task below it, to stop at its next suspension; `join` then waits for that.
    ///
    /// A task that has returned keeps its value. Idempotent. On a handle that is dropped afterwards it is the fire-and-forget of
    /// cancelling: the scope still waits.
    ///
    /// ```
    /// use orion_rt::TaskError;
    /// orion_rt::run(async |s| {
    ///     let (done, never) = (s.spawn(async { 1 }), s.spawn(std::future::pending::<()>()));
    ///     orion_rt::yield_now().await;
    ///     done.cancel();
    ///     never.cancel();
    ///     assert_eq!(done.await.unwrap(), 1);
    ///     assert!(matches!(never.await, Err(TaskError::Cancelled)));
    /// });
    /// ```
    ///
    /// Rules: J5, X1, X2, X4, X6.
    pub fn cancel(&self) {
        match self.what() {
            What::Task(claim) => claim.cancel(),
            What::Child(cell) => cell.record().cancel(),
        }
    }

    /// Gives the task up to its scope: nobody will join it, its value is dropped when it is there. The scope waits for it as ever.
    ///
    /// ```
    /// orion_rt::run(async |s| s.spawn(async { "nobody asks" }).release());
    /// ```
    ///
    /// Rule: J2.
    pub fn release(mut self) {
        match self.what.take() {
            Some(What::Task(claim)) => claim.release(),
            Some(What::Child(cell)) => cell.release(),
            None => {}
        }
    }

    /// The task's identity, as dumps and messages show it.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let task = s.spawn(async {});
    ///     let dump = orion_rt::dumper().unwrap().dump();
    ///     assert!(dump.tasks().iter().any(|info| info.id == task.id()));
    ///     task.release();
    /// });
    /// ```
    ///
    /// Rule: D7.
    #[must_use]
    pub fn id(&self) -> TaskId {
        match self.what() {
            What::Task(claim) => claim.header().id,
            What::Child(cell) => cell.record().id,
        }
    }

    /// The task's name, if it was given one; a child of a local group has none.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let reader = s.task().name("reader").spawn(async {});
    ///     assert_eq!(reader.name().as_deref(), Some("reader"));
    ///     reader.release();
    /// });
    /// ```
    ///
    /// Rule: D7.
    #[must_use]
    pub fn name(&self) -> Option<Arc<str>> {
        match self.what() {
            What::Task(claim) => claim.header().name().cloned(),
            What::Child(_) => None,
        }
    }

    /// Ready when the task is complete; else its completion wakes the caller. Panics where that would be for ever (J4).
    pub(super) fn poll_finished(
        &mut self,
        cx: &Context<'_>,
        once: &mut Once,
        location: &'static Location<'static>,
    ) -> Poll<()> {
        if let Some(called) = self.waits_for_itself() {
            panic!(
                "a task cannot join itself or a task it runs inside of: {called} would wait for its own end at {location}; join it \
                 from outside, or `release()` the handle"
            );
        }
        match self.what.as_mut().expect("a handle is of something until it is consumed") {
            What::Task(claim) => claim.poll_complete(cx, once, location),
            What::Child(cell) => cell.poll_over(cx, once, location),
        }
    }

    /// Has `waker` woken when the task is complete; `true`: it is. In place of `poll_finished`, by who does not wait himself.
    pub(super) fn register(&mut self, waker: &Waker) -> bool {
        match self.what.as_mut().expect("a handle is of something until it is consumed") {
            What::Task(claim) => claim.register(waker),
            What::Child(cell) => cell.register(waker),
        }
    }

    /// The result of a task for which `poll_finished` is ready.
    pub(super) fn take(mut self) -> Result<T, TaskError> {
        match self.what.take().expect("a handle is of something until it is consumed") {
            What::Task(claim) => {
                assert!(claim.header().state.is_complete(), "a result is taken when it is there");
                // SAFETY: (1), and the task is complete.
                unsafe { claim.take::<T>() }
            }
            What::Child(cell) => cell.take(),
        }
    }

    /// As `take`. `Pending`: an error that the current task does not live to see.
    pub(super) fn take_unless_ending(self, cx: &Context<'_>) -> Poll<Result<T, TaskError>> {
        let result = self.take();
        if result.is_err() && ending::is_near(cx) {
            contained(|| drop(result));
            return Poll::Pending;
        }
        Poll::Ready(result)
    }

    /// The current task waits for this one (D6).
    pub(super) fn note_wait(&self, location: &'static Location<'static>) {
        coop::note_wait(Reason::Join, self.id().0, location);
    }

    /// What the task is called, if whoever asks runs inside of it: is the task itself or has it above.
    pub(super) fn waits_for_itself(&self) -> Option<Called> {
        match self.what() {
            What::Task(claim) => {
                let current = current::get().and_then(K::only)?;
                ancestry::runs_inside(current, claim.header()).then(|| self.called())
            }
            What::Child(cell) => child::is_inside(cell.record().id).then(|| self.called()),
        }
    }

    /// What a message calls the task.
    pub(super) fn called(&self) -> Called {
        match self.what() {
            What::Task(claim) => claim.header().called(),
            What::Child(cell) => cell.record().called(),
        }
    }
}

impl<T, K: Kind> Drop for JoinHandle<'_, T, K> {
    fn drop(&mut self) {
        match self.what.take() {
            Some(What::Task(claim)) => claim.forsake(),
            Some(What::Child(cell)) => cell.forsake(),
            None => {}
        }
    }
}

impl<T> JoinHandle<'_, T, Multi> {
    /// Waits like [`join`](JoinHandle::join), by blocking the calling thread: a plain thread, or a closure that runs on a thread for
    /// blocking calls.
    ///
    /// # Errors
    /// As `join`.
    ///
    /// # Panics
    /// From inside an orion task or a root's body, whose thread it would block: `.await` the handle there.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(1).build()?;
    /// runtime.run(async |s| {
    ///     let task = s.spawn(async { 42 });
    ///     std::thread::scope(|threads| {
    ///         threads.spawn(|| assert_eq!(task.join_blocking().unwrap(), 42));
    ///     });
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: J1, J5, S3.
    #[track_caller]
    pub fn join_blocking(self) -> Result<T, TaskError> {
        assert!(
            !root::is_on_this_thread(),
            "`join_blocking` was called from inside a task of an orion runtime, whose thread it would block; join there with \
             `handle.await` instead"
        );
        block::on(self.join())
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

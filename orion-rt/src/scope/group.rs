//! A scope's handle: spawning, cancelling, opening groups below.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::ptr::NonNull;
use std::time::Duration;

use crate::sys::atomic::Ordering;
use crate::task::cell::allocate;
use crate::task::header::{Birth, Extra, Header};
use crate::task::join::Claim;
use crate::task::kind::{Count, Kind, Local, Multi};
use crate::task::owner::ScopeCore;
use crate::task::scope_ref::ScopeRef;
use crate::task::state::TaskState;

use super::cancelled::GroupCancelled;
use super::{JoinHandle, TaskBuilder};

/// A handle of a scope, by which tasks are spawned into it.
///
/// A group is the scope of the body given to [`group`](Group::group); a root's [`Scope`](crate::Scope) is one too. Clones are
/// handles of the same scope and may leave it: spawning into a scope that has ended, or was cancelled, gives a task that is
/// never polled. A task that spawns siblings takes a clone along.
///
/// A function that spawns takes `g: &Group<'_>` under a [`Runtime`](crate::Runtime) and `g: &Group<'_, Local>` under
/// [`run`](crate::run); a mismatch of these two is the compiler's "expected `&Group<'_>`, found `&Scope<'_, '_, Local>`". No function
/// spawns on either kind, as what it would have to ask of the future differs.
///
/// ```
/// use orion_rt::{Chan, Group, Receiver};
/// /// A stage of a pipeline: `width` tasks that square what comes in.
/// fn squares(g: &Group<'_>, input: Receiver<u64>, width: usize) -> Receiver<u64> {
///     let (output, squared) = Chan::new(4).split();
///     for _ in 0..width {
///         let (input, output) = (input.clone(), output.clone());
///         g.go(async move {
///             while let Some(n) = input.recv().await {
///                 if output.send(n * n).await.is_err() {
///                     break; // nobody listens any more
///                 }
///             }
///         });
///     }
///     squared
/// }
///
/// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
/// let sum = runtime.run(async |s| {
///     let (numbers, input) = Chan::new(0).split();
///     s.go(async move {
///         for n in 0..10 {
///             numbers.send(n).await.unwrap();
///         }
///     });
///     let squared = squares(s, input, 3);
///     let mut sum = 0;
///     while let Some(n) = squared.recv().await {
///         sum += n;
///     }
///     sum
/// });
/// assert_eq!(sum, 285);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Rules: S2, S3, S5.
pub struct Group<'scope, K: Kind = Multi> {
    core: ScopeRef<K>,
    _scope: PhantomData<fn(&'scope ()) -> &'scope ()>,
}

impl<K: Kind> Clone for Group<'_, K> {
    fn clone(&self) -> Self {
        Self::new(self.core.clone())
    }
}

impl<K: Kind> fmt::Debug for Group<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("opened", &format_args!("{}", self.core.location))
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}

/// What is said of a task besides its future.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) extra: Option<Box<Extra>>,
    /// The scope does not wait for the task's own end (S9).
    pub(super) background: bool,
    pub(super) location: &'static Location<'static>,
}

impl Spec {
    #[track_caller]
    pub(super) fn here() -> Self {
        Self { extra: None, background: false, location: Location::caller() }
    }
}

impl<'scope> Group<'scope, Multi> {
    /// Starts `future` as a task of this scope, on any worker.
    ///
    /// The task is owned by the scope, which waits for it; the handle is for its value and is joined at most once.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// let sum = runtime.run(async |s| {
    ///     let a = s.spawn(async { 20 });
    ///     let b = s.spawn(async { 22 });
    ///     a.join().await.unwrap() + b.join().await.unwrap()
    /// });
    /// assert_eq!(sum, 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S1, S5, S6, J1, J3.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<'scope, F::Output, Multi>
    where
        F: Future + Send + 'scope,
        F::Output: Send + 'scope,
    {
        self.spawn_any(Spec::here(), future)
    }

    /// Starts `future` as a task nobody joins: the scope waits for it, and its panic ends the scope. For a task with a value, or one
    /// that may have to be cancelled alone, there is [`spawn`](Self::spawn).
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// let mut halves = [0, 0];
    /// let [first, second] = &mut halves;
    /// runtime.run(async |s| {
    ///     s.go(async { *first = (0..50).sum() });
    ///     s.go(async { *second = (50..100).sum() });
    /// });
    /// assert_eq!(halves, [1225, 3725]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S1, P1.
    #[track_caller]
    pub fn go<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'scope,
    {
        self.go_any(Spec::here(), future);
    }
}

impl<'scope> Group<'scope, Local> {
    /// Starts `future` as a task of this scope, on this thread, behind every task spawned before.
    ///
    /// The task is owned by the scope, which waits for it; the handle is for its value and is joined at most once.
    ///
    /// ```
    /// use std::rc::Rc;
    /// orion_rt::run(async |s| {
    ///     let shared = Rc::new(42);
    ///     let handle = s.spawn({ let shared = shared.clone(); async move { *shared } });
    ///     assert_eq!(handle.await.unwrap(), 42);
    /// });
    /// ```
    ///
    /// Rules: S1, S5, S6, J1, J3.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<'scope, F::Output, Local>
    where
        F: Future + 'scope,
        F::Output: 'scope,
    {
        self.spawn_any(Spec::here(), future)
    }

    /// Starts `future` as a task nobody joins: the scope waits for it, and its panic ends the scope. For a task with a value, or one
    /// that may have to be cancelled alone, there is [`spawn`](Self::spawn).
    ///
    /// ```
    /// let mut halves = [0, 0];
    /// let [first, second] = &mut halves;
    /// orion_rt::run(async |s| {
    ///     s.go(async { *first = (0..50).sum() });
    ///     s.go(async { *second = (50..100).sum() });
    /// });
    /// assert_eq!(halves, [1225, 3725]);
    /// ```
    ///
    /// Rules: S1, P1.
    #[track_caller]
    pub fn go<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'scope,
    {
        self.go_any(Spec::here(), future);
    }
}

impl<'scope, K: Kind> Group<'scope, K> {
    pub(super) fn new(core: ScopeRef<K>) -> Self {
        Self { core, _scope: PhantomData }
    }

    pub(super) fn core(&self) -> &ScopeRef<K> {
        &self.core
    }

    /// A task with a name or other properties, still to be spawned; see [`TaskBuilder`].
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let reader = s.task().name("reader").isolated().spawn(async { "a line" });
    ///     assert_eq!(reader.await.unwrap(), "a line");
    /// });
    /// ```
    ///
    /// Rules: D7, P2, S9.
    pub fn task(&self) -> TaskBuilder<'scope, K> {
        TaskBuilder::new(self.clone())
    }

    /// Asks every task of the scope, and of the groups below, to stop: each is dropped at its next suspension. The scope's own
    /// body goes on. Idempotent; tasks spawned afterwards are never polled. It only asks: the end of the group, or a join, waits.
    ///
    /// A task that is cancelled does not learn of it, it ends where it waits: what follows that `.await` does not run, destructors do.
    /// For a clean-up that has to wait there is [`shield`](crate::shield).
    ///
    /// ```
    /// use orion_rt::TaskError;
    /// orion_rt::run(async |s| {
    ///     let (waits, refused) = s.group(async |g| {
    ///         let waits = g.spawn(std::future::pending::<()>());
    ///         g.cancel();
    ///         (waits, g.spawn(async {}))
    ///     })
    ///     .await;
    ///     assert!(matches!(waits.await, Err(TaskError::Cancelled)));
    ///     assert!(matches!(refused.await, Err(TaskError::Cancelled)));
    /// });
    /// ```
    ///
    /// Rules: X1, X2, X6, S5.
    pub fn cancel(&self) {
        crate::task::cancel::scope(&self.core).resume();
    }

    /// Cancels the scope, as [`cancel`](Group::cancel) does, when `after` has passed by [`now`](crate::now), unless it has ended
    /// before. The last call wins: it takes the place of one that is pending.
    ///
    /// It keeps nothing alive and makes nobody wait: when the scope's tasks have ended, the timer is gone. A zero duration cancels
    /// before the call returns; one too long for the clock means about thirty years. On a scope that is cancelled or has ended it does
    /// nothing. May be called from any thread that has the handle.
    ///
    /// So a graceful shutdown reads: stop accepting, `cancel_after`, leave the body. What ends in time ends well:
    ///
    /// ```
    /// use std::time::Duration;
    /// orion_rt::run(async |s| {
    ///     let (quick, slow) = s.group(async |g| {
    ///         let quick = g.spawn(async { "an answer" });
    ///         let slow = g.spawn(std::future::pending::<()>());
    ///         g.cancel_after(Duration::from_millis(1));
    ///         (quick, slow)
    ///     })
    ///     .await;
    ///     assert_eq!(quick.await.unwrap(), "an answer");
    ///     assert!(matches!(slow.await, Err(orion_rt::TaskError::Cancelled)));
    /// });
    /// ```
    ///
    /// Rules: S11, X2, T1.
    pub fn cancel_after(&self, after: Duration) {
        crate::task::deadline::cancel_after(&self.core, after);
    }

    /// Whether the scope has been asked to stop, by [`cancel`](Self::cancel), a deadline, a scope above or a panic below.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     assert!(!s.is_cancelled());
    ///     s.cancel();
    ///     assert!(s.is_cancelled());
    /// });
    /// ```
    ///
    /// Rule: X2.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.core.is_cancelled()
    }

    /// Waits until the scope is asked to stop; at once if it has been. For the scope's own body, which a cancellation does not
    /// end, and for whoever else has the group: it does not keep the scope from ending. One that ends without having been
    /// cancelled is never cancelled, unless by a later [`cancel`](Self::cancel).
    ///
    /// Cancel safe.
    ///
    /// ```
    /// use orion_rt::{Chan, select};
    /// orion_rt::run(async |s| {
    ///     let jobs = Chan::<u32>::new(1);
    ///     let stop = s.group(async |g| {
    ///         let inner = g.clone();
    ///         g.go(async move { inner.cancel() });
    ///         select! {
    ///             _ = <-jobs => "a job",
    ///             _ = g.cancelled() => "cancelled",
    ///         }
    ///     });
    ///     assert_eq!(stop.await, "cancelled");
    /// });
    /// ```
    ///
    /// Rule: X2.
    #[track_caller]
    pub fn cancelled(&self) -> GroupCancelled<'scope, K> {
        GroupCancelled::new(self.clone())
    }

    /// Whether a task spawned now would be refused (S5).
    pub(super) fn refuses(&self) -> bool {
        self.is_cancelled() || self.core.active.get() == 0
    }

    pub(super) fn spawn_any<F: Future>(&self, spec: Spec, future: F) -> JoinHandle<'scope, F::Output, K> {
        let task = self.start(spec, true, future);
        // SAFETY: born with a handle.
        let claim = unsafe { Claim::new(task) };
        // SAFETY: the task's value has the future's output type.
        unsafe { JoinHandle::new(claim) }
    }

    pub(super) fn go_any<F: Future<Output = ()>>(&self, spec: Spec, future: F) {
        if let Some(extra) = &spec.extra {
            extra.released.store(true, Ordering::Relaxed);
        }
        self.start(spec, false, future);
    }

    /// The one place where a future's lifetime is erased: the scope's root does not end before the future is dropped (R3).
    fn start<F: Future>(&self, spec: Spec, handle: bool, future: F) -> NonNull<Header<K>> {
        let background = if spec.background { ScopeCore::background(&self.core) } else { None };
        // Too late for a background task is too late for good: the scope has nothing else left.
        let refused = spec.background && background.is_none();
        let core = background.as_ref().unwrap_or(&self.core);
        let mut extra = spec.extra;
        Extra::inherit(&mut extra);
        if core.in_background {
            Extra::of(&mut extra).background = true;
        }
        let birth = Birth {
            scope: core.as_ptr(),
            link: K::link(core),
            shared: self.core.shared,
            location: spec.location,
            extra,
            handle,
            is_body: false,
            strict: core.strict,
        };
        let task = allocate(birth, future);
        // SAFETY: just allocated, with its membership reference.
        if !refused && unsafe { core.enlist(task) } {
            crate::task::waker::queue(task);
        } else {
            // SAFETY: in no list and no queue.
            unsafe { refuse(task) };
        }
        task
    }
}

/// Ends a task that its scope has refused: the future is dropped unpolled, the joiner gets `Cancelled` (S5).
///
/// # Safety
/// `task` is new, in no list and no queue.
unsafe fn refuse<K: Kind>(task: NonNull<Header<K>>) {
    // SAFETY: the caller's reference keeps it alive.
    let header = unsafe { task.as_ref() };
    let _ = header.state.start(|| false);
    // SAFETY: this thread has RUNNING since `start`, and the future is there.
    unsafe { crate::task::run::abandon(task) };
    let completed = header.state.finish();
    if !completed.wanted {
        // SAFETY: no handle: the result is this thread's, and the task was not enlisted.
        unsafe { crate::task::finish::drop_result(task) };
    }
    // SAFETY: the completion reference, and without a handle the membership too.
    unsafe { crate::task::finish::give_back(task, if completed.wanted { 1 } else { 2 }) };
}

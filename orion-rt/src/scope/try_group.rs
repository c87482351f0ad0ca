//! A group that the first error ends.
//!
//! ```text
//!   body ──Err──┐
//!               ├──> Failure: kept if it is the first, else dropped ──> tasks and body are asked to stop
//!   child ──Err─┘         the child itself is suspended, so it ends as cancelled
//! ```
//!
//! Invariants
//! 1. The error is stored before anything is asked to stop, and before its task or body is gone: the future, ready when all
//!    are, finds it.
//! 2. No error is dropped under the lock.

#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::sys::{Mutex, OnceLock};
use crate::task::kind::{Kind, Local, Multi};
use crate::util::contain::contained;

use super::begin::Begin;
use super::group::Spec;
use super::nest::Nest;
use super::{Group, JoinHandle};

impl<'scope, K: Kind> Group<'scope, K> {
    /// Opens a group, as [`group`](Self::group) does, that the first `Err` ends: the body's, or that of a task spawned through
    /// the [`TryGroup`] that the body gets.
    ///
    /// The first error in time cancels all tasks and ends the body at its next suspension (or when the
    /// [`shield`](crate::shield) it is in has ended). It is returned when all are gone, even if the body has returned `Ok`; the
    /// joiner of the task that failed gets `Cancelled`; later errors are dropped.
    ///
    /// Dropping the future acts as dropping a group's.
    ///
    /// # Errors
    /// The first error of the body or a task.
    ///
    /// # Panics
    /// With the first panic of the body or a task of the group, whatever errors there were.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let sum = s.try_group(async |g| {
    ///         let a = g.spawn(async { "20".parse::<i32>() });
    ///         let b = g.spawn(async { "22".parse::<i32>() });
    ///         Ok(a.get().await + b.get().await)
    ///     });
    ///     assert_eq!(sum.await, Ok(42));
    ///     let error = s.try_group(async |g| {
    ///         g.go(async { Err("no such file") });
    ///         std::future::pending().await
    ///     });
    ///     let result: Result<(), _> = error.await;
    ///     assert_eq!(result, Err("no such file"));
    /// });
    /// ```
    ///
    /// Rules: S8, S2, S3, S4, P1.
    #[track_caller]
    pub fn try_group<B, F, T, E>(&self, body: B) -> TryGroupFuture<'scope, K, B, F, T, E>
    where
        B: FnOnce(TryGroup<'scope, E, K>) -> F,
        F: Future<Output = Result<T, E>>,
    {
        let nest = Nest::new(self.clone(), Begin::new(body));
        TryGroupFuture { nest, result: |output| output, failure: OnceLock::new() }
    }
}

/// A handle of the scope of a [`try_group`](Group::try_group): tasks spawned through it may fail.
///
/// It is a [`Group`] too, for tasks and groups that do not: `g.group(..)`, `g.task()`, `g.cancel()`. To that half belong `g.join_set()`
/// and `g.spawn_blocking(..)`, too: an `Err` from there is a value, and ends the group when the body, or a task of this group, returns it.
///
/// At most n at a time, Go's `SetLimit`, are n tasks that take their work from one channel:
///
/// ```
/// use orion_rt::Chan;
/// orion_rt::run(async |s| {
///     let parsed = s.try_group(async |g| {
///         let (texts, work) = Chan::new(0).split();
///         let (numbers, results) = Chan::new(0).split();
///         for _ in 0..2 {
///             let (work, numbers) = (work.clone(), numbers.clone());
///             g.go(async move {
///                 while let Some(text) = work.recv().await {
///                     let text: &str = text;
///                     numbers.send(text.parse::<u32>()?).await.unwrap();
///                 }
///                 Ok(())
///             });
///         }
///         drop((work, numbers));
///         g.go(async move {
///             for text in ["1", "2", "x", "4"] {
///                 texts.send(text).await.unwrap();
///             }
///             Ok(())
///         });
///         let mut sum = 0;
///         while let Some(number) = results.recv().await {
///             sum += number;
///         }
///         Ok::<_, std::num::ParseIntError>(sum)
///     });
///     assert_eq!(parsed.await.unwrap_err().to_string(), "invalid digit found in string");
/// });
/// ```
///
/// Rule: S8.
pub struct TryGroup<'scope, E, K: Kind = Multi>(Arc<Failure<'scope, E, K>>);

/// The scope, and its first error.
struct Failure<'scope, E, K: Kind> {
    group: Group<'scope, K>,
    first: Mutex<First<E>>,
}

enum First<E> {
    None,
    Kept(E),
    /// The future is over: nobody will look any more.
    Closed,
}

impl<E, K: Kind> Failure<'_, E, K> {
    /// Keeps `error` if it is the first (1), and asks all to stop.
    fn fail(&self, error: E) {
        let mut first = self.first.lock();
        if let First::None = *first {
            *first = First::Kept(error);
            drop(first);
        } else {
            drop(first);
            contained(|| drop(error));
        }
        crate::task::cancel::scope_and_body(self.group.core()).discard();
    }

    /// The first error, for the future that is ready.
    fn close(&self) -> Option<E> {
        let first = std::mem::replace(&mut *self.first.lock(), First::Closed);
        if let First::Kept(error) = first { Some(error) } else { None }
    }
}

impl<E, K: Kind> Clone for TryGroup<'_, E, K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E, K: Kind> fmt::Debug for TryGroup<'_, E, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TryGroup").field(&self.0.group).finish()
    }
}

impl<'scope, E, K: Kind> Deref for TryGroup<'scope, E, K> {
    type Target = Group<'scope, K>;

    fn deref(&self) -> &Group<'scope, K> {
        &self.0.group
    }
}

impl<'scope, E: Send + 'scope> TryGroup<'scope, E, Multi> {
    /// Starts `future` as a task of this scope; an `Err` ends the group. See [`Group::spawn`](Group::<Multi>::spawn).
    ///
    /// The handle is for the value of the `Ok`; a task that failed joins as cancelled. As the error is the group's, [`get`](JoinHandle::get)
    /// is the way to join: where it would panic the group has ended already.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// let sum = runtime.run(async |s| {
    ///     s.try_group(async |g| {
    ///         let parts: Vec<_> = ["1", "2", "x"].into_iter().map(|part| g.spawn(async move { part.parse::<u32>() })).collect();
    ///         let mut sum = 0;
    ///         for part in parts {
    ///             sum += part.get().await;
    ///         }
    ///         Ok(sum)
    ///     })
    ///     .await
    /// });
    /// assert_eq!(sum.unwrap_err().to_string(), "invalid digit found in string");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S8, S1, S5.
    #[track_caller]
    pub fn spawn<F, U>(&self, future: F) -> JoinHandle<'scope, U, Multi>
    where
        F: Future<Output = Result<U, E>> + Send + 'scope,
        U: Send + 'scope,
    {
        self.spawn_any(Spec::here(), fallible(Arc::clone(&self.0), future))
    }

    /// Starts `future` as a task nobody joins; an `Err` ends the group.
    ///
    /// Where no body or task says of which type the error is, the compiler asks for it: `Ok::<_, MyError>(())`.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// runtime.run(async |s| {
    ///     let done = s.try_group(async |g| {
    ///         g.go(async { Err("disk full") });
    ///         g.go(std::future::pending());
    ///         Ok(())
    ///     });
    ///     assert_eq!(done.await, Err("disk full"));
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S8, S1.
    #[track_caller]
    pub fn go<F>(&self, future: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'scope,
    {
        self.go_any(Spec::here(), fallible(Arc::clone(&self.0), future));
    }
}

impl<'scope, E: 'scope> TryGroup<'scope, E, Local> {
    /// Starts `future` as a task of this scope; an `Err` ends the group. See [`Group::spawn`](Group::<Local>::spawn).
    ///
    /// The handle is for the value of the `Ok`; a task that failed joins as cancelled. As the error is the group's, [`get`](JoinHandle::get)
    /// is the way to join: where it would panic the group has ended already.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let parsed = s.try_group(async |g| Ok(g.spawn(async { "7".parse::<u32>() }).get().await)).await;
    ///     assert_eq!(parsed, Ok(7));
    /// });
    /// ```
    ///
    /// Rules: S8, S1, S5.
    #[track_caller]
    pub fn spawn<F, U>(&self, future: F) -> JoinHandle<'scope, U, Local>
    where
        F: Future<Output = Result<U, E>> + 'scope,
        U: 'scope,
    {
        self.spawn_any(Spec::here(), fallible(Arc::clone(&self.0), future))
    }

    /// Starts `future` as a task nobody joins; an `Err` ends the group.
    ///
    /// Where no body or task says of which type the error is, the compiler asks for it: `Ok::<_, MyError>(())`.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let done = s.try_group(async |g| {
    ///         g.go(async { Err("disk full") });
    ///         g.go(std::future::pending());
    ///         Ok(())
    ///     });
    ///     assert_eq!(done.await, Err("disk full"));
    /// });
    /// ```
    ///
    /// Rules: S8, S1.
    #[track_caller]
    pub fn go<F>(&self, future: F)
    where
        F: Future<Output = Result<(), E>> + 'scope,
    {
        self.go_any(Spec::here(), fallible(Arc::clone(&self.0), future));
    }
}

/// The task around a future that may fail. By the time it waits it has been cancelled with its scope, so it waits only where
/// it is dropped.
async fn fallible<F, U, E, K: Kind>(failure: Arc<Failure<'_, E, K>>, future: F) -> U
where
    F: Future<Output = Result<U, E>>,
{
    match future.await {
        Ok(value) => value,
        Err(error) => {
            failure.fail(error);
            std::future::pending().await
        }
    }
}

pin_project! {
    /// The future of [`Group::try_group`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct TryGroupFuture<'scope, K: Kind, B, F: Future, T, E> {
        #[pin]
        nest: Nest<'scope, K, Begin<TryGroup<'scope, E, K>, B, F>, F, T>,
        // That the body gives one is not asked again, as with `Begin`.
        result: fn(F::Output) -> Result<T, E>,
        failure: OnceLock<Arc<Failure<'scope, E, K>>>,
    }
}

impl<K: Kind, B, F: Future, T, E> fmt::Debug for TryGroupFuture<'_, K, B, F, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryGroupFuture").field("location", &self.nest.location()).finish_non_exhaustive()
    }
}

impl<K: Kind, B, F: Future, T, E> Future for TryGroupFuture<'_, K, B, F, T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let failure = &*this.failure;
        let begin = |body: Begin<_, B, F>, group| {
            let first = Mutex::new(First::None);
            body.call(TryGroup(Arc::clone(failure.get_or_init(|| Arc::new(Failure { group, first })))))
        };
        let keep = |output| match (this.result)(output) {
            Ok(value) => Some(value),
            Err(error) => {
                failure.get().expect("made before the body").fail(error);
                None
            }
        };
        let value = ready!(this.nest.poll(cx, begin, keep));
        if let Some(error) = failure.get().and_then(|failure| failure.close()) {
            contained(|| drop(value));
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(value.expect("a body that was not stopped has returned")))
    }
}

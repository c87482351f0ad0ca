//! Tasks with more than a future: a name, a panic of their own, a scope that does not wait for them.

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::task::header::Extra;
use crate::task::kind::{Kind, Local, Multi};

use super::group::Spec;
use super::{Group, JoinHandle};

/// A task about to be spawned. Made by [`Group::task`].
///
/// ```
/// orion_rt::run(async |s| {
///     let reader = s.task().name("reader").spawn(async { 1 });
///     assert_eq!(reader.name().as_deref(), Some("reader"));
///     reader.await.unwrap();
/// });
/// ```
///
/// Rule: D7.
#[derive(Debug)]
#[must_use = "a task builder does nothing until `spawn` or `go`"]
pub struct TaskBuilder<'scope, K: Kind = Multi> {
    group: Group<'scope, K>,
    extra: Option<Box<Extra>>,
    background: bool,
}

impl<'scope, K: Kind> TaskBuilder<'scope, K> {
    pub(super) fn new(group: Group<'scope, K>) -> Self {
        Self { group, extra: None, background: false }
    }

    /// The task's name in dumps and messages. Default: the place it was spawned at.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let risky = s.task().name("parser").isolated().spawn(async { panic!("line 3") });
    ///     let text = risky.await.map(|()| ()).unwrap_err().to_string();
    ///     assert!(text.starts_with("task 'parser' (#") && text.ends_with("panicked: line 3"), "{text}");
    /// });
    /// ```
    ///
    /// Rule: D7.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        Extra::of(&mut self.extra).name = Some(name.into());
        self
    }

    /// The task keeps a panic to itself: its siblings go on, and its joiner gets
    /// [`TaskError::Panicked`](crate::TaskError::Panicked) with the payload.
    ///
    /// Of a task without a joiner, by [`go`](TaskBuilder::<Multi>::go) or [`release`](JoinHandle::release), only the panic
    /// hook learns; where a handle or a join is dropped instead, the scope raises the panic at its end.
    ///
    /// ```
    /// use orion_rt::TaskError;
    /// orion_rt::run(async |s| {
    ///     let risky = s.task().isolated().spawn(async { panic!("only mine") });
    ///     match risky.await {
    ///         Err(TaskError::Panicked(panic)) => assert_eq!(panic.message(), "only mine"),
    ///         other => panic!("{other:?}"),
    ///     }
    /// });
    /// ```
    ///
    /// Rule: P2.
    pub fn isolated(mut self) -> Self {
        Extra::of(&mut self.extra).isolated = true;
        self
    }

    /// The scope does not wait for the task to end by itself: when its body and all other tasks have ended, the task is
    /// cancelled. For tickers, heartbeats, listeners for signals. That one ticks does not hide a deadlock of the others, which is
    /// suspected then ([`DeadlockPolicy`](crate::DeadlockPolicy)): one that others wait for is to do something for them in eight of its turns, or to be an
    /// ordinary task. Here, a limit on the rate of requests:
    ///
    /// ```
    /// use orion_rt::{Chan, interval, now};
    /// use std::time::Duration;
    /// orion_rt::run(async |s| {
    ///     let (permits, rate) = Chan::new(1).split();
    ///     s.task().name("limiter").background().go(async move {
    ///         let mut beat = interval(Duration::from_millis(2));
    ///         loop {
    ///             beat.tick().await;
    ///             if permits.send(()).await.is_err() {
    ///                 break;
    ///             }
    ///         }
    ///     });
    ///     let start = now();
    ///     for _request in 0..4 {
    ///         rate.recv().await; // the first one is free
    ///     }
    ///     assert!(now() - start >= Duration::from_millis(6));
    /// }); // the limiter is gone
    /// ```
    ///
    /// Rule: S9.
    pub fn background(mut self) -> Self {
        self.background = true;
        self
    }

    #[track_caller]
    fn split(self) -> (Group<'scope, K>, Spec) {
        (self.group, Spec { extra: self.extra, background: self.background, location: Location::caller() })
    }
}

impl<'scope> TaskBuilder<'scope, Multi> {
    /// Starts `future`; see [`Group::spawn`](Group::<Multi>::spawn).
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// let answer = runtime.run(async |s| s.task().name("answer").spawn(async { 42 }).get().await);
    /// assert_eq!(answer, 42);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S1, S5, J1, J3, D7.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<'scope, F::Output, Multi>
    where
        F: Future + Send + 'scope,
        F::Output: Send + 'scope,
    {
        let (group, spec) = self.split();
        group.spawn_any(spec, future)
    }

    /// Starts `future` without a handle; see [`Group::go`](Group::<Multi>::go).
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// runtime.run(async |s| s.task().name("greeter").go(async { println!("hello") }));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S1, P1, D7.
    #[track_caller]
    pub fn go<F>(self, future: F)
    where
        F: Future<Output = ()> + Send + 'scope,
    {
        let (group, spec) = self.split();
        group.go_any(spec, future);
    }
}

impl<'scope> TaskBuilder<'scope, Local> {
    /// Starts `future`; see [`Group::spawn`](Group::<Local>::spawn).
    ///
    /// ```
    /// orion_rt::run(async |s| assert_eq!(s.task().name("answer").spawn(async { 42 }).get().await, 42));
    /// ```
    ///
    /// Rules: S1, S5, J1, J3, D7.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<'scope, F::Output, Local>
    where
        F: Future + 'scope,
        F::Output: 'scope,
    {
        let (group, spec) = self.split();
        group.spawn_any(spec, future)
    }

    /// Starts `future` without a handle; see [`Group::go`](Group::<Local>::go).
    ///
    /// ```
    /// orion_rt::run(async |s| s.task().name("greeter").go(async { println!("hello") }));
    /// ```
    ///
    /// Rules: S1, P1, D7.
    #[track_caller]
    pub fn go<F>(self, future: F)
    where
        F: Future<Output = ()> + 'scope,
    {
        let (group, spec) = self.split();
        group.go_any(spec, future);
    }
}

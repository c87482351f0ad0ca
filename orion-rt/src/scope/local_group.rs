//! The handle of a local group: spawning children, cancelling them.

#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use crate::task::child::{JoinCell, Record, Work};
use crate::task::kind::{Kind, Local, Multi};

use super::JoinHandle;
use super::local_children::Children;

/// The handle of a group whose children are polled inside the calling task, given to the body of [`Group::local`](crate::Group::local).
///
/// Children may borrow anything that outlives that call (`'a`), the caller's own variables too. Clones are handles of the same
/// group, and may leave it: a child spawned when the group has been cancelled, or is over, is dropped unpolled and joins as
/// [`Cancelled`](crate::TaskError::Cancelled). A function that spawns children takes `g: &LocalGroup<'_>` under a
/// [`Runtime`](crate::Runtime) and `g: &LocalGroup<'_, Local>` under [`run`](crate::run).
///
/// A child has a [`JoinHandle`] like any task, but it is none: it shares its task's turn, budget and name. It is over when its
/// future is; a group that it opened and dropped half-way is waited for by the task.
///
/// That of [`run`](crate::run) stays on its thread:
/// ```compile_fail,E0277
/// # orion_rt::run(async |s| {
/// s.local(async |g| std::thread::scope(|threads| drop(threads.spawn(move || g.cancel())))).await;
/// # });
/// ```
///
/// Rules: S4, S5, P1, X1, X2, R1.
pub struct LocalGroup<'a, K: Kind = Multi> {
    children: Arc<Children<'a, K>>,
}

impl<K: Kind> Clone for LocalGroup<'_, K> {
    fn clone(&self) -> Self {
        Self { children: Arc::clone(&self.children) }
    }
}

impl<K: Kind> fmt::Debug for LocalGroup<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opened = format_args!("{}", self.children.body.location);
        f.debug_struct("LocalGroup").field("opened", &opened).field("children", &self.children.len()).finish()
    }
}

impl<'a> LocalGroup<'a, Multi> {
    /// Starts `future` as a child of the group, polled in turn with its siblings by the task that waits for the group.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// runtime.run(async |s| {
    ///     let words = vec!["a", "caller's", "local"];
    ///     let letters = s.local(async |g| {
    ///         let lengths: Vec<_> = words.iter().map(|word| g.spawn(async { word.len() })).collect();
    ///         let mut sum = 0;
    ///         for length in lengths {
    ///             sum += length.get().await;
    ///         }
    ///         sum
    ///     });
    ///     assert_eq!(letters.await, 14);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S5, J1, J3.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<'a, F::Output, Multi>
    where
        F: Future + Send + 'a,
        F::Output: Send + 'a,
    {
        let (record, cell) = self.birth();
        self.children.adopt(record, Box::pin(Work::new(future, Some(Arc::clone(&cell)))));
        JoinHandle::of_child(cell)
    }

    /// Starts `future` as a child nobody joins: the group waits for it.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// let lines = runtime.run(async |s| {
    ///     s.spawn(async move {
    ///         let mut lines = Vec::new();
    ///         s.local(async |g| g.go(async { lines.push("a local of the task") })).await;
    ///         lines
    ///     })
    ///     .get()
    ///     .await
    /// });
    /// assert_eq!(lines.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rule: P1.
    #[track_caller]
    pub fn go<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'a,
    {
        let record = self.children.new_record(Location::caller());
        self.children.adopt(record, Box::pin(Work::<F, Multi>::new(future, None)));
    }
}

impl<'a> LocalGroup<'a, Local> {
    /// Starts `future` as a child of the group, polled in turn with its siblings by the task that waits for the group.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let mut found = Vec::new();
    ///     let count = s.local(async |g| g.spawn(async { found.push("a child borrows mutably"); found.len() }).get().await);
    ///     assert_eq!(count.await, 1);
    ///     assert_eq!(found.len(), 1);
    /// });
    /// ```
    ///
    /// Rules: S5, J1, J3.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<'a, F::Output, Local>
    where
        F: Future + 'a,
        F::Output: 'a,
    {
        let (record, cell) = self.birth();
        self.children.adopt(record, Box::pin(Work::new(future, Some(Arc::clone(&cell)))));
        JoinHandle::of_child(cell)
    }

    /// Starts `future` as a child nobody joins: the group waits for it.
    ///
    /// ```
    /// use orion_rt::Chan;
    /// orion_rt::run(async |s| {
    ///     // Outside of the call: what is made in the body does not outlive it.
    ///     let (words, mut longest) = (Chan::new(0), 0);
    ///     s.local(async |g| {
    ///         g.go(async {
    ///             for word in ["children", "take", "turns"] {
    ///                 words.send(word).await.unwrap();
    ///             }
    ///             words.close();
    ///         });
    ///         g.go(async {
    ///             while let Some(word) = words.recv().await {
    ///                 longest = longest.max(word.len());
    ///             }
    ///         });
    ///     })
    ///     .await;
    ///     assert_eq!(longest, 8);
    /// });
    /// ```
    ///
    /// Rule: P1.
    #[track_caller]
    pub fn go<F>(&self, future: F)
    where
        F: Future<Output = ()> + 'a,
    {
        let record = self.children.new_record(Location::caller());
        self.children.adopt(record, Box::pin(Work::<F, Local>::new(future, None)));
    }
}

impl<'a, K: Kind> LocalGroup<'a, K> {
    pub(super) fn new(children: Arc<Children<'a, K>>) -> Self {
        Self { children }
    }

    /// Asks every child to stop: each is dropped at its next suspension, or when the [`shield`](crate::shield) it is in has ended (in
    /// which [`cancelled`](crate::cancelled), being about the task, does not see this). The group's own body goes on. Idempotent;
    /// children spawned afterwards are never polled.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let mut turns = 0;
    ///     s.local(async |g| {
    ///         g.go(async {
    ///             loop {
    ///                 turns += 1;
    ///                 orion_rt::yield_now().await;
    ///             }
    ///         });
    ///         orion_rt::yield_now().await;
    ///         g.cancel();
    ///     })
    ///     .await;
    ///     assert!(turns > 0);
    /// });
    /// ```
    ///
    /// Rules: X1, X2, X6, S5.
    pub fn cancel(&self) {
        self.children.cancel();
    }

    #[track_caller]
    fn birth<T>(&self) -> (Arc<Record>, Arc<JoinCell<T, K>>) {
        let record = self.children.new_record(Location::caller());
        (Arc::clone(&record), JoinCell::new(record))
    }
}

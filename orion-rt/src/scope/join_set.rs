//! Tasks joined in the order in which they complete.
//!
//! ```text
//!   task ──completes──> its join waker, a Ticket ──index──> queue ──next──> handle at that index, joined
//! ```
//!
//! The runtime wakes a task's joiner at the moment of completion. Here the joiner is a ticket, registered at the spawn, so the
//! queue has the order of completion whether or not anybody waits, and nothing is scanned for it. Whether a task would wait for itself
//! (J4) is told from one task that is left, the *witness*; the next is looked for from there on, so all looks together are linear.
//!
//! Invariants
//! 1. A ticket is for the handle at its index; that index is used again only after the ticket has come up.
//! 2. A ticket comes up once.
//!
//! Rejected: a channel that tasks send their results to (a result is there before the task's descendants are gone, S3).

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use futures_core::Stream;

use crate::coop::{self, Once, Reason};
use crate::sys::Mutex;
use crate::sys::atomic::{AtomicBool, Ordering};
use crate::task::error::TaskError;
use crate::task::kind::{Kind, Local, Multi};
use crate::util::contain::{FirstPanic, contained};
use crate::util::slab::Slab;

use super::group::Spec;
use super::{Group, JoinHandle};

impl<'scope, K: Kind> Group<'scope, K> {
    /// An empty set of tasks of this scope, to be joined in the order in which they complete; see [`JoinSet`].
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let mut set = s.join_set();
    ///     set.spawn(async { "a value" });
    ///     assert_eq!(set.next().await.unwrap().unwrap(), "a value");
    /// });
    /// ```
    ///
    /// Rules: J1, S3.
    #[track_caller]
    pub fn join_set<T>(&self) -> JoinSet<'scope, T, K> {
        JoinSet::new(self.clone(), Location::caller())
    }
}

/// Tasks of one scope that are joined in the order in which they complete. Made by [`Group::join_set`].
///
/// Dropping the set neither stops nor detaches its tasks: the scope waits for them, their values are dropped.
///
/// ```
/// orion_rt::run(async |s| {
///     let mut set = s.join_set();
///     for turns in [3, 1, 2] {
///         set.spawn(async move {
///             for _ in 0..turns {
///                 orion_rt::yield_now().await;
///             }
///             turns
///         });
///     }
///     let mut order = Vec::new();
///     while let Some(turns) = set.next().await {
///         order.push(turns.unwrap());
///     }
///     assert_eq!(order, [1, 2, 3]);
/// });
/// ```
///
/// Rules: J1, J3, J6, S3.
pub struct JoinSet<'scope, T, K: Kind = Multi> {
    group: Group<'scope, K>,
    handles: Slab<JoinHandle<'scope, T, K>>,
    complete: Arc<Complete>,
    /// The index of a handle whose task was not waiting for itself.
    witness: usize,
    once: Once,
    location: &'static Location<'static>,
}

impl<T, K: Kind> fmt::Debug for JoinSet<'_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl<T, K: Kind> Unpin for JoinSet<'_, T, K> {}

/// The tasks that have completed, oldest first, and who waits for the next.
#[derive(Default)]
struct Complete(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    indices: VecDeque<usize>,
    waiter: Option<Waker>,
}

/// The join waker of one task.
struct Ticket {
    complete: Arc<Complete>,
    index: usize,
    is_up: AtomicBool,
}

impl Ticket {
    fn come_up(&self) {
        // A waker may be used more often than once.
        if !self.is_up.swap(true, Ordering::AcqRel) {
            self.complete.push(self.index);
        }
    }
}

impl Wake for Ticket {
    fn wake(self: Arc<Self>) {
        self.come_up();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.come_up();
    }
}

impl Complete {
    fn push(&self, index: usize) {
        let waiter = {
            let mut queue = self.0.lock();
            queue.indices.push_back(index);
            queue.waiter.take()
        };
        if let Some(waker) = waiter {
            waker.wake();
        }
    }

    /// The next; without one `waker` is woken when it is there.
    fn poll_pop(&self, waker: &Waker) -> Poll<usize> {
        let known = {
            let mut queue = self.0.lock();
            if let Some(index) = queue.indices.pop_front() {
                return Poll::Ready(index);
            }
            queue.waiter.as_ref().is_some_and(|w| coop::same(w, waker))
        };
        if known {
            return Poll::Pending;
        }
        let fresh = coop::register(waker);
        let (index, left) = {
            let mut queue = self.0.lock();
            match queue.indices.pop_front() {
                Some(index) => (Some(index), Some(fresh)),
                None => (None, queue.waiter.replace(fresh)),
            }
        };
        // The index is out of its place: a waker's panic must not take it along.
        contained(|| drop(left));
        index.map_or(Poll::Pending, Poll::Ready)
    }

    fn is_empty(&self) -> bool {
        self.0.lock().indices.is_empty()
    }
}

impl<'scope, T: Send + 'scope> JoinSet<'scope, T, Multi> {
    /// Starts `future` as a task of the set's scope; see [`Group::spawn`](Group::<Multi>::spawn).
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// let sum = runtime.run(async |s| {
    ///     let mut set = s.join_set();
    ///     for n in 0..10_u64 {
    ///         set.spawn(async move { n * n });
    ///     }
    ///     let mut sum = 0;
    ///     while let Some(square) = set.next().await {
    ///         sum += square.unwrap();
    ///     }
    ///     sum
    /// });
    /// assert_eq!(sum, 285);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S1, S5.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F)
    where
        F: Future<Output = T> + Send + 'scope,
    {
        let handle = self.group.spawn_any(Spec::here(), future);
        self.add(handle);
    }
}

impl<'scope, T: 'scope> JoinSet<'scope, T, Local> {
    /// Starts `future` as a task of the set's scope; see [`Group::spawn`](Group::<Local>::spawn).
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let mut set = s.join_set();
    ///     set.spawn(async { 1 });
    ///     assert_eq!(set.next().await.unwrap().unwrap(), 1);
    /// });
    /// ```
    ///
    /// Rules: S1, S5.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F)
    where
        F: Future<Output = T> + 'scope,
    {
        let handle = self.group.spawn_any(Spec::here(), future);
        self.add(handle);
    }
}

impl<'scope, T, K: Kind> JoinSet<'scope, T, K> {
    pub(super) fn new(group: Group<'scope, K>, location: &'static Location<'static>) -> Self {
        Self { group, handles: Slab::default(), complete: Arc::default(), witness: 0, once: Once::default(), location }
    }

    /// Waits for the next task of the set that completes, descendants and all, and gives its result; `None` when the set is
    /// empty. A task that completed before anybody waited comes in its turn.
    ///
    /// Cancel safe: a `next` that is dropped half-way has taken nothing.
    ///
    /// # Panics
    /// If it would wait for the task that calls it.
    ///
    /// ```
    /// use orion_rt::{Chan, select};
    /// orion_rt::run(async |s| {
    ///     let mut set = s.join_set();
    ///     set.spawn(async { "first" });
    ///     let news = Chan::<u32>::new(0);
    ///     select! {
    ///         done = set.next() => assert_eq!(done.unwrap().unwrap(), "first"),
    ///         <-news => unreachable!("nobody sends"),
    ///     }
    ///     assert!(set.next().await.is_none());
    /// });
    /// ```
    ///
    /// Rules: J1, J4, J5, S3.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is asynchronous, as in `StreamExt`; a `JoinSet` cannot iterate"
    )]
    #[track_caller]
    pub fn next(&mut self) -> NextJoined<'_, 'scope, T, K> {
        NextJoined { set: self, location: Location::caller() }
    }

    /// How many tasks have been spawned into the set and not been given by [`next`](JoinSet::next). To bound how many run at a
    /// time, wait while there are too many:
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let (mut set, mut sum) = (s.join_set(), 0);
    ///     for n in 0..100 {
    ///         if set.len() == 8 {
    ///             sum += set.next().await.unwrap().unwrap();
    ///         }
    ///         set.spawn(async move { n });
    ///     }
    ///     while let Some(n) = set.next().await {
    ///         sum += n.unwrap();
    ///     }
    ///     assert_eq!(sum, 4950);
    /// });
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Asks every task of the set to stop, as [`JoinHandle::cancel`] does. They come out of [`next`](JoinSet::next) as ever.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let mut set = s.join_set();
    ///     set.spawn(std::future::pending::<()>());
    ///     set.cancel();
    ///     assert!(set.next().await.unwrap().is_err());
    /// });
    /// ```
    ///
    /// Rules: X1, X2, X4, X6.
    pub fn cancel(&self) {
        // The panic of a waker waits until all have been asked (P3).
        let mut panics = FirstPanic::default();
        self.handles.iter().for_each(|handle| panics.catch(|| handle.cancel()));
        panics.resume();
    }

    fn add(&mut self, mut handle: JoinHandle<'scope, T, K>) {
        let index = self.handles.next_index();
        let ticket = Arc::new(Ticket { complete: Arc::clone(&self.complete), index, is_up: AtomicBool::new(false) });
        let is_complete = handle.register(&Waker::from(Arc::clone(&ticket)));
        // First the handle: somebody who has waited is woken by the ticket, and his waker may panic.
        self.handles.insert(handle);
        if is_complete {
            ticket.come_up();
        }
    }

    fn poll_next_at(
        &mut self,
        cx: &Context<'_>,
        location: &'static Location<'static>,
    ) -> Poll<Option<Result<T, TaskError>>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        if !self.complete.is_empty() {
            ready!(self.once.consume(cx));
        }
        let Poll::Ready(index) = self.complete.poll_pop(cx.waker()) else {
            self.forbid_waiting_for_oneself(location);
            coop::note_root(self.group.core().root());
            coop::note_wait(Reason::Join, 0, location);
            return Poll::Pending;
        };
        let handle = self.handles.remove(index).expect("a ticket is for a handle (1)");
        handle.take_unless_ending(cx).map(Some)
    }

    /// Panics if all that is left is the current task and tasks it runs inside of (J4).
    fn forbid_waiting_for_oneself(&mut self, location: &'static Location<'static>) {
        let mut called = None;
        for (index, handle) in self.handles.iter_from(self.witness) {
            called = handle.waits_for_itself();
            if called.is_none() {
                self.witness = index;
                return;
            }
        }
        if let Some(called) = called {
            panic!(
                "a task cannot join itself or a task it runs inside of: {called} would wait for its own end at {location}, where \
                 nothing else is left in its set"
            );
        }
    }
}

/// The tasks are released to their scope (J2): what was not wanted here is nobody's oversight.
impl<T, K: Kind> Drop for JoinSet<'_, T, K> {
    fn drop(&mut self) {
        std::mem::take(&mut self.handles).into_values().for_each(JoinHandle::release);
    }
}

/// The results in the order of completion; it ends when the set is empty, and goes on when there is more.
impl<T, K: Kind> Stream for JoinSet<'_, T, K> {
    type Item = Result<T, TaskError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.poll_next_at(cx, this.location)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

/// The future of [`JoinSet::next`].
#[must_use = "futures do nothing unless awaited"]
pub struct NextJoined<'a, 'scope, T, K: Kind = Multi> {
    set: &'a mut JoinSet<'scope, T, K>,
    location: &'static Location<'static>,
}

impl<T, K: Kind> fmt::Debug for NextJoined<'_, '_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextJoined").field("location", &self.location).finish_non_exhaustive()
    }
}

impl<T, K: Kind> Future for NextJoined<'_, '_, T, K> {
    type Output = Option<Result<T, TaskError>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.set.poll_next_at(cx, this.location)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::time::Duration;

    // J4: a look for a witness goes on where the last one has found one. Were each to begin at the front, all looks together would be
    // quadratic: the places there are those of tasks that have been joined.
    #[test]
    fn a_look_for_a_witness_goes_on_where_the_last_ended() {
        let runtime = crate::Runtime::builder().deterministic(true).build_local().unwrap();
        runtime.run(async |s| {
            let mut set = s.join_set();
            for ms in [1, 2, 3] {
                set.spawn(crate::sleep(Duration::from_millis(ms)));
            }
            for joined in [0, 1] {
                set.next().await.unwrap().unwrap();
                assert_eq!(set.witness, joined);
            }
            // Into both places that are free again.
            set.spawn(crate::sleep(Duration::from_millis(9)));
            set.spawn(crate::sleep(Duration::from_millis(9)));
            set.next().await.unwrap().unwrap();
            assert_eq!(set.witness, 1, "not the first place, but that of the last witness");
        });
    }
}

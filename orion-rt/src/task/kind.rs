//! The two kinds of scope, and what differs between them: [`Local`] runs on one thread with plain memory, [`Multi`] on
//! several with locks and atomics. Everything else in this floor is written once, over [`Kind`].

use std::cell::{Cell, RefCell, RefMut};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crate::coop::Root;
use crate::sys::atomic::{AtomicUsize, Ordering};
use crate::sys::{Mutex, MutexGuard};

use super::child::Child;
use super::current::AnyTask;
use super::header::Header;
use super::owner::ScopeCore;
use super::state::TaskState;
use super::waker::Tables;

/// The kind of a scope whose tasks run on one thread; futures need not be `Send`.
#[derive(Debug)]
pub enum Local {}

/// The kind of a scope whose tasks run on a runtime's workers.
#[derive(Debug)]
pub enum Multi {}

/// [`Local`] or [`Multi`]; sealed.
pub trait Kind: Sealed {}
impl Kind for Local {}
impl Kind for Multi {}

/// What the kinds differ in. Nameable nowhere outside this crate, which seals [`Kind`].
pub trait Sealed: Sized + 'static {
    /// A lock around state of a scope.
    type Lock<T>: Lock<T>;
    /// A count of references or live things.
    type Count: Count;
    /// The state word of a task.
    type State: TaskState;
    /// The scheduler, shared by all tasks of a runtime.
    type Shared: Schedule<Self>;
    /// What a header has for its kind alone.
    type Link;
    /// A child of a local group, whatever its future is: boxed, and `Send` on `Multi`.
    type Child<'a>: Child + Unpin;

    /// The link of a new task of `scope`.
    fn link(scope: &ScopeCore<Self>) -> Self::Link;
    /// The root that `task` is in, which is not complete or is no `Local` one: then nothing but the header has to be there.
    fn root_of(task: &Header<Self>) -> Root;
    /// The waker functions of this kind.
    fn waker_tables() -> &'static Tables;
    /// The task of this kind in `task`.
    fn only(task: AnyTask) -> Option<NonNull<Header<Self>>>;
    /// `task` as a task of any kind.
    fn any(task: NonNull<Header<Self>>) -> AnyTask;
}

/// A timer of a scheduler that wakes once; dropping it takes it out.
pub(crate) type Alarm = Pin<Box<dyn Send + Sync>>;

/// What a task asks of the scheduler it belongs to.
pub trait Schedule<K: Sealed> {
    /// Queues `task`, which has just become runnable and is in no queue.
    fn schedule(&self, task: NonNull<Header<K>>);
    /// Makes the thread that runs the root look at its body, which has just become runnable.
    /// The caller has set SCHEDULED on it.
    fn schedule_body(&self, body: NonNull<Header<K>>, root: NonNull<ScopeCore<K>>);
    /// The shard of a scope's task list the calling thread should use, below `shards`.
    fn shard(&self, shards: usize) -> usize;
    /// Whether the calling thread may touch what belongs to the tasks' own thread.
    fn is_owner(&self) -> bool;
    /// Brings a wake-up from a thread that is not the owner (only called when `is_owner` can be false). Takes over one
    /// reference to `task`; gives it back if nobody will run it any more.
    fn wake_remotely(&self, task: NonNull<Header<K>>) -> Result<(), NonNull<Header<K>>>;
    /// A request to stop is on its way through tasks of `root`, until `end_request`. Where one thread does all, nobody looks meanwhile.
    fn begin_request(&self, _root: Root) {}
    /// See `begin_request`.
    fn end_request(&self, _root: Root) {}
    /// A timer that wakes `waker` when `after` has passed by the scheduler's clock.
    fn alarm(&self, after: Duration, waker: &Waker) -> Alarm;
    /// One more reference to the scheduler at `shared`.
    ///
    /// # Safety
    /// `shared` is alive.
    unsafe fn retain(shared: NonNull<Self>);
    /// Gives back a reference made by [`Schedule::retain`].
    ///
    /// # Safety
    /// Each `retain` is given back once.
    unsafe fn release(shared: NonNull<Self>);
}

/// Mutual exclusion that never runs user code inside.
pub trait Lock<T> {
    /// Holds the lock.
    type Guard<'a>: std::ops::DerefMut<Target = T>
    where
        Self: 'a,
        T: 'a;
    /// A lock around `value`.
    fn new(value: T) -> Self;
    /// Takes the lock.
    fn lock(&self) -> Self::Guard<'_>;
}

impl<T> Lock<T> for RefCell<T> {
    type Guard<'a>
        = RefMut<'a, T>
    where
        T: 'a;

    #[inline]
    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn lock(&self) -> RefMut<'_, T> {
        self.borrow_mut()
    }
}

impl<T> Lock<T> for Mutex<T> {
    type Guard<'a>
        = MutexGuard<'a, T>
    where
        T: 'a;

    #[inline]
    fn new(value: T) -> Self {
        Self::new(value)
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, T> {
        self.lock()
    }
}

/// A count of references beyond this is handles leaked in a loop, which must not wrap it into a use after free.
const MOST: usize = usize::MAX / 2;

/// A count that says when it reaches zero and never leaves zero again.
pub trait Count {
    /// A count of `n`.
    fn new(n: usize) -> Self;
    /// The count now; exact only for whoever can rule out concurrent changes.
    fn get(&self) -> usize;
    /// One more reference to something that is already counted (the count is not zero).
    fn add(&self);
    /// `n` more, unless the count is zero.
    fn add_unless_zero(&self, n: usize) -> bool;
    /// `n` less; the count that is left.
    fn sub(&self, n: usize) -> usize;
}

/// A count only its own thread touches.
#[derive(Debug)]
pub struct PlainCount(Cell<usize>);

impl Count for PlainCount {
    #[inline]
    fn new(n: usize) -> Self {
        Self(Cell::new(n))
    }

    #[inline]
    fn get(&self) -> usize {
        self.0.get()
    }

    #[inline]
    fn add(&self) {
        let before = self.0.get();
        if before > MOST {
            std::process::abort();
        }
        self.0.set(before + 1);
    }

    #[inline]
    fn add_unless_zero(&self, n: usize) -> bool {
        let before = self.0.get();
        if before != 0 {
            self.0.set(before + n);
        }
        before != 0
    }

    #[inline]
    fn sub(&self, n: usize) -> usize {
        let left = self.0.get() - n;
        self.0.set(left);
        left
    }
}

impl Count for AtomicUsize {
    #[inline]
    fn new(n: usize) -> Self {
        Self::new(n)
    }

    #[inline]
    fn get(&self) -> usize {
        self.load(Ordering::Acquire)
    }

    #[inline]
    fn add(&self) {
        if self.fetch_add(1, Ordering::Relaxed) > MOST {
            std::process::abort();
        }
    }

    #[inline]
    fn add_unless_zero(&self, n: usize) -> bool {
        self.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| if now == 0 { None } else { Some(now + n) })
            .is_ok()
    }

    #[inline]
    fn sub(&self, n: usize) -> usize {
        self.fetch_sub(n, Ordering::AcqRel) - n
    }
}

/// Shared ownership of a scheduler, as [`Schedule::retain`] and `release` need it.
///
/// # Safety
/// `shared` came from `Arc::as_ptr` and is alive.
pub(crate) unsafe fn retain_arc<S>(shared: NonNull<S>) {
    // SAFETY: promised by the caller.
    unsafe { Arc::increment_strong_count(shared.as_ptr()) };
}

/// The reverse of [`retain_arc`].
///
/// # Safety
/// Each retain is given back once.
pub(crate) unsafe fn release_arc<S>(shared: NonNull<S>) {
    // SAFETY: promised by the caller.
    unsafe { Arc::decrement_strong_count(shared.as_ptr()) };
}

//! A root's scope: a group that can also keep values, and have channels, until the root ends.
//!
//! Invariants
//! 1. A `Scope` lives in a [`Home`], which outlives every task of the root and is not moved behind the tasks' backs: it is boxed.
//! 2. Kept values are boxed, so they do not move while the list grows, and are dropped by `Home::drop` only, last first.
//! 3. The channels are freed by `Home::drop` only, before the kept values: values of channels may borrow kept ones, which for
//!    their part outlive the root and so have nothing of its lifetime.

use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::ptr::NonNull;

use crate::chan::ScopeChan;
use crate::chan::registry::ScopeChans;
use crate::sys::Mutex;
use crate::task::kind::{Kind, Local, Multi};
use crate::task::scope_ref::ScopeRef;
use crate::util::contain::FirstPanic;

use super::Group;

/// The scope of a root: what the closure given to [`run`](crate::run) or [`Runtime::run`](crate::Runtime::run) gets.
///
/// It is a [`Group`] (by `Deref`), and can [`keep`](Scope::keep) values until the root ends. `'env` is what tasks may borrow,
/// `'scope` the life of the root; both are invariant, so that nothing that borrows from one root fits into another (S2).
pub struct Scope<'scope, 'env: 'scope, K: Kind = Multi> {
    group: Group<'scope, K>,
    kept: Mutex<Vec<Kept>>,
    pub(super) chans: ScopeChans,
    _env: PhantomData<fn(&'env ()) -> &'env ()>,
}

impl<K: Kind> std::fmt::Debug for Scope<'_, '_, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl<'scope, K: Kind> Deref for Scope<'scope, '_, K> {
    type Target = Group<'scope, K>;

    fn deref(&self) -> &Group<'scope, K> {
        &self.group
    }
}

/// A value of a type that is no longer known, and how to drop it.
struct Kept {
    value: NonNull<()>,
    drop: unsafe fn(NonNull<()>),
}

// SAFETY: on `Multi` kept values are `Send + Sync`; on `Local` the scope never leaves its thread, since `Group` does not.
unsafe impl Send for Kept {}

impl<'scope, 'env> Scope<'scope, 'env, Multi> {
    /// Keeps `value` until the root ends and lends it to every task.
    ///
    /// The memory is held until then: for what a single request needs use `Arc`. Values are dropped when every task is gone,
    /// last kept first.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// runtime.run(async |s| {
    ///     let config: &String = s.keep("shared".to_owned());
    ///     for _ in 0..4 {
    ///         s.go(async move { assert_eq!(config, "shared") });
    ///     }
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S7, R8.
    pub fn keep<T: Send + Sync + 'env>(&self, value: T) -> &'scope T {
        self.keep_any(value)
    }

    /// A channel of this root that buffers up to `capacity` values; 0: a send completes when a receiver has been handed the
    /// value.
    ///
    /// It is `Copy`, and its values may borrow from the root. The memory is held until the root ends: for what a single
    /// request needs use [`Chan`](crate::Chan). At the root's end, when every task is gone, it is closed, what is buffered is dropped, and
    /// a panic of such a value's destructor becomes the root's if it has none. Made by a destructor after that it is born closed.
    ///
    /// The values are `Send`, because what is left in the channel is dropped by the root's thread.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// runtime.run(async |s| {
    ///     let squares = s.chan(0);
    ///     for i in 0..4 {
    ///         s.go(async move { squares.send(i * i).await.unwrap() });
    ///     }
    ///     let mut sum = 0;
    ///     for _ in 0..4 {
    ///         sum += squares.recv().await.unwrap();
    ///     }
    ///     assert_eq!(sum, 14);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S7, R8, C4.
    #[track_caller]
    pub fn chan<T: Send + 'scope>(&self, capacity: usize) -> ScopeChan<'scope, T> {
        self.chan_any(capacity)
    }
}

impl<'scope, 'env> Scope<'scope, 'env, Local> {
    /// Keeps `value` until the root ends and lends it to every task.
    ///
    /// The memory is held until then: for what a single request needs use `Rc`. Values are dropped when every task is gone,
    /// last kept first.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let count = s.keep(std::cell::Cell::new(0));
    ///     for _ in 0..4 {
    ///         s.go(async move { count.set(count.get() + 1) });
    ///     }
    ///     orion_rt::yield_now().await;
    ///     assert_eq!(count.get(), 4);
    /// });
    /// ```
    ///
    /// Rules: S7, R8.
    pub fn keep<T: 'env>(&self, value: T) -> &'scope T {
        self.keep_any(value)
    }

    /// A channel of this root that buffers up to `capacity` values; 0: a send completes when a receiver has been handed the
    /// value.
    ///
    /// It is `Copy`, and its values may borrow from the root. The memory is held until the root ends: for what a single
    /// request needs use [`Chan`](crate::Chan). At the root's end, when every task is gone, it is closed, what is buffered is dropped, and
    /// a panic of such a value's destructor becomes the root's if it has none. Made by a destructor after that it is born closed.
    ///
    /// ```
    /// let words = String::from("borrowed by values");
    /// orion_rt::run(async |s| {
    ///     let lengths = s.chan(0);
    ///     for word in words.split(' ') {
    ///         s.go(async move { lengths.send((word, word.len())).await.unwrap() });
    ///     }
    ///     assert_eq!(lengths.recv().await, Some(("borrowed", 8)));
    ///     assert_eq!(lengths.recv().await, Some(("by", 2)));
    ///     assert_eq!(lengths.recv().await, Some(("values", 6)));
    /// });
    /// ```
    ///
    /// Rules: S7, R8, C4.
    #[track_caller]
    pub fn chan<T: 'scope>(&self, capacity: usize) -> ScopeChan<'scope, T> {
        self.chan_any(capacity)
    }
}

impl<'scope, K: Kind> Scope<'scope, '_, K> {
    fn keep_any<T>(&self, value: T) -> &'scope T {
        let value = NonNull::from(Box::leak(Box::new(value)));
        self.kept.lock().push(Kept { value: value.cast(), drop: drop_boxed::<T> });
        // SAFETY: (2): the value stays until the root has ended, which is after 'scope.
        unsafe { value.as_ref() }
    }

    #[track_caller]
    fn chan_any<T: 'scope>(&self, capacity: usize) -> ScopeChan<'scope, T> {
        // SAFETY: (3): freed when the root has ended, which is after 'scope. On `Multi` the values are `Send`; on `Local` the
        // scope is used by its own thread only, which is the root's.
        unsafe { self.chans.make(capacity, Location::caller()) }
    }
}

unsafe fn drop_boxed<T>(value: NonNull<()>) {
    // SAFETY: made by `Box::leak` in `keep_any`, dropped once (2).
    drop(unsafe { Box::from_raw(value.cast::<T>().as_ptr()) });
}

/// Where a root's scope lives (1).
pub(super) struct Home<'env, K: Kind> {
    scope: NonNull<Scope<'env, 'env, K>>,
    core: ScopeRef<K>,
}

impl<'env, K: Kind> Home<'env, K> {
    pub(super) fn new(core: ScopeRef<K>) -> Self {
        let group = Group::new(core.clone());
        let home = core.root();
        let scope = Scope { group, kept: Mutex::new(Vec::new()), chans: ScopeChans::new(home), _env: PhantomData };
        Self { scope: NonNull::from(Box::leak(Box::new(scope))), core }
    }

    pub(super) fn core(&self) -> &ScopeRef<K> {
        &self.core
    }

    /// The scope, for a `'scope` the caller chooses.
    ///
    /// # Safety
    /// Nothing with that lifetime is used after the home is dropped.
    pub(super) unsafe fn scope<'scope>(&self) -> &'scope Scope<'scope, 'env, K> {
        // SAFETY: boxed until `drop` (1); the lifetimes of `Scope` are markers, so the types have one layout.
        unsafe { self.scope.cast().as_ref() }
    }
}

impl<K: Kind> Drop for Home<'_, K> {
    fn drop(&mut self) {
        // SAFETY: made by `Box::leak` in `new`, dropped once.
        let Scope { kept, chans, .. } = *unsafe { Box::from_raw(self.scope.as_ptr()) };
        // (3): the root has drained them.
        drop(chans);
        let mut panics = FirstPanic::default();
        loop {
            let last = kept.lock().pop();
            let Some(Kept { value, drop }) = last else { break };
            // SAFETY: (2).
            panics.catch(|| unsafe { drop(value) });
        }
        // Every other value has been dropped all the same; the panic goes to the caller of the root.
        panics.resume();
    }
}

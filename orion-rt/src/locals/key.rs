//! What users see of task-locals: the keys, the future that sets a value, the macro that declares them.

#![forbid(unsafe_code)]

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Entered, Locals, capture, enter};

/// A key of task-local values. Declared by [`task_local!`](crate::task_local).
///
/// There is no call that sets a value for the rest of a task: a value has the extent of the future it is given to, so no code sees one
/// that somebody else has left behind.
pub struct TaskLocal<T: Clone + Send + Sync + 'static> {
    name: &'static str,
    _value: PhantomData<fn() -> T>,
}

impl<T: Clone + Send + Sync + 'static> fmt::Debug for TaskLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocal").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Clone + Send + Sync + 'static> TaskLocal<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(name: &'static str) -> Self {
        Self { name, _value: PhantomData }
    }

    fn key(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Sets the value for `future`: while it is polled, while it is dropped, and for every task spawned meanwhile. Scopes nest; the
    /// innermost one counts.
    ///
    /// The result is a future as cancel safe as `future`, and `Unpin` if that is. Any executor may poll it. One that is
    /// moved to another task sees that task's other values, and its own still.
    ///
    /// Tasks inherit where they are *spawned*: `ID.scope(7, s.spawn(f()))` spawns before there is a value. Spawn inside the scope, or
    /// give the task's own future one:
    ///
    /// ```
    /// orion_rt::task_local! { static ID: u32; }
    /// orion_rt::run(async |s| {
    ///     let own = s.spawn(ID.scope(7, async { ID.get() }));
    ///     let inherited = ID.scope(8, async { s.spawn(async { ID.get() }) }).await;
    ///     assert_eq!((own.await.unwrap(), inherited.await.unwrap()), (7, 8));
    /// });
    /// ```
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture { local: self, value: Arc::new(value), extended: None, future: Some(future) }
    }

    /// Gives `f` the value that is set here.
    ///
    /// # Panics
    /// If none is, with a message that names the key and the way to set it.
    ///
    /// ```
    /// orion_rt::task_local! { static USER: String; }
    /// let letters = USER.scope("ann".into(), async { USER.with(|user| user.len()) });
    /// assert_eq!(futures::executor::block_on(letters), 3); // any executor will do
    /// ```
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.find() {
            Some(value) => f(&value),
            None => self.unset(),
        }
    }

    /// A clone of the value that is set here.
    ///
    /// # Panics
    /// As [`with`](Self::with).
    ///
    /// ```
    /// orion_rt::task_local! { static ID: u32; }
    /// orion_rt::run(async |_| ID.scope(7, async { assert_eq!(ID.get(), 7) }).await);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn get(&'static self) -> T {
        match self.find() {
            Some(value) => T::clone(&value),
            None => self.unset(),
        }
    }

    /// A clone of the value that is set here, if one is. For code that may run without: a logger, a library.
    ///
    /// ```
    /// orion_rt::task_local! { static ID: u32; }
    /// assert_eq!(ID.try_get(), None);
    /// ```
    #[must_use]
    pub fn try_get(&'static self) -> Option<T> {
        self.find().map(|value| T::clone(&value))
    }

    fn find(&'static self) -> Option<Arc<T>> {
        let value = Arc::clone(capture()?.find(self.key())?);
        Some(value.downcast().expect("a key has values of its own type"))
    }

    #[cold]
    #[track_caller]
    fn unset(&'static self) -> ! {
        let name = self.name;
        panic!(
            "the task-local `{name}` has no value here: give it one around the future that reads it or spawns the task, with \
             `{name}.scope(value, future).await`"
        )
    }
}

pin_project! {
    /// The future of [`TaskLocal::scope`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct TaskLocalFuture<T, F>
    where
        T: Clone,
        T: Send,
        T: Sync,
        T: 'static,
    {
        local: &'static TaskLocal<T>,
        value: Arc<dyn Any + Send + Sync>,
        extended: Option<Extended>,
        #[pin]
        future: Option<F>,
    }

    impl<T, F> PinnedDrop for TaskLocalFuture<T, F>
    where
        T: Clone,
        T: Send,
        T: Sync,
        T: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                let _entered = Extended::enter(this.extended, this.local.key(), this.value);
                this.future.set(None);
            }
        }
    }
}

/// The locals a scoped future is polled with, and what they were made from.
struct Extended {
    base: Option<Locals>,
    locals: Locals,
}

impl Extended {
    /// Enters the locals of this thread with `value` for `key`: those made before, unless the thread has others by now.
    fn enter(made: &mut Option<Self>, key: usize, value: &Arc<dyn Any + Send + Sync>) -> Entered {
        let base = capture();
        let made = match made.take() {
            Some(before) if Locals::is_same(before.base.as_ref(), base.as_ref()) => made.insert(before),
            _ => made.insert(Self { locals: Locals::with(base.as_ref(), key, value), base }),
        };
        enter(Some(made.locals.clone()))
    }
}

impl<T: Clone + Send + Sync + 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _entered = Extended::enter(this.extended, this.local.key(), this.value);
        let future = this
            .future
            .as_mut()
            .as_pin_mut()
            .expect("the future of `TaskLocal::scope` was polled after it had completed");
        let polled = future.poll(cx);
        if polled.is_ready() {
            this.future.set(None);
        }
        polled
    }
}

impl<T: Clone + Send + Sync + 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture").field("local", &self.local).finish_non_exhaustive()
    }
}

/// Declares task-local values: statics that have a value per task.
///
/// [`scope`](TaskLocal::scope) sets the value for a future; [`get`](TaskLocal::get), [`try_get`](TaskLocal::try_get) and
/// [`with`](TaskLocal::with) read it. A task inherits at its spawn what is set where it is spawned, in groups too. A value may be of any
/// type that is `Clone + Send + Sync + 'static`. Tasks that have none pay nothing.
///
/// ```
/// orion_rt::task_local! {
///     /// Which request a task works for.
///     pub static REQUEST_ID: u64;
///     static USER: String;
/// }
///
/// orion_rt::run(async |s| {
///     assert_eq!(REQUEST_ID.try_get(), None);
///     REQUEST_ID
///         .scope(7, async {
///             assert_eq!(REQUEST_ID.get(), 7);
///             // Children inherit.
///             assert_eq!(s.spawn(async { REQUEST_ID.get() }).get().await, 7);
///             USER.scope("ann".into(), async { assert_eq!(USER.with(|user| user.len()), 3) }).await;
///         })
///         .await;
/// });
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $of:ty; $($rest:tt)*) => {
        $crate::task_local!($(#[$attribute])* $vis static $name: $of);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $of:ty) => {
        $(#[$attribute])*
        $vis static $name: $crate::TaskLocal<$of> = $crate::TaskLocal::__new(::core::stringify!($name));
    };
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $of:ty = $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "a task-local has no value of its own: write `static ", ::core::stringify!($name), ": ", ::core::stringify!($of),
            ";` and set one with `", ::core::stringify!($name), ".scope(value, future)`",
        ));
    };
    ($(#[$attribute:meta])* $vis:vis static $name:ident $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "a task-local needs a type: write `static ", ::core::stringify!($name), ": u64;`",
        ));
    };
}

//! Channels that cannot leave their root: [`ScopeChan`], which is `Copy`, and its counted halves.
//!
//! Purpose: a channel whose users are all known to be tasks of one root, so that waiting on it for ever can be proven (D1),
//! and one that is handed to tasks without cloning.
//!
//! Invariants
//! 1. The root frees the core when nothing with the lifetime `'scope` is used any more (registry.rs, 2). The types are
//!    invariant in it, so a handle of one root does not fit into another.
//! 2. A `ScopeChan` counts nothing. Each half counts one handle of its side, and gives it up with `Core::leave`: a side may
//!    go, and come again with another `split`; the channel stays closed then.
//!
//! Rejected: a handle that holds `&'scope ChanRef<T>` (one more line of memory to read per operation).

use super::calls::{looking, receiving, sending};
use super::core::{Core, Side};
use super::error::{SendError, TryRecvError, TrySendError};
use super::held::Held;
use super::info::ChanInfo;
use super::recv::RecvFuture;
use super::send::SendFuture;
use super::sink::SendSink;
use super::stream::RecvStream;
use super::view::ChanRef;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

/// A channel that belongs to a root and cannot leave it, from [`Scope::chan`](crate::Scope::<crate::Local>::chan): a
/// [`Chan`](crate::Chan) that is `Copy`, so that every task can have it without cloning, and its values may borrow from the root.
///
/// It has the calls of a `Chan`. It is closed by [`close`](Self::close), by its counted halves, if it is [`split`](Self::split), or at
/// the root's end, when every task is gone: what is buffered then is dropped. A `ScopeChan` itself counts as no half.
///
/// ```
/// orion_rt::run(async |s| {
///     let jobs = s.chan(4);
///     for i in 0..3 {
///         s.go(async move { jobs.send(i).await.unwrap() });
///     }
///     let mut sum = 0;
///     for _ in 0..3 {
///         sum += jobs.recv().await.unwrap();
///     }
///     assert_eq!(sum, 3);
/// });
/// ```
///
/// Rules: S7, R8, C4.
#[repr(transparent)]
pub struct ScopeChan<'scope, T> {
    core: NonNull<Core>,
    _scope: PhantomData<fn(&'scope ()) -> &'scope ()>,
    _value: PhantomData<fn(T) -> T>,
}

// SAFETY: as for `ChanRef`.
unsafe impl<T: Send> Send for ScopeChan<'_, T> {}
// SAFETY: as for `ChanRef`.
unsafe impl<T: Send> Sync for ScopeChan<'_, T> {}
// As for `ChanRef`.
impl<T> UnwindSafe for ScopeChan<'_, T> {}
impl<T> RefUnwindSafe for ScopeChan<'_, T> {}

impl<T> Clone for ScopeChan<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ScopeChan<'_, T> {}

impl<'scope, T> ScopeChan<'scope, T> {
    /// # Safety
    /// The core is one for `T`, and is freed after the last use of anything with the lifetime `'scope`.
    pub(super) const unsafe fn new(core: NonNull<Core>) -> Self {
        Self { core, _scope: PhantomData, _value: PhantomData }
    }

    /// Names the channel: in dumps, its `Debug` form and [`inspect`](Self::inspect) (D7).
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let jobs = s.chan::<u32>(4).named("jobs");
    ///     assert_eq!(jobs.inspect().name.as_deref(), Some("jobs"));
    /// });
    /// ```
    #[must_use]
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        self.as_ref().core().set_name(name.into());
        self
    }

    /// Two halves, counted: when no [`ScopeSender`] is left the channel closes; when no [`ScopeReceiver`] is left it closes and
    /// drops what is buffered (C4). Copies of the `ScopeChan` count as neither, and see the channel closed then. That is final: the
    /// halves of a later `split` are those of a closed channel, and what a dropped receive gives back to it is dropped.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let (tx, rx) = s.chan(1).split();
    ///     for i in 0..3 {
    ///         let tx = tx.clone();
    ///         s.go(async move { tx.send(i).await.unwrap() });
    ///     }
    ///     drop(tx);
    ///     let mut sum = 0;
    ///     while let Some(i) = rx.recv().await {
    ///         sum += i;
    ///     }
    ///     assert_eq!(sum, 3);
    /// });
    /// ```
    #[must_use = "dropping a half closes the channel"]
    pub fn split(self) -> (ScopeSender<'scope, T>, ScopeReceiver<'scope, T>) {
        let chan = self.as_ref();
        chan.core().retain(Side::Both);
        // SAFETY: (1).
        let sender = unsafe { chan.again() };
        // SAFETY: (1).
        let receiver = unsafe { chan.again() };
        (ScopeSender { chan: sender, _scope: PhantomData }, ScopeReceiver { chan: receiver, _scope: PhantomData })
    }

    /// The values as a stream. As the `ScopeChan` counts as no half, this is [`stream`](Self::stream).
    ///
    /// ```
    /// use futures::StreamExt;
    /// orion_rt::run(async |s| {
    ///     let numbers = s.chan(4);
    ///     (0..4).for_each(|n| numbers.try_send(n).unwrap());
    ///     numbers.close();
    ///     assert_eq!(numbers.into_stream().count().await, 4);
    /// });
    /// ```
    #[track_caller]
    pub fn into_stream(self) -> RecvStream<'scope, T> {
        self.stream()
    }

    #[inline]
    pub(crate) fn as_ref(&self) -> &ChanRef<T> {
        // SAFETY: both are transparent around the same pointer; the reference cannot be copied out, and while it exists so
        // does this handle, so (1) the core.
        unsafe { &*ptr::from_ref(self).cast::<ChanRef<T>>() }
    }
}

impl<T> fmt::Debug for ScopeChan<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().core().describe("ScopeChan", f)
    }
}

/// The sending half of a channel of a root, from [`ScopeChan::split`]. When the last one is dropped the channel closes (C4).
pub struct ScopeSender<'scope, T> {
    chan: ChanRef<T>,
    _scope: PhantomData<fn(&'scope ()) -> &'scope ()>,
}

/// The receiving half of a channel of a root, from [`ScopeChan::split`]. When the last one is dropped the channel closes and
/// what is buffered is dropped (C4).
pub struct ScopeReceiver<'scope, T> {
    chan: ChanRef<T>,
    _scope: PhantomData<fn(&'scope ()) -> &'scope ()>,
}

sending!(['scope, T] ScopeChan<'scope, T>, 'scope);
receiving!(['scope, T] ScopeChan<'scope, T>, 'scope);
looking!(['scope, T] ScopeChan<'scope, T>);
sending!([T] ScopeSender<'_, T>, '_);
looking!([T] ScopeSender<'_, T>);
receiving!([T] ScopeReceiver<'_, T>, '_);
looking!([T] ScopeReceiver<'_, T>);

impl<'scope, T> ScopeSender<'scope, T> {
    /// This half as a sink, as [`Sender::into_sink`](crate::Sender::into_sink) does.
    ///
    /// ```
    /// use futures::{SinkExt, StreamExt, stream};
    /// orion_rt::run(async |s| {
    ///     let (tx, rx) = s.chan(1).split();
    ///     s.go(async move { stream::iter(0..4).map(Ok).forward(tx.into_sink()).await.unwrap() });
    ///     assert_eq!(rx.into_stream().count().await, 4);
    /// });
    /// ```
    #[track_caller]
    pub fn into_sink(self) -> SendSink<'scope, T> {
        let this = ManuallyDrop::new(self);
        // SAFETY: this half is counted, and from now on `held` has its count; the sink carries `'scope` (1).
        let held = unsafe { Held::scope_half(this.chan.pointer(), Side::Send) };
        // SAFETY: (1).
        SendSink::new(unsafe { this.chan.again() }, held, Location::caller())
    }

    pub(crate) fn as_ref(&self) -> &ChanRef<T> {
        &self.chan
    }
}

impl<'scope, T> ScopeReceiver<'scope, T> {
    /// The values as a stream, which has this half: dropping the stream drops it.
    ///
    /// ```
    /// use futures::StreamExt;
    /// orion_rt::run(async |s| {
    ///     let (tx, rx) = s.chan(0).split();
    ///     s.go(async move { tx.send("a value").await.unwrap() });
    ///     assert_eq!(rx.into_stream().next().await, Some("a value"));
    /// });
    /// ```
    #[track_caller]
    pub fn into_stream(self) -> RecvStream<'scope, T> {
        let this = ManuallyDrop::new(self);
        // SAFETY: this half is counted, and from now on `held` has its count; the stream carries `'scope` (1).
        let held = unsafe { Held::scope_half(this.chan.pointer(), Side::Recv) };
        // SAFETY: (1).
        RecvStream::new(unsafe { this.chan.again() }, held, Location::caller())
    }

    pub(crate) fn as_ref(&self) -> &ChanRef<T> {
        &self.chan
    }
}

macro_rules! counted {
    ($half:ident, $side:expr) => {
        impl<T> Clone for $half<'_, T> {
            fn clone(&self) -> Self {
                self.chan.core().retain($side);
                // SAFETY: (1).
                Self { chan: unsafe { self.chan.again() }, _scope: PhantomData }
            }
        }

        impl<T> Drop for $half<'_, T> {
            fn drop(&mut self) {
                self.chan.core().leave($side);
            }
        }

        impl<T> fmt::Debug for $half<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.chan.core().describe(stringify!($half), f)
            }
        }
    };
}
counted!(ScopeSender, Side::Send);
counted!(ScopeReceiver, Side::Recv);

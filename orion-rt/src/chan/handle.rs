//! The typed view of a channel: [`ChanRef`], which all handles share, and [`Chan`], the handle that is both halves.
//!
//! Invariants
//! 1. A `ChanRef<T>` points to a core whose element has `T`'s size and alignment and, unless the channel was adopted from
//!    the C ABI, `T`'s destructor. It owns nothing: whoever hands one out keeps a handle alive meanwhile.
//! 2. `T` is invariant: a value sent through one handle is received through another.

use super::core::{Core, RECV_READY, SEND_READY, Side};
use super::elem::Typed;
use super::error::{SendError, TryRecvError, TrySendError};
use super::halves::{Receiver, Sender};
use super::info::ChanInfo;
use super::recv::RecvFuture;
use super::send::SendFuture;
use super::transfer::{Put, Took};
use super::wakes::Wakes;
use crate::coop;
use std::fmt;
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::ptr;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

/// A channel, seen as a channel of `T`; what [`Receives`](crate::__private::select::Receives) and
/// [`Sends`](crate::__private::select::Sends) lead to.
#[doc(hidden)]
pub struct ChanRef<T> {
    core: NonNull<Core>,
    _value: PhantomData<T>,
    _invariant: PhantomData<fn(T) -> T>,
}

// SAFETY: the core serialises all access; values move between threads, which `T: Send` allows. A `&T` is seen only by the
// one thread that holds the lock (`inspect_with`), so `T: Sync` is not needed.
unsafe impl<T: Send> Send for ChanRef<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for ChanRef<T> {}
// A panic leaves no channel half changed: nothing foreign runs under its lock.
impl<T> UnwindSafe for ChanRef<T> {}
impl<T> RefUnwindSafe for ChanRef<T> {}

impl<T> ChanRef<T> {
    /// # Safety
    /// `core` is as (1) says.
    pub(super) const unsafe fn new(core: NonNull<Core>) -> Self {
        Self { core, _value: PhantomData, _invariant: PhantomData }
    }

    #[inline]
    pub(super) fn core(&self) -> &Core {
        // SAFETY: (1): a handle is alive.
        unsafe { self.core.as_ref() }
    }

    pub(super) fn pointer(&self) -> NonNull<Core> {
        self.core
    }

    /// The same channel once more, for a handle that has been counted.
    pub(super) fn again(&self) -> Self {
        Self { core: self.core, _value: PhantomData, _invariant: PhantomData }
    }

    #[inline]
    pub(super) fn send(&self, value: T, location: &'static Location<'static>) -> SendFuture<'_, T> {
        SendFuture::new(self, value, location, true)
    }

    #[inline]
    pub(super) fn recv(&self, location: &'static Location<'static>) -> RecvFuture<'_, T> {
        RecvFuture::new(self, location, true)
    }

    #[inline]
    pub(super) fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        coop::spend();
        let core = self.core();
        if !core.may(SEND_READY) {
            return Err(TrySendError::Full(value));
        }
        let mut value = ManuallyDrop::new(value);
        let mut wakes = Wakes::new();
        // SAFETY: a valid value, which is not used again if it was sent.
        let put = unsafe { core.lock().put(Typed::<T>::new(), (&raw const *value).cast(), ptr::null(), &mut wakes) };
        if put == Put::Sent {
            wakes.wake_all();
            return Ok(());
        }
        // SAFETY: it was not sent and is taken once.
        let value = unsafe { ManuallyDrop::take(&mut value) };
        Err(if put == Put::Full { TrySendError::Full(value) } else { TrySendError::Closed(value) })
    }

    #[inline]
    pub(super) fn try_recv(&self) -> Result<T, TryRecvError> {
        coop::spend();
        let core = self.core();
        if !core.may(RECV_READY) {
            return Err(TryRecvError::Empty);
        }
        let mut slot = MaybeUninit::<T>::uninit();
        let mut wakes = Wakes::new();
        // SAFETY: a place for a value.
        let took = unsafe { core.lock().take(Typed::<T>::new(), slot.as_mut_ptr().cast(), ptr::null(), &mut wakes) };
        match took {
            Took::Value(_) => {
                // SAFETY: `take` has filled it.
                let value = unsafe { slot.assume_init() };
                wakes.wake_all();
                Ok(value)
            }
            Took::Empty => Err(TryRecvError::Empty),
            Took::Closed => Err(TryRecvError::Closed),
        }
    }

    pub(super) fn inspect_with<R>(&self, f: impl FnOnce(&mut dyn Iterator<Item = &T>) -> R) -> R {
        let state = self.core().lock();
        let mut values = (0..state.len()).map(|index| {
            // SAFETY: a buffered value, which stays where it is while the lock is held.
            unsafe { &*state.value(Typed::<T>::new(), index).cast::<T>() }
        });
        f(&mut values)
    }
}

/// A channel of `T`, after Go's `chan`: buffered, unbuffered (rendezvous) or unbounded, for any number of senders and
/// receivers.
///
/// A `Chan` is a handle that counts as a sending and as a receiving half; clone it to give it away, or
/// [`split`](Self::split) it to let the channel close when one side has gone. It works between tasks of one runtime, of
/// several, of foreign executors, and plain threads (C9).
///
/// ```
/// # use orion_rt::Chan;
/// let ch = Chan::new(2);
/// ch.try_send("a").unwrap();
/// ch.close();
/// assert_eq!(ch.try_recv(), Ok("a"));
/// assert!(ch.is_closed());
/// ```
pub struct Chan<T>(ChanRef<T>);

impl<T> Chan<T> {
    /// A channel that buffers up to `capacity` values; 0: a send completes when a receiver has been handed the value.
    ///
    /// Memory follows use, not capacity (C8).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self::with(Some(capacity))
    }

    /// A channel whose sends never wait. Memory is the only limit.
    #[must_use]
    pub fn unbounded() -> Self {
        Self::with(None)
    }

    fn with(capacity: Option<usize>) -> Self {
        let core = Core::allocate(Typed::<T>::erase(), capacity);
        // SAFETY: created for `T`; this handle is the one it was created with.
        unsafe { Self::from_counted(core) }
    }

    /// # Safety
    /// As (1), and a handle that counts as both halves has been counted for this one.
    pub(super) unsafe fn from_counted(core: NonNull<Core>) -> Self {
        // SAFETY: promised by the caller.
        Self(unsafe { ChanRef::new(core) })
    }

    /// Names the channel: in dumps, its `Debug` form, [`inspect`](Self::inspect) and the deadlock reports of the C ABI (D7).
    #[must_use]
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        self.0.core().set_name(name.into());
        self
    }

    /// The two halves, counted: when no [`Sender`] (and no `Chan`) is left the channel closes; when no [`Receiver`] is
    /// left it closes and drops what is buffered (C4).
    #[must_use = "dropping a half closes the channel"]
    pub fn split(self) -> (Sender<T>, Receiver<T>) {
        let this = ManuallyDrop::new(self);
        // The one handle that counted as both halves becomes two that count as one each.
        (Sender(this.0.again()), Receiver(this.0.again()))
    }

    pub(crate) fn as_ref(&self) -> &ChanRef<T> {
        &self.0
    }
}

impl<T> Clone for Chan<T> {
    fn clone(&self) -> Self {
        self.0.core().retain(Side::Both);
        Self(self.0.again())
    }
}

impl<T> Drop for Chan<T> {
    fn drop(&mut self) {
        // SAFETY: this handle was counted as both halves.
        unsafe { Core::release(self.0.pointer(), Side::Both) }
    }
}

impl<T> fmt::Debug for Chan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.core().describe("Chan", f)
    }
}

impl Core {
    pub(super) fn describe(&self, kind: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.info();
        let mut out = f.debug_struct(kind);
        out.field("id", &info.id);
        if let Some(name) = &info.name {
            out.field("name", name);
        }
        out.field("capacity", &info.capacity).field("len", &info.len).field("closed", &info.closed).finish()
    }
}

/// The calls of a handle that can send.
macro_rules! sending {
    ($handle:ident) => {
        impl<T> $handle<T> {
            /// Sends `value`, waiting for space or, on an unbuffered channel, for a receiver (C2).
            ///
            /// Cancel-safe: dropped before it has completed, the future has delivered the value or drops it (X5).
            ///
            /// # Errors
            /// The channel is closed, or closes while the send waits: the value comes back.
            ///
            /// ```
            /// use orion_rt::{Chan, SendError};
            /// orion_rt::run(async |_| {
            ///     let ch = Chan::new(1);
            ///     assert_eq!(ch.send(1).await, Ok(()));
            ///     ch.close();
            ///     assert_eq!(ch.send(2).await, Err(SendError(2)));
            /// });
            /// ```
            #[inline]
            #[track_caller]
            pub fn send(&self, value: T) -> SendFuture<'_, T> {
                self.0.send(value, Location::caller())
            }

            /// Sends `value` if that is possible without waiting; pairs with a receiver that waits (C5).
            ///
            /// # Errors
            /// `Full`: it would have to wait. `Closed`: the channel is closed.
            ///
            /// ```
            /// use orion_rt::{Chan, TrySendError};
            /// let ch = Chan::new(1);
            /// assert_eq!(ch.try_send(1), Ok(()));
            /// assert_eq!(ch.try_send(2), Err(TrySendError::Full(2)));
            /// ```
            #[inline]
            pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
                self.0.try_send(value)
            }

            /// As [`send`](Self::send), for a plain thread: blocks it. In a task it blocks the worker, and on a single-threaded
            /// root every task that could receive.
            ///
            /// # Errors
            /// The channel is closed, or closes meanwhile: the value comes back.
            ///
            /// ```
            /// let ch = orion_rt::Chan::new(0);
            /// let feed = ch.clone();
            /// let thread = std::thread::spawn(move || feed.send_blocking(7));
            /// assert_eq!(orion_rt::run(async |_| ch.recv().await), Some(7));
            /// assert!(thread.join().unwrap().is_ok());
            /// ```
            #[track_caller]
            pub fn send_blocking(&self, value: T) -> Result<(), SendError<T>> {
                self.0.send_blocking(value, Location::caller())
            }

            /// As [`send_blocking`](Self::send_blocking), for at most `timeout`.
            ///
            /// # Errors
            /// `Full`: the time is up. `Closed`: the channel is closed, or closes meanwhile. The value comes back.
            #[track_caller]
            pub fn send_timeout_blocking(&self, value: T, timeout: Duration) -> Result<(), TrySendError<T>> {
                self.0.send_timeout_blocking(value, timeout, Location::caller())
            }
        }
    };
}

/// The calls of a handle that can receive.
macro_rules! receiving {
    ($handle:ident) => {
        impl<T> $handle<T> {
            /// Receives the next value; `None`: the channel is closed and drained (Go's `v, ok := <-ch`).
            ///
            /// Cancel-safe: a value handed to a future that is then dropped goes back to the channel (X5).
            ///
            /// ```
            /// orion_rt::run(async |_| {
            ///     let ch = orion_rt::Chan::new(1);
            ///     ch.send(1).await.unwrap();
            ///     ch.close();
            ///     assert_eq!(ch.recv().await, Some(1));
            ///     assert_eq!(ch.recv().await, None);
            /// });
            /// ```
            #[inline]
            #[track_caller]
            pub fn recv(&self) -> RecvFuture<'_, T> {
                self.0.recv(Location::caller())
            }

            /// Receives a value if that is possible without waiting; pairs with a sender that waits (C5).
            ///
            /// # Errors
            /// `Empty`: it would have to wait. `Closed`: closed and drained.
            ///
            /// ```
            /// use orion_rt::{Chan, TryRecvError};
            /// let ch = Chan::<u8>::new(1);
            /// assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
            /// ch.close();
            /// assert_eq!(ch.try_recv(), Err(TryRecvError::Closed));
            /// ```
            #[inline]
            pub fn try_recv(&self) -> Result<T, TryRecvError> {
                self.0.try_recv()
            }

            /// As [`recv`](Self::recv), for a plain thread: blocks it. In a task it blocks the worker, and on a single-threaded
            /// root every task that could send.
            #[track_caller]
            pub fn recv_blocking(&self) -> Option<T> {
                self.0.recv_blocking(Location::caller())
            }

            /// As [`recv_blocking`](Self::recv_blocking), for at most `timeout`.
            ///
            /// # Errors
            /// `Empty`: the time is up. `Closed`: closed and drained.
            ///
            /// ```
            /// use orion_rt::{Chan, TryRecvError};
            /// let ch = Chan::<u8>::new(1);
            /// let waited = ch.recv_timeout_blocking(std::time::Duration::from_millis(1));
            /// assert_eq!(waited, Err(TryRecvError::Empty));
            /// ```
            #[track_caller]
            pub fn recv_timeout_blocking(&self, timeout: Duration) -> Result<T, TryRecvError> {
                self.0.recv_timeout_blocking(timeout, Location::caller())
            }
        }
    };
}

/// The calls of every handle.
macro_rules! looking {
    ($handle:ident) => {
        impl<T> $handle<T> {
            /// Closes the channel: parked senders get their values back, receivers drain what is buffered and then get
            /// `None` (C3). `false`: it was closed already.
            ///
            /// ```
            /// let ch = orion_rt::Chan::new(1);
            /// ch.try_send(1).unwrap();
            /// assert!(ch.close());
            /// assert!(!ch.close());
            /// assert_eq!(ch.recv_blocking(), Some(1));
            /// assert_eq!(ch.recv_blocking(), None);
            /// ```
            pub fn close(&self) -> bool {
                self.0.core().close(false)
            }

            /// Whether the channel is closed; there may still be values to receive.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.0.core().lock().is_closed()
            }

            /// How many values can be received without a sender; returned ones (X5) may make it exceed the capacity.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.core().lock().len()
            }

            /// Whether no value is buffered; always, but for returned ones, on an unbuffered channel.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Whether a send would need a waiting receiver; always on an unbuffered channel.
            #[must_use]
            pub fn is_full(&self) -> bool {
                let state = self.0.core().lock();
                state.len() >= state.limit()
            }

            /// The capacity; `None`: unbounded.
            #[must_use]
            pub fn capacity(&self) -> Option<usize> {
                self.0.core().capacity
            }

            /// Whether both are handles of one channel.
            #[must_use]
            pub fn same_channel(&self, other: &Self) -> bool {
                self.0.pointer() == other.0.pointer()
            }

            /// A snapshot of the channel's state and counters (C12).
            ///
            /// ```
            /// let ch = orion_rt::Chan::new(4).named("jobs");
            /// ch.try_send(1).unwrap();
            /// let info = ch.inspect();
            /// assert_eq!((info.len, info.sent, info.closed), (1, 1, false));
            /// assert_eq!(info.name.as_deref(), Some("jobs"));
            /// ```
            #[must_use]
            pub fn inspect(&self) -> ChanInfo {
                self.0.core().info()
            }

            /// Shows the buffered values, next to be received first.
            ///
            /// `f` runs while the channel is locked: it must not use this channel, or it waits for itself for ever.
            ///
            /// ```
            /// let ch = orion_rt::Chan::new(4);
            /// ch.try_send(20).unwrap();
            /// ch.try_send(22).unwrap();
            /// assert_eq!(ch.inspect_with(|values| values.sum::<i32>()), 42);
            /// ```
            pub fn inspect_with<R>(&self, f: impl FnOnce(&mut dyn Iterator<Item = &T>) -> R) -> R {
                self.0.inspect_with(f)
            }
        }
    };
}

pub(super) use {looking, receiving, sending};

sending!(Chan);
receiving!(Chan);
looking!(Chan);

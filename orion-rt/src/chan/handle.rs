//! [`Chan`], the handle that is both halves.
//!
//! Invariant: it is counted as one handle of each side (core.rs, 1).

use super::calls::{looking, receiving, sending};
use super::core::{Core, Side};
use super::elem::Typed;
use super::error::{SendError, TryRecvError, TrySendError};
use super::halves::{Receiver, Sender};
use super::held::Held;
use super::info::ChanInfo;
use super::recv::RecvFuture;
use super::send::SendFuture;
use super::stream::RecvStream;
use super::view::ChanRef;
use crate::coop::Root;
use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

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
    ///
    /// ```
    /// let (rendezvous, buffered) = (orion_rt::Chan::new(0), orion_rt::Chan::new(2));
    /// assert!(rendezvous.try_send('a').is_err()); // nobody receives
    /// assert!(buffered.try_send('a').is_ok());
    /// ```
    ///
    /// Rules: C1, C2.
    #[must_use]
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Self::with(Some(capacity))
    }

    /// A channel whose sends never wait. Memory is the only limit.
    ///
    /// ```
    /// let log = orion_rt::Chan::unbounded();
    /// (0..1000).for_each(|line| log.try_send(line).unwrap());
    /// assert_eq!((log.len(), log.capacity()), (1000, None));
    /// ```
    ///
    /// Rule: C1.
    #[must_use]
    #[track_caller]
    pub fn unbounded() -> Self {
        Self::with(None)
    }

    #[track_caller]
    fn with(capacity: Option<usize>) -> Self {
        let core =
            Core::allocate(Typed::<T>::erase(), capacity, Some(Side::Both), Some(Location::caller()), Root::NONE);
        // SAFETY: created for `T`; this handle is the one it was created with.
        unsafe { Self::from_counted(core) }
    }

    /// # Safety
    /// As (view.rs, 1), and a handle that counts as both halves has been counted for this one.
    pub(super) unsafe fn from_counted(core: NonNull<Core>) -> Self {
        // SAFETY: promised by the caller.
        Self(unsafe { ChanRef::new(core) })
    }

    /// Names the channel: in dumps, its `Debug` form, [`inspect`](Self::inspect) and the deadlock reports of the C ABI (D7).
    ///
    /// ```
    /// let jobs = orion_rt::Chan::<u32>::new(4).named("jobs");
    /// assert_eq!(jobs.inspect().name.as_deref(), Some("jobs"));
    /// ```
    #[must_use]
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        self.0.core().set_name(name.into());
        self
    }

    /// The two halves, counted: when no [`Sender`] (and no `Chan`) is left the channel closes; when no [`Receiver`] is
    /// left it closes and drops what is buffered (C4).
    ///
    /// So a loop over `recv` ends when every task that could send has ended; the body's own sender has to go, too:
    ///
    /// ```
    /// use orion_rt::Chan;
    /// orion_rt::run(async |s| {
    ///     let (results, collected) = Chan::new(0).split();
    ///     for n in 0..3 {
    ///         let results = results.clone();
    ///         s.go(async move { results.send(n).await.unwrap() });
    ///     }
    ///     drop(results); // or the loop waits for ever
    ///     let mut sum = 0;
    ///     while let Some(n) = collected.recv().await {
    ///         sum += n;
    ///     }
    ///     assert_eq!(sum, 3);
    /// });
    /// ```
    #[must_use = "dropping a half closes the channel"]
    pub fn split(self) -> (Sender<T>, Receiver<T>) {
        let this = ManuallyDrop::new(self);
        // The one handle that counted as both halves becomes two that count as one each.
        // SAFETY: the sending half is counted.
        let sender = Sender(unsafe { this.0.again() });
        // SAFETY: the receiving half is counted.
        (sender, Receiver(unsafe { this.0.again() }))
    }

    /// The values as a stream, which has this handle; its sending half is given up, so the stream ends when every other
    /// sending handle has gone.
    ///
    /// ```
    /// use futures::StreamExt;
    /// use orion_rt::Chan;
    /// orion_rt::run(async |_| {
    ///     let ch = Chan::new(2);
    ///     let tx = ch.clone();
    ///     tx.send(20).await.unwrap();
    ///     tx.send(22).await.unwrap();
    ///     drop(tx);
    ///     assert_eq!(ch.into_stream().collect::<Vec<_>>().await, [20, 22]);
    /// });
    /// ```
    #[track_caller]
    pub fn into_stream(self) -> RecvStream<'static, T> {
        self.split().1.into_stream()
    }

    pub(crate) fn as_ref(&self) -> &ChanRef<T> {
        &self.0
    }
}

impl<T> Clone for Chan<T> {
    fn clone(&self) -> Self {
        self.0.core().retain(Side::Both);
        // SAFETY: counted.
        Self(unsafe { self.0.again() })
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

sending!([T] Chan<T>, '_);
receiving!([T] Chan<T>, '_);
looking!([T] Chan<T>);

//! The counted halves of a channel: [`Sender`] and [`Receiver`].
//!
//! Invariant: each is counted as one handle of its side (core.rs, 1).

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
use std::mem::ManuallyDrop;
use std::panic::Location;
use std::time::Duration;

/// The sending half of a channel, from [`Chan::split`](crate::Chan::split). When the last one is dropped the channel
/// closes (C4).
///
/// ```
/// # use orion_rt::Chan;
/// let (tx, rx) = Chan::new(1).split();
/// tx.try_send(7).unwrap();
/// drop(tx);
/// assert_eq!(rx.recv_blocking(), Some(7));
/// assert_eq!(rx.recv_blocking(), None);
/// ```
pub struct Sender<T>(pub(super) ChanRef<T>);

/// The receiving half of a channel, from [`Chan::split`](crate::Chan::split). When the last one is dropped the channel
/// closes and what is buffered is dropped (C4).
///
/// ```
/// # use orion_rt::Chan;
/// let (tx, rx) = Chan::new(1).split();
/// drop(rx);
/// assert_eq!(tx.send_blocking("back").unwrap_err().0, "back");
/// ```
pub struct Receiver<T>(pub(super) ChanRef<T>);

sending!([T] Sender<T>, '_);
looking!([T] Sender<T>);
receiving!([T] Receiver<T>, '_);
looking!([T] Receiver<T>);

impl<T> Sender<T> {
    /// This half as a sink, for `futures::SinkExt` and `forward`. Closing the sink drops the half.
    ///
    /// ```
    /// use futures::{SinkExt, StreamExt, stream};
    /// use orion_rt::Chan;
    /// orion_rt::run(async |s| {
    ///     let (tx, rx) = Chan::new(1).split();
    ///     s.go(async move { stream::iter(0..4).map(Ok).forward(tx.into_sink()).await.unwrap() });
    ///     assert_eq!(rx.into_stream().collect::<Vec<_>>().await, [0, 1, 2, 3]);
    /// });
    /// ```
    #[track_caller]
    pub fn into_sink(self) -> SendSink<'static, T> {
        let this = ManuallyDrop::new(self);
        // SAFETY: this half is counted, and from now on `held` has its count.
        let held = unsafe { Held::half(this.0.pointer(), Side::Send) };
        // SAFETY: `held` keeps it alive.
        let chan = unsafe { this.0.again() };
        SendSink::new(chan, held, Location::caller())
    }

    pub(crate) fn as_ref(&self) -> &ChanRef<T> {
        &self.0
    }
}

impl<T> Receiver<T> {
    /// The values as a stream, which has this half: dropping the stream drops it.
    ///
    /// ```
    /// use futures::StreamExt;
    /// use orion_rt::Chan;
    /// orion_rt::run(async |s| {
    ///     let (tx, rx) = Chan::new(1).split();
    ///     s.go(async move {
    ///         for word in ["a", "stream"] {
    ///             tx.send(word).await.unwrap();
    ///         }
    ///     });
    ///     assert_eq!(rx.into_stream().collect::<Vec<_>>().await, ["a", "stream"]);
    /// });
    /// ```
    #[track_caller]
    pub fn into_stream(self) -> RecvStream<'static, T> {
        let this = ManuallyDrop::new(self);
        // SAFETY: this half is counted, and from now on `held` has its count.
        let held = unsafe { Held::half(this.0.pointer(), Side::Recv) };
        // SAFETY: `held` keeps it alive.
        let chan = unsafe { this.0.again() };
        RecvStream::new(chan, held, Location::caller())
    }

    pub(crate) fn as_ref(&self) -> &ChanRef<T> {
        &self.0
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.core().retain(Side::Send);
        // SAFETY: counted.
        Self(unsafe { self.0.again() })
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // SAFETY: this handle was counted as a sending half.
        unsafe { Core::release(self.0.pointer(), Side::Send) }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.core().describe("Sender", f)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.0.core().retain(Side::Recv);
        // SAFETY: counted.
        Self(unsafe { self.0.again() })
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // SAFETY: this handle was counted as a receiving half.
        unsafe { Core::release(self.0.pointer(), Side::Recv) }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.core().describe("Receiver", f)
    }
}

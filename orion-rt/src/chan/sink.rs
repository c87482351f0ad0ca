//! [`SendSink`]: a sending half as a `Sink`.
//!
//! ```text
//!              start_send: no room                      poll_*: sent, or closed (the value comes back)
//!   [ empty ] ---------------------> [ value waits ] --------------------------------------------> [ empty ]
//!       `--start_send: room--> channel
//! ```
//!
//! A `Sink` is asked for room first and given the value afterwards, without a waker. A channel cannot promise room: another
//! sender may take it, and an unbuffered one has none. So the room is in the sink: one value, which waits there as a send
//! does, and `poll_ready` is ready when that place is empty.
//!
//! Invariants
//! 1. `send` is over while the place is empty, and renewed with each value that waits.
//! 2. It is dropped before `held`, which keeps the channel alive.
//!
//! Rejected: a `poll_ready` that waits until the channel has room (with many sinks all but one would find it taken, and then
//! need the place anyway).

#![forbid(unsafe_code)]

use super::error::{SendError, TrySendError};
use super::held::Held;
use super::send::SendFuture;
use super::view::ChanRef;
use crate::coop::Once;
use futures_sink::Sink;
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A sending half as a sink, from `into_sink`.
///
/// It has room for one value of its own. `poll_ready` is ready when that place is empty; `start_send` puts the value into the
/// channel, or, if nobody can take it now, into the place, from where it is sent whenever the sink is polled; `poll_flush`
/// waits until it is. So on an unbuffered channel a flush means that a receiver has the value (C2). `poll_close` flushes and
/// then, also after an error, drops the sending half, which closes the channel if it was the last (C4).
///
/// One allocation, for the sink; none per value (C11).
///
/// # Errors
/// The channel is closed: the value that was not sent comes back in the error. Without a value to give back there is none:
/// `poll_ready` and `poll_flush` of an empty sink are `Ok`, whatever has become of the channel.
///
/// # Panics
/// `start_send` panics if the sink has no room, because `poll_ready` was not asked.
///
/// # Cancel safety
/// The futures of `SinkExt` (`send`, `feed`, `flush`) may be dropped: a value that they have given to the sink stays there, and is sent
/// when the sink is polled again. Dropping the sink itself drops a value that waits in it (X5).
///
/// ```
/// use futures::SinkExt;
/// orion_rt::run(async |s| {
///     let (tx, rx) = orion_rt::Chan::new(0).split();
///     s.go(async move {
///         let mut sink = tx.into_sink();
///         sink.send("handed over").await.unwrap();
///         sink.close().await.unwrap();
///     });
///     assert_eq!(rx.recv().await, Some("handed over"));
///     assert_eq!(rx.recv().await, None);
/// });
/// ```
///
/// Rules: X5, C2, C4, C6, C10.
#[must_use = "a sink does nothing unless it is given values"]
pub struct SendSink<'a, T> {
    send: Pin<Box<SendFuture<'a, T>>>,
    /// The unit of the value that comes: `FREE` when it has been taken.
    once: Once,
    /// `None`: closed.
    held: Option<Held>,
}

// Nothing but the send is pinned, and that has a box of its own.
impl<T> Unpin for SendSink<'_, T> {}

impl<T> SendSink<'_, T> {
    /// A sink into `chan`, which `held` keeps alive.
    pub(super) fn new(chan: ChanRef<T>, held: Held, location: &'static Location<'static>) -> Self {
        Self { send: Box::pin(SendFuture::over(chan, location)), once: Once::default(), held: Some(held) }
    }

    /// Sends the value that waits, if one does.
    fn poll_empty(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        if self.send.is_over() { Poll::Ready(Ok(())) } else { self.send.as_mut().poll(cx) }
    }
}

impl<T> Sink<T> for SendSink<'_, T> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let this = self.get_mut();
        ready!(this.poll_empty(cx))?;
        // C10: `start_send` cannot suspend. Once for a value, however often it is asked before.
        ready!(this.once.consume(cx));
        this.once = Once::FREE;
        Poll::Ready(Ok(()))
    }

    fn start_send(mut self: Pin<&mut Self>, value: T) -> Result<(), SendError<T>> {
        self.once = Once::default();
        assert!(self.send.is_over(), "`start_send` of a sink that has no room: wait until `poll_ready` is ready");
        if self.held.is_none() {
            return Err(SendError(value));
        }
        match self.send.chan().offer(value) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(value)) => Err(SendError(value)),
            Err(TrySendError::Full(value)) => {
                self.send.renew(value);
                Ok(())
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.get_mut().poll_empty(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let this = self.get_mut();
        let flushed = ready!(this.poll_empty(cx));
        // The send is over: it does not touch the channel any more.
        drop(this.held.take());
        Poll::Ready(flushed)
    }
}

impl<T> fmt::Debug for SendSink<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits = !self.send.is_over();
        f.debug_struct("SendSink").field("value_waits", &waits).field("closed", &self.held.is_none()).finish()
    }
}

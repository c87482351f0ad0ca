//! [`RecvStream`]: the values of a channel as a `Stream`.
//!
//! ```text
//!   poll_next --> [ receive, boxed ] --value--> renewed in its box      --closed--> ended, for ever
//! ```
//!
//! The receive is boxed because a stream is `Unpin` and a waiter may not move; it is made once, so that a stream in steady
//! state does not allocate (C11).
//!
//! Invariant: the receive is dropped before `held`, which keeps the channel alive: a value that was handed over goes back
//! to a channel that is there (X5).

#![forbid(unsafe_code)]

use super::held::Held;
use super::recv::RecvFuture;
use super::view::ChanRef;
use crate::coop::Once;
use futures_core::{FusedStream, Stream};
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The values of a channel as a stream, from `stream` or `into_stream` of a receiving handle. It ends when the channel is
/// closed and drained, and then stays ended, also if a value is given back to the channel later.
///
/// Cancel-safe: dropping `next()` loses nothing, the next one goes on. A value that was handed to the stream when the stream
/// itself is dropped goes back to the channel.
///
/// ```
/// use futures::StreamExt;
/// orion_rt::run(async |s| {
///     let (tx, rx) = orion_rt::Chan::new(0).split();
///     s.go(async move {
///         for i in 0..3 {
///             tx.send(i).await.unwrap();
///         }
///     });
///     let mut values = rx.stream();
///     while let Some(value) = values.next().await {
///         assert!(value < 3);
///     }
///     assert_eq!(values.next().await, None);
/// });
/// ```
///
/// Rules: X5, C6, C10, C11.
#[must_use = "a stream does nothing unless it is polled"]
pub struct RecvStream<'a, T> {
    recv: Pin<Box<RecvFuture<'a, T>>>,
    ended: bool,
    _held: Held,
}

// Nothing but the receive is pinned, and that has a box of its own.
impl<T> Unpin for RecvStream<'_, T> {}

impl<T> RecvStream<'_, T> {
    /// A stream of the values of `chan`, which `held` or the lifetime keeps alive.
    pub(super) fn new(chan: ChanRef<T>, held: Held, location: &'static Location<'static>) -> Self {
        Self { recv: Box::pin(RecvFuture::new(chan, location, Once::default())), ended: false, _held: held }
    }
}

impl<T> Stream for RecvStream<'_, T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let received = ready!(this.recv.as_mut().poll(cx));
        match received {
            Some(_) => this.recv.renew(),
            None => this.ended = true,
        }
        Poll::Ready(received)
    }
}

impl<T> FusedStream for RecvStream<'_, T> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

impl<T> fmt::Debug for RecvStream<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvStream").field("ended", &self.ended).finish_non_exhaustive()
    }
}

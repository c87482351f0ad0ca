//! The calls of the handles, written once: what every handle that can send has, that can receive, and that there is.
//!
//! A handle is named with its generics; the lifetime is that of its futures: `'_` where they borrow the handle,
//! `'scope` where the channel lives as long as the scope whatever becomes of the handle.

/// The calls of a handle that can send.
macro_rules! sending {
    ([$($generics:tt)*] $handle:ty, $life:lifetime) => {
        impl<$($generics)*> $handle {
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
            pub fn send(&self, value: T) -> SendFuture<$life, T> {
                // SAFETY: the future borrows a handle that is counted, or the channel outlives its lifetime.
                let chan = unsafe { self.as_ref().again() };
                SendFuture::new(chan, value, Location::caller(), $crate::coop::Once::default())
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
                self.as_ref().try_send(value)
            }

            /// As [`send`](Self::send), for a plain thread: blocks it. In a task it blocks the worker, and on a single-threaded
            /// root every task that could receive: `.await` the `send` there, or the program hangs.
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
                self.as_ref().send_blocking(value, Location::caller())
            }

            /// As [`send_blocking`](Self::send_blocking), for at most `timeout`.
            ///
            /// # Errors
            /// `Full`: the time is up. `Closed`: the channel is closed, or closes meanwhile. The value comes back.
            ///
            /// ```
            /// use orion_rt::{Chan, TrySendError};
            /// let ch = Chan::new(0); // nobody receives
            /// let waited = ch.send_timeout_blocking(7, std::time::Duration::from_millis(1));
            /// assert_eq!(waited, Err(TrySendError::Full(7)));
            /// ```
            #[track_caller]
            pub fn send_timeout_blocking(&self, value: T, timeout: Duration) -> Result<(), TrySendError<T>> {
                self.as_ref().send_timeout_blocking(value, timeout, Location::caller())
            }
        }
    };
}

/// The calls of a handle that can receive.
macro_rules! receiving {
    ([$($generics:tt)*] $handle:ty, $life:lifetime) => {
        impl<$($generics)*> $handle {
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
            pub fn recv(&self) -> RecvFuture<$life, T> {
                // SAFETY: the future borrows a handle that is counted, or the channel outlives its lifetime.
                let chan = unsafe { self.as_ref().again() };
                RecvFuture::new(chan, Location::caller(), $crate::coop::Once::default())
            }

            /// The values as a stream, which ends when the channel is closed and drained.
            ///
            /// It is for `while let Some(v) = stream.next().await` and the adapters of `futures`. One allocation, now; none
            /// per value.
            ///
            /// ```
            /// use futures::StreamExt;
            /// orion_rt::run(async |_| {
            ///     let ch = orion_rt::Chan::new(2);
            ///     ch.send(1).await.unwrap();
            ///     ch.send(2).await.unwrap();
            ///     ch.close();
            ///     assert_eq!(ch.stream().map(|v| v * 10).collect::<Vec<_>>().await, [10, 20]);
            /// });
            /// ```
            #[track_caller]
            pub fn stream(&self) -> RecvStream<$life, T> {
                // SAFETY: the stream borrows a handle that is counted, or the channel outlives its lifetime.
                let chan = unsafe { self.as_ref().again() };
                RecvStream::new(chan, Held::NONE, Location::caller())
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
                self.as_ref().try_recv()
            }

            /// As [`recv`](Self::recv), for a plain thread: blocks it. In a task it blocks the worker, and on a single-threaded
            /// root every task that could send: `.await` the `recv` there, or the program hangs.
            ///
            /// ```
            /// let ch = orion_rt::Chan::new(0);
            /// let numbers = ch.clone();
            /// let thread = std::thread::spawn(move || numbers.recv_blocking());
            /// orion_rt::run(async |_| ch.send(7).await.unwrap());
            /// assert_eq!(thread.join().unwrap(), Some(7));
            /// ```
            #[track_caller]
            pub fn recv_blocking(&self) -> Option<T> {
                self.as_ref().recv_blocking(Location::caller())
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
                self.as_ref().recv_timeout_blocking(timeout, Location::caller())
            }
        }
    };
}

/// The calls of every handle.
macro_rules! looking {
    ([$($generics:tt)*] $handle:ty) => {
        impl<$($generics)*> $handle {
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
                self.as_ref().core().close(false)
            }

            /// Whether the channel is closed; there may still be values to receive.
            ///
            /// ```
            /// let ch = orion_rt::Chan::new(1);
            /// ch.try_send(7).unwrap();
            /// ch.close();
            /// assert!(ch.is_closed());
            /// assert_eq!(ch.try_recv(), Ok(7));
            /// ```
            #[must_use]
            pub fn is_closed(&self) -> bool {
                self.as_ref().core().look().is_closed()
            }

            /// How many values can be received without a sender; returned ones (X5) may make it exceed the capacity.
            ///
            /// ```
            /// let ch = orion_rt::Chan::new(4);
            /// ch.try_send(7).unwrap();
            /// assert_eq!(ch.len(), 1);
            /// ```
            #[must_use]
            pub fn len(&self) -> usize {
                self.as_ref().core().look().len()
            }

            /// Whether no value is buffered; always, but for returned ones, on an unbuffered channel.
            ///
            /// ```
            /// assert!(orion_rt::Chan::<u8>::new(4).is_empty());
            /// ```
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Whether a send would need a waiting receiver; always on an unbuffered channel.
            ///
            /// ```
            /// let (rendezvous, buffered) = (orion_rt::Chan::<u8>::new(0), orion_rt::Chan::<u8>::new(1));
            /// assert!(rendezvous.is_full() && !buffered.is_full());
            /// ```
            #[must_use]
            pub fn is_full(&self) -> bool {
                let state = self.as_ref().core().look();
                state.len() >= state.limit()
            }

            /// The capacity; `None`: unbounded.
            ///
            /// ```
            /// use orion_rt::Chan;
            /// assert_eq!((Chan::<u8>::new(4).capacity(), Chan::<u8>::unbounded().capacity()), (Some(4), None));
            /// ```
            #[must_use]
            pub fn capacity(&self) -> Option<usize> {
                self.as_ref().core().capacity
            }

            /// Whether both are handles of one channel.
            ///
            /// ```
            /// let ch = orion_rt::Chan::<u8>::new(0);
            /// assert!(ch.same_channel(&ch.clone()));
            /// ```
            #[must_use]
            pub fn same_channel(&self, other: &Self) -> bool {
                self.as_ref().pointer() == other.as_ref().pointer()
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
                self.as_ref().core().info()
            }

            /// Shows the buffered values, next to be received first.
            ///
            /// `f` runs while the channel is locked: it must not use this channel, or it waits for itself for ever, nor another,
            /// or it and a `select!` over both may wait for each other. Take out what you need, and use it afterwards.
            ///
            /// ```
            /// let ch = orion_rt::Chan::new(4);
            /// ch.try_send(20).unwrap();
            /// ch.try_send(22).unwrap();
            /// assert_eq!(ch.inspect_with(|values| values.sum::<i32>()), 42);
            /// ```
            pub fn inspect_with<R>(&self, f: impl FnOnce(&mut dyn Iterator<Item = &T>) -> R) -> R {
                self.as_ref().inspect_with(f)
            }
        }
    };
}

pub(super) use {looking, receiving, sending};

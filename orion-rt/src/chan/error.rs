//! The errors of channel operations (C13).

use std::error::Error;
use std::fmt;

/// The channel is closed; here is the value back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> SendError<T> {
    /// The value that was not sent.
    ///
    /// ```
    /// let ch = orion_rt::Chan::new(1);
    /// ch.close();
    /// assert_eq!(ch.send_blocking("lost?").unwrap_err().into_inner(), "lost?");
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "sending on a closed channel: nobody will receive; close it after the last send, or take the value back \
             from this error",
        )
    }
}

impl<T> Error for SendError<T> {}

/// A value could not be sent without waiting; here it is back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// The buffer is full and no receiver waits; of a blocking send with a deadline: the time is up.
    Full(T),
    /// The channel is closed.
    Closed(T),
}

impl<T> TrySendError<T> {
    /// The value that was not sent.
    ///
    /// ```
    /// let ch = orion_rt::Chan::new(0);
    /// assert_eq!(ch.try_send("lost?").unwrap_err().into_inner(), "lost?");
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(value) | Self::Closed(value) => value,
        }
    }

    /// Whether waiting could help.
    ///
    /// ```
    /// assert!(orion_rt::Chan::new(0).try_send(7).unwrap_err().is_full());
    /// ```
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// Whether the channel is closed.
    ///
    /// ```
    /// let ch = orion_rt::Chan::new(0);
    /// ch.close();
    /// assert!(ch.try_send(7).unwrap_err().is_closed());
    /// ```
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_full() { "Full(..)" } else { "Closed(..)" })
    }
}

impl<T> fmt::Display for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => {
                "the channel is full and no receiver waits: use `send` to wait for one, or give it more capacity"
            }
            Self::Closed(_) => "sending on a closed channel: nobody will receive; close it after the last send",
        })
    }
}

impl<T> Error for TrySendError<T> {}

impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(error: SendError<T>) -> Self {
        Self::Closed(error.0)
    }
}

/// Nothing could be received without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TryRecvError {
    /// No value is there and no sender waits; of a blocking receive with a deadline: the time is up.
    Empty,
    /// The channel is closed and drained. A value that is given back later can still be received (X5).
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the channel is empty and no sender waits: use `recv` to wait for a value",
            Self::Closed => "the channel is closed and drained: stop receiving",
        })
    }
}

impl Error for TryRecvError {}

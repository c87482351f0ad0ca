//! The counted halves of a channel: [`Sender`] and [`Receiver`].
//!
//! Invariant: each is counted as one handle of its side (core.rs, 1).

use super::core::{Core, Side};
use super::error::{SendError, TryRecvError, TrySendError};
use super::handle::{ChanRef, looking, receiving, sending};
use super::info::ChanInfo;
use super::recv::RecvFuture;
use super::send::SendFuture;
use std::fmt;
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

sending!(Sender);
looking!(Sender);
receiving!(Receiver);
looking!(Receiver);

impl<T> Sender<T> {
    pub(crate) fn as_ref(&self) -> &ChanRef<T> {
        &self.0
    }
}

impl<T> Receiver<T> {
    pub(crate) fn as_ref(&self) -> &ChanRef<T> {
        &self.0
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.core().retain(Side::Send);
        Self(self.0.again())
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
        Self(self.0.again())
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

//! Blocking operations for plain threads: the same futures, driven by parking the thread.
//!
//! Invariants
//! 1. They take nothing from the yield budget: a spent one could not be refilled while the thread blocks.
//! 2. When the time is up the future is withdrawn under the channel's lock: a hand-off that came first counts, so a
//!    deadline loses no value.
//!
//! Rejected: a condition variable per channel (a thread would be a second kind of waiter, out of turn with the tasks).

use crate::sys::clock;

use super::error::{SendError, TryRecvError, TrySendError};
use super::view::ChanRef;
use crate::util::block;
use std::panic::Location;
use std::pin::pin;
use std::time::Duration;

impl<T> ChanRef<T> {
    pub(super) fn send_blocking(&self, value: T, location: &'static Location<'static>) -> Result<(), SendError<T>> {
        let future = pin!(self.send_unbudgeted(value, location));
        block::on(future)
    }

    pub(super) fn recv_blocking(&self, location: &'static Location<'static>) -> Option<T> {
        let future = pin!(self.recv_unbudgeted(location));
        block::on(future)
    }

    pub(super) fn send_timeout_blocking(
        &self,
        value: T,
        timeout: Duration,
        location: &'static Location<'static>,
    ) -> Result<(), TrySendError<T>> {
        let mut future = pin!(self.send_unbudgeted(value, location));
        // A deadline beyond the clock's range is none.
        let ended = block::until(future.as_mut(), clock::now().checked_add(timeout));
        match ended {
            Some(ended) => ended.map_err(TrySendError::from),
            None => match future.give_up() {
                None => Ok(()),
                Some(value) if self.core().lock().is_closed() => Err(TrySendError::Closed(value)),
                Some(value) => Err(TrySendError::Full(value)),
            },
        }
    }

    pub(super) fn recv_timeout_blocking(
        &self,
        timeout: Duration,
        location: &'static Location<'static>,
    ) -> Result<T, TryRecvError> {
        let mut future = pin!(self.recv_unbudgeted(location));
        match block::until(future.as_mut(), clock::now().checked_add(timeout)) {
            Some(received) => received.ok_or(TryRecvError::Closed),
            // A close that came with the deadline shows at the next call.
            None => future.give_up().ok_or(TryRecvError::Empty),
        }
    }
}

//! Blocking operations for plain threads: the same futures, driven by parking the thread.
//!
//! Invariants
//! 1. They take nothing from the yield budget: a spent one could not be refilled while the thread blocks.
//! 2. When the time is up the future is withdrawn under the channel's lock: a hand-off that came first counts, so a
//!    deadline loses no value.
//!
//! Rejected: a condition variable per channel (a thread would be a second kind of waiter, out of turn with the tasks).

use crate::sys::atomic::{AtomicBool, Ordering};
use crate::sys::thread::{self, Thread};
use crate::sys::{clock, thread_local};

use super::error::{SendError, TryRecvError, TrySendError};
use super::view::ChanRef;
use std::future::Future;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Wakes a thread that sits in `wait`.
struct Parker {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

thread_local! {
    /// This thread's parker, made at its first blocking call that has to wait, so that later ones do not allocate (C11).
    static PARKER: (Arc<Parker>, Waker) = {
        let parker = Arc::new(Parker { thread: thread::current(), woken: AtomicBool::new(false) });
        let waker = Waker::from(parker.clone());
        (parker, waker)
    };
}

/// Drives `future` on this thread until it is ready; `None`: `deadline` has passed first.
fn wait<F: Future>(mut future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
    let (parker, waker) = PARKER
        .try_with(|(parker, waker)| (parker.clone(), waker.clone()))
        // The thread is ending: its destructors may still use channels.
        .unwrap_or_else(|_| {
            let parker = Arc::new(Parker { thread: thread::current(), woken: AtomicBool::new(false) });
            (parker.clone(), Waker::from(parker))
        });
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        while !parker.woken.swap(false, Ordering::Acquire) {
            match deadline {
                None => thread::park(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(clock::now());
                    if left.is_zero() {
                        return None;
                    }
                    thread::park_timeout(left);
                }
            }
        }
    }
}

impl<T> ChanRef<T> {
    pub(super) fn send_blocking(&self, value: T, location: &'static Location<'static>) -> Result<(), SendError<T>> {
        let future = pin!(self.send_unbudgeted(value, location));
        wait(future, None).expect("there is no deadline")
    }

    pub(super) fn recv_blocking(&self, location: &'static Location<'static>) -> Option<T> {
        let future = pin!(self.recv_unbudgeted(location));
        wait(future, None).expect("there is no deadline")
    }

    pub(super) fn send_timeout_blocking(
        &self,
        value: T,
        timeout: Duration,
        location: &'static Location<'static>,
    ) -> Result<(), TrySendError<T>> {
        let mut future = pin!(self.send_unbudgeted(value, location));
        // A deadline beyond the clock's range is none.
        let ended = wait(future.as_mut(), clock::now().checked_add(timeout));
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
        match wait(future.as_mut(), clock::now().checked_add(timeout)) {
            Some(received) => received.ok_or(TryRecvError::Closed),
            // A close that came with the deadline shows at the next call.
            None => future.give_up().ok_or(TryRecvError::Empty),
        }
    }
}

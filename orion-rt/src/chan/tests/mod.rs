//! Tests of the channel's rules by explicit polls: no executor, no time, no luck.

mod cancel;
mod lifetime;
mod rules;

use crate::Chan;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often it was woken.
#[derive(Default)]
pub(super) struct Count(AtomicUsize);

impl Count {
    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A boxed future with a counting waker of its own.
pub(super) struct Polled<F> {
    future: Pin<Box<F>>,
    pub(super) wakes: Arc<Count>,
}

impl<F: Future> Polled<F> {
    pub(super) fn poll(&mut self) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(&Waker::from(self.wakes.clone())))
    }

    /// Leaves it where it is for ever.
    pub(super) fn forget(self) {
        std::mem::forget(self.future);
    }
}

pub(super) fn fresh<F: Future>(future: F) -> Polled<F> {
    Polled { future: Box::pin(future), wakes: Arc::default() }
}

/// Polled once, and pending.
pub(super) fn parked<F: Future>(future: F) -> Polled<F> {
    let mut polled = fresh(future);
    assert!(polled.poll().is_pending());
    polled
}

/// Polled once, and ready.
pub(super) fn now<F: Future>(future: F) -> F::Output {
    match fresh(future).poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("not ready"),
    }
}

/// A value that counts its destructors.
pub(super) struct Counted(pub(super) u32, pub(super) Arc<Count>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// All that can be received without waiting.
pub(super) fn drain<T>(chan: &Chan<T>) -> Vec<T> {
    std::iter::from_fn(|| chan.try_recv().ok()).collect()
}

//! Tests of the channel's rules by explicit polls: no executor, no time, no luck.

mod cancel;
mod lifetime;
mod rules;
mod scoped;
mod sinks;
mod streams;
mod strict;

use crate::Chan;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often it was woken.
#[derive(Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A boxed future with a counting waker of its own.
pub(crate) struct Polled<F> {
    future: Pin<Box<F>>,
    pub(crate) wakes: Arc<Count>,
}

impl<F: Future> Polled<F> {
    pub(crate) fn poll(&mut self) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(&Waker::from(self.wakes.clone())))
    }

    /// Leaves it where it is for ever, and reachable, so that a leak checker takes it for wanted.
    pub(crate) fn forget(self) {
        struct Kept(#[expect(dead_code, reason = "only its address matters")] *mut u8);
        // SAFETY: nobody follows the pointer.
        unsafe impl Send for Kept {}
        static FORGOTTEN: Mutex<Vec<Kept>> = Mutex::new(Vec::new());
        // SAFETY: the future stays pinned: its memory is never freed.
        let future = Box::into_raw(unsafe { Pin::into_inner_unchecked(self.future) });
        FORGOTTEN.lock().unwrap().push(Kept(future.cast()));
    }
}

pub(crate) fn fresh<F: Future>(future: F) -> Polled<F> {
    Polled { future: Box::pin(future), wakes: Arc::default() }
}

/// Polled once, and pending.
pub(crate) fn parked<F: Future>(future: F) -> Polled<F> {
    let mut polled = fresh(future);
    assert!(polled.poll().is_pending());
    polled
}

/// Polled once, and ready.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match fresh(future).poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("not ready"),
    }
}

/// A value that counts its destructors.
pub(crate) struct Counted(pub(crate) u32, pub(crate) Arc<Count>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// All that can be received without waiting.
pub(crate) fn drain<T>(chan: &Chan<T>) -> Vec<T> {
    std::iter::from_fn(|| chan.try_recv().ok()).collect()
}

//! A plain thread that waits for a future: it parks between the polls.

#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use crate::sys::atomic::{AtomicBool, Ordering};
use crate::sys::thread::{self, Thread};
use crate::sys::{clock, thread_local};

/// Wakes a thread that sits in [`until`].
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

/// Drives `future` on this thread until it is ready.
pub(crate) fn on<F: Future>(future: F) -> F::Output {
    until(pin!(future), None).expect("there is no deadline")
}

/// Drives `future` on this thread until it is ready; `None`: `deadline` has passed first.
pub(crate) fn until<F: Future>(mut future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
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

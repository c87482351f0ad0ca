//! A plain thread that waits for a future: it parks between the polls.

#![forbid(unsafe_code)]

use std::cell::Cell;
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

impl Parker {
    fn of_this_thread() -> (Arc<Self>, Waker) {
        let parker = Arc::new(Self { thread: thread::current(), woken: AtomicBool::new(false) });
        let waker = Waker::from(parker.clone());
        (parker, waker)
    }
}

thread_local! {
    /// This thread's parker while nobody uses it: made at the first blocking call, so that later ones do not allocate (C11).
    static PARKER: Cell<Option<(Arc<Parker>, Waker)>> = const { Cell::new(None) };
}

/// Drives `future` on this thread until it is ready.
pub(crate) fn on<F: Future>(future: F) -> F::Output {
    until(pin!(future), None).expect("there is no deadline")
}

/// Drives `future` on this thread until it is ready; `None`: `deadline` has passed first.
pub(crate) fn until<F: Future>(future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
    // Taken out: a destructor that runs in a poll may block in its turn, and must not use up what wakes this wait. While the thread
    // ends there is none, and its destructors may still use channels.
    let kept = PARKER.try_with(Cell::take).ok().flatten();
    let (parker, waker) = kept.unwrap_or_else(Parker::of_this_thread);
    let output = wait(future, deadline, &parker, &waker);
    let _ = PARKER.try_with(|kept| kept.set(Some((parker, waker))));
    output
}

fn wait<F: Future>(
    mut future: Pin<&mut F>,
    deadline: Option<Instant>,
    parker: &Parker,
    waker: &Waker,
) -> Option<F::Output> {
    let mut cx = Context::from_waker(waker);
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

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use std::future::poll_fn;

    /// Wakes itself at its first poll and is ready at the second.
    fn ready_when_woken(mut meanwhile: impl FnMut()) -> impl Future<Output = ()> {
        let mut polled = false;
        poll_fn(move |cx| {
            if std::mem::replace(&mut polled, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            meanwhile();
            Poll::Pending
        })
    }

    // C9: a wait inside of a wait, in a destructor that a poll runs say, leaves the outer one its wake-up.
    #[test]
    fn a_wait_inside_of_a_wait_leaves_it_its_wake_up() {
        let nested = pin!(ready_when_woken(|| on(ready_when_woken(|| ()))));
        // One that is not woken gives up at once.
        assert!(until(nested, Some(clock::now())).is_some());
    }
}

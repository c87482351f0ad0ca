//! What the tests of this crate share: a watchdog that turns a hang into a failure, values that count their drops, and
//! futures that are polled by hand. With `--cfg leaks`, also a test harness that counts what is allocated (`leaks`).

#![cfg_attr(leaks, feature(test))]

pub mod alloc;
mod gate;
mod kinds;
#[cfg(leaks)]
pub mod leaks;

pub use gate::{Gate, Opener, gate};
pub use kinds::{Then, WORKERS, for_ever, panic_message, workers, yielding};

use std::future::Future;
use std::pin::{Pin, pin};
use std::process::abort;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

/// How long a test may take before it counts as hung; far more than any test needs on a loaded machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs `test` and ends the process with a message if it hangs.
pub fn watched<T>(test: impl FnOnce() -> T) -> T {
    if cfg!(miri) {
        // Miri is slow, and sees a deadlock by itself.
        return test();
    }
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let (finished, is_finished) = channel::<()>();
    let watchdog = thread::spawn(move || {
        if is_finished.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{name} hangs");
            abort();
        }
    });
    let result = {
        let _finished = finished;
        test()
    };
    let _ = watchdog.join();
    result
}

/// Says that the test around it leaks on purpose, and why: `cargo xtask leaks` then expects it to.
pub fn leaks_on_purpose(reason: &'static str) {
    #[cfg(leaks)]
    leaks::note(reason);
    let _ = reason;
}

/// A count that values share.
#[derive(Clone, Debug, Default)]
pub struct Count(Arc<AtomicUsize>);

impl Count {
    /// How often something was counted.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Counts one.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// A value whose drop is counted.
    pub fn on_drop(&self) -> OnDrop {
        OnDrop(self.clone())
    }
}

/// Counts its drop.
#[derive(Debug)]
pub struct OnDrop(Count);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add();
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.add();
    }
}

/// Polls `future` once with a waker that counts in `wakes`.
pub fn poll_once<F: Future>(future: Pin<&mut F>, wakes: &Count) -> Poll<F::Output> {
    let waker = Waker::from(Arc::new(wakes.clone()));
    future.poll(&mut Context::from_waker(&waker))
}

/// Polls `future` once; it has to be pending.
pub async fn begin<F: Future + ?Sized>(mut future: Pin<&mut F>) {
    std::future::poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending(), "it waits");
        Poll::Ready(())
    })
    .await;
}

/// The output of a future that is ready at its first poll.
///
/// # Panics
/// If it is not.
pub fn now<F: Future>(future: F) -> F::Output {
    match poll_once(pin!(future), &Count::default()) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is not ready"),
    }
}

/// A future that counts its polls and stays pending for the first `pending` of them, waking itself each time.
pub async fn ready_after(pending: usize, polls: Count) -> usize {
    let mut left = pending;
    std::future::poll_fn(move |cx| {
        polls.add();
        if left == 0 {
            return Poll::Ready(pending);
        }
        left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

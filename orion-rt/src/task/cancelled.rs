//! Whether the current task has been cancelled, and waiting for it.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::current::{self, AnyTask};
use super::header::Header;
use super::kind::{Lock, Sealed};
use super::signal::{Listener, Signal};
use super::state::TaskState;
use crate::coop::{self, Once, Reason};

/// Whether the current task has been asked to stop: by its handle, its scope, a panic beside or below it. Outside tasks: `false`.
///
/// A cancelled task is dropped at its next suspension, so `true` is seen before that, inside a [`shield`](crate::shield), and in
/// destructors. The body of a root is cancelled by a panic below it; the body of a group, and a child of a local group, run in the task
/// that awaits the group: the answer is that task's.
///
/// ```
/// orion_rt::run(async |s| {
///     let task = s.spawn(async {
///         let before = orion_rt::is_cancelled();
///         orion_rt::shield(orion_rt::cancelled()).await;
///         (before, orion_rt::is_cancelled())
///     });
///     orion_rt::yield_now().await;
///     task.cancel();
///     assert_eq!(task.await.unwrap(), (false, true));
/// });
/// ```
///
/// Rule: X3.
#[must_use]
pub fn is_cancelled() -> bool {
    match current::get() {
        // SAFETY: the current task is alive.
        Some(AnyTask::Local(task)) => unsafe { task.as_ref() }.state.is_cancelled(),
        // SAFETY: as above.
        Some(AnyTask::Multi(task)) => unsafe { task.as_ref() }.state.is_cancelled(),
        None => false,
    }
}

/// Waits until the task that awaits it is cancelled. Outside tasks it waits for ever.
///
/// Of use inside a [`shield`](crate::shield), beside the work that is to be cut short in an orderly way; elsewhere the cancelled
/// task is dropped where it waits. To wait for the cancellation of a scope, also on behalf of its body:
/// [`Group::cancelled`](crate::Group::cancelled).
///
/// Cancel safe.
///
/// ```
/// use orion_rt::{Chan, select, shield};
/// orion_rt::run(async |s| {
///     let lines = Chan::<&str>::new(4);
///     let (input, counts) = (lines.clone(), Chan::new(1));
///     let count = counts.clone();
///     let task = s.spawn(shield(async move {
///         let mut n = 0;
///         loop {
///             select! {
///                 biased;
///                 Some(_) = <-input => n += 1,
///                 _ = orion_rt::cancelled() => break,
///             }
///         }
///         count.send(n).await.unwrap();
///     }));
///     lines.send("one").await.unwrap();
///     orion_rt::yield_now().await; // a task that is cancelled before it starts never does
///     task.cancel();
///     task.await.unwrap();
///     assert_eq!(counts.recv().await, Some(1));
/// });
/// ```
///
/// Rule: X3.
#[track_caller]
pub fn cancelled() -> Cancelled {
    Cancelled { listener: Listener::default(), once: Once::default(), location: Location::caller() }
}

/// The future of [`cancelled`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Cancelled {
    listener: Listener,
    once: Once,
    location: &'static Location<'static>,
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let signal = match current::get() {
            None => {
                self.listener.leave();
                return Poll::Pending;
            }
            // SAFETY: this thread polls the task.
            Some(AnyTask::Local(task)) => unsafe { unfired_signal(task) },
            // SAFETY: as above.
            Some(AnyTask::Multi(task)) => unsafe { unfired_signal(task) },
        };
        if signal.is_none_or(|signal| self.listener.poll(&signal, cx.waker()).is_ready()) {
            return self.once.consume(cx);
        }
        coop::note_wait(Reason::Cancelled, 0, self.location);
        Poll::Pending
    }
}

/// What a cancellation of `task` is waited for with; `None`: it is cancelled.
///
/// # Safety
/// This thread polls `task`.
unsafe fn unfired_signal<K: Sealed>(task: NonNull<Header<K>>) -> Option<Arc<Signal>> {
    // SAFETY: promised by the caller.
    let header = unsafe { task.as_ref() };
    if header.state.is_cancelled() {
        return None;
    }
    let signal = Signal::of(&mut header.annex_or_new().signal.lock());
    // Again, now that a canceller finds the signal.
    (!header.state.is_cancelled()).then_some(signal)
}

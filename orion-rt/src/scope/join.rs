//! The futures of a handle: waiting for its task with a deadline and without, for the value and for the end alone.
//!
//! All of them are `Send` when the handle is. `Join`, `Get` and `Finished` are `Unpin`: a `Join` holds the handle, whose task does
//! not move with it.

#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::coop::Once;
use crate::task::ending;
use crate::task::error::TaskError;
use crate::task::kind::{Kind, Multi};
use crate::time::{Sleep, sleep};

use super::JoinHandle;

/// The future of [`JoinHandle::join`].
#[must_use = "futures do nothing unless awaited"]
pub struct Join<'scope, T, K: Kind = Multi> {
    handle: Option<JoinHandle<'scope, T, K>>,
    once: Once,
    location: &'static Location<'static>,
}

impl<'scope, T, K: Kind> Join<'scope, T, K> {
    pub(super) fn new(handle: JoinHandle<'scope, T, K>, location: &'static Location<'static>) -> Self {
        Self { handle: Some(handle), once: Once::default(), location }
    }

    /// The handle, when its task is over.
    fn poll_handle(&mut self, cx: &Context<'_>) -> Poll<JoinHandle<'scope, T, K>> {
        let Some(handle) = &mut self.handle else {
            assert!(ending::is_near(cx), "a join was polled after it had completed");
            return Poll::Pending;
        };
        ready!(handle.poll_finished(cx, &mut self.once, self.location));
        Poll::Ready(self.handle.take().expect("looked at above"))
    }
}

impl<T, K: Kind> fmt::Debug for Join<'_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("location", &self.location).finish_non_exhaustive()
    }
}

impl<T, K: Kind> Future for Join<'_, T, K> {
    type Output = Result<T, TaskError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let handle = ready!(self.get_mut().poll_handle(cx));
        handle.take_unless_ending(cx)
    }
}

/// The future of [`JoinHandle::get`].
#[must_use = "futures do nothing unless awaited"]
pub struct Get<'scope, T, K: Kind = Multi> {
    join: Join<'scope, T, K>,
}

impl<'scope, T, K: Kind> Get<'scope, T, K> {
    pub(super) fn new(join: Join<'scope, T, K>) -> Self {
        Self { join }
    }
}

impl<T, K: Kind> fmt::Debug for Get<'_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get").field("join", &self.join).finish()
    }
}

impl<T, K: Kind> Future for Get<'_, T, K> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let join = &mut self.get_mut().join;
        let location = join.location;
        let handle = ready!(join.poll_handle(cx));
        let about = handle.called();
        match ready!(handle.take_unless_ending(cx)) {
            Ok(value) => Poll::Ready(value),
            Err(TaskError::Panicked(panic)) => {
                let message = panic.message().to_owned();
                std::panic::resume_unwind(panic.into_payload().unwrap_or_else(|| Box::new(message)))
            }
            Err(TaskError::Cancelled) => panic!(
                "`get` at {location} on {about}, which was cancelled before it returned; use `join` to see that as a value"
            ),
        }
    }
}

/// The future of [`JoinHandle::finished`].
#[must_use = "futures do nothing unless awaited"]
pub struct Finished<'a, 'scope, T, K: Kind = Multi> {
    handle: &'a mut JoinHandle<'scope, T, K>,
    once: Once,
    location: &'static Location<'static>,
}

impl<'a, 'scope, T, K: Kind> Finished<'a, 'scope, T, K> {
    pub(super) fn new(handle: &'a mut JoinHandle<'scope, T, K>, location: &'static Location<'static>) -> Self {
        Self { handle, once: Once::default(), location }
    }
}

impl<T, K: Kind> fmt::Debug for Finished<'_, '_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").field("location", &self.location).finish_non_exhaustive()
    }
}

impl<T, K: Kind> Future for Finished<'_, '_, T, K> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.handle.poll_finished(cx, &mut this.once, this.location)
    }
}

pin_project! {
    /// The future of [`JoinHandle::join_timeout`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct JoinTimeout<'scope, T, K: Kind> {
        handle: Option<JoinHandle<'scope, T, K>>,
        once: Once,
        #[pin]
        sleep: Sleep,
        location: &'static Location<'static>,
    }
}

impl<'scope, T, K: Kind> JoinTimeout<'scope, T, K> {
    #[track_caller]
    pub(super) fn new(
        handle: JoinHandle<'scope, T, K>,
        duration: Duration,
        location: &'static Location<'static>,
    ) -> Self {
        Self { handle: Some(handle), once: Once::default(), sleep: sleep(duration), location }
    }
}

impl<T, K: Kind> fmt::Debug for JoinTimeout<'_, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sleep, location, .. } = self;
        f.debug_struct("JoinTimeout").field("sleep", sleep).field("location", location).finish_non_exhaustive()
    }
}

impl<'scope, T, K: Kind> Future for JoinTimeout<'scope, T, K> {
    type Output = Result<Result<T, TaskError>, JoinHandle<'scope, T, K>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(handle) = this.handle else {
            assert!(ending::is_near(cx), "a join was polled after it had completed");
            return Poll::Pending;
        };
        if handle.poll_finished(cx, this.once, this.location).is_pending() {
            if handle.is_finished() {
                // The budget is spent (Y2), or it has completed since; either way the caller is woken.
                return Poll::Pending;
            }
            if this.sleep.poll(cx).is_pending() {
                handle.note_wait(this.location);
                return Poll::Pending;
            }
            if !handle.is_finished() {
                return Poll::Ready(Err(this.handle.take().expect("looked at above")));
            }
        }
        // At the deadline too a task that is over counts as joined.
        this.handle.take().expect("looked at above").take_unless_ending(cx).map(Ok)
    }
}

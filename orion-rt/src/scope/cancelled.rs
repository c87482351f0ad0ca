//! Waiting for the cancellation of a scope.

#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::coop::{self, Once, Reason};
use crate::task::kind::Kind;
use crate::task::signal::Listener;

use super::Group;

/// The future of [`Group::cancelled`].
#[must_use = "futures do nothing unless awaited"]
pub struct GroupCancelled<'scope, K: Kind> {
    group: Group<'scope, K>,
    listener: Listener,
    once: Once,
    location: &'static Location<'static>,
}

impl<'scope, K: Kind> GroupCancelled<'scope, K> {
    #[track_caller]
    pub(super) fn new(group: Group<'scope, K>) -> Self {
        Self { group, listener: Listener::default(), once: Once::default(), location: Location::caller() }
    }

    /// As `poll`, of somebody who does more than to wait for this.
    pub(super) fn watch(&mut self, waker: &Waker) -> Poll<()> {
        let core = self.group.core();
        if core.is_cancelled() {
            return Poll::Ready(());
        }
        let signal = core.signal();
        // Again, now that a canceller finds the signal.
        if core.is_cancelled() { Poll::Ready(()) } else { self.listener.poll(&signal, waker) }
    }

    /// The group.
    pub(super) fn group(&self) -> &Group<'scope, K> {
        &self.group
    }
}

impl<K: Kind> fmt::Debug for GroupCancelled<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupCancelled").field("group", &self.group).field("location", &self.location).finish()
    }
}

impl<K: Kind> Future for GroupCancelled<'_, K> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.watch(cx.waker()).is_pending() {
            coop::note_root(this.group.core().root());
            coop::note_wait(Reason::Cancelled, 0, this.location);
            return Poll::Pending;
        }
        this.once.consume(cx)
    }
}

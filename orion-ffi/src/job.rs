//! A frame as a task of the v1 functions: who joins it reads and destroys the frame, so the runtime only runs it.
//!
//! Invariants
//! 1. The record learns that the frame is done after the last touch of the frame (F2); the joiner may free it at once.
//! 2. A job that is dropped unfinished (a shutdown, a cancelled root) destroys its frame and then ends its record, so that
//!    no waiter is left behind.

use crate::abi::FramePtr;
use crate::coroutine::Coroutine;
use crate::node::{Node, Parked};
use crate::op::OpKind;
use crate::runtime::Runtime;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A future that is ready when the frame is at its final suspend.
pub(crate) struct Job {
    coroutine: Option<Coroutine>,
    node: Arc<Node>,
    runtime: Arc<Runtime>,
}

impl Job {
    /// # Safety
    /// As for `Coroutine::new`.
    pub(crate) unsafe fn new(runtime: Arc<Runtime>, node: Arc<Node>, frame: FramePtr) -> Self {
        // SAFETY: passed on.
        let coroutine = unsafe { Coroutine::new(frame) };
        coroutine.context().node.get_or_init(|| Arc::clone(&node));
        coroutine.context().runtime.get_or_init(|| Arc::clone(&runtime));
        Self { coroutine: Some(coroutine), node, runtime }
    }

    /// Ends the record (1).
    fn finish(&self) {
        self.runtime.registry.forget(self.node.frame());
        self.node.finish(&self.runtime.census);
    }
}

impl Future for Job {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the coroutine is dropped in place and never moved.
        let this = unsafe { self.get_unchecked_mut() };
        let Some(coroutine) = &mut this.coroutine else { return Poll::Ready(()) };
        this.node.park(Parked::No, 0);
        // SAFETY: as above.
        let pinned = unsafe { Pin::new_unchecked(&mut *coroutine) };
        if pinned.poll(cx).is_ready() {
            this.coroutine = None;
            this.finish();
            return Poll::Ready(());
        }
        match coroutine.parked_on() {
            Some((OpKind::Send, chan)) => this.node.park(Parked::Send, chan),
            Some((OpKind::Recv, chan)) => this.node.park(Parked::Recv, chan),
            None => {}
        }
        Poll::Pending
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.coroutine.take().is_some() {
            self.finish();
        }
    }
}

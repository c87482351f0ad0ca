//! A frame as a task of the v1 functions: who joins it reads and destroys the frame, so the runtime only runs it.
//!
//! Invariants
//! 1. The record learns that the frame is done after the last touch of the frame (F2); the joiner may free it at once.
//! 2. A job that is dropped unfinished (a shutdown, a cancelled root) destroys its frame and then ends its record, so that
//!    no waiter is left behind.

use crate::abi::FramePtr;
use crate::coroutine::Coroutine;
use crate::deadlock;
use crate::diagnose::NoUnwind;
use crate::node::{Home, Node, Parked};
use crate::op::OpKind;
use crate::runtime::Runtime;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A future that is ready when the frame is at its final suspend.
pub(crate) struct Job {
    coroutine: Option<Coroutine>,
    node: Arc<Node>,
    runtime: Arc<Runtime>,
    /// The node as a waker, on the process's own runtime.
    waker: Option<Waker>,
}

impl Job {
    /// # Safety
    /// As for `Coroutine::new`.
    pub(crate) unsafe fn new(runtime: Arc<Runtime>, node: Arc<Node>, frame: FramePtr) -> Self {
        // SAFETY: passed on.
        let coroutine = unsafe { Coroutine::new(frame) };
        coroutine.context().node.get_or_init(|| Arc::clone(&node));
        coroutine.context().runtime.get_or_init(|| Arc::clone(&runtime));
        let waker = (node.home() == Home::Process).then(|| Waker::from(Arc::clone(&node)));
        Self { coroutine: Some(coroutine), node, runtime, waker }
    }

    /// Ends the record (1).
    fn finish(&self) {
        self.runtime.registry.forget(self.node.frame());
        self.node.pulse.beat(&self.runtime.census);
        self.node.finish(&self.runtime.census);
    }
}

impl Future for Job {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the coroutine is dropped in place and never moved.
        let this = unsafe { self.get_unchecked_mut() };
        let Some(coroutine) = &mut this.coroutine else { return Poll::Ready(()) };
        let no_unwind = NoUnwind;
        this.node.park(Parked::No, 0);
        let counted = this.waker.as_ref().inspect(|_| this.node.pulse.begin(cx.waker(), &this.runtime.census));
        let mut inner = Context::from_waker(counted.unwrap_or(cx.waker()));
        // SAFETY: as above.
        let pinned = unsafe { Pin::new_unchecked(&mut *coroutine) };
        let polled = pinned.poll(&mut inner);
        std::mem::forget(no_unwind);
        if polled.is_ready() {
            this.coroutine = None;
            this.finish();
            return polled;
        }
        let Some((kind, chan)) = coroutine.parked_on() else { return Poll::Pending };
        this.node.park(if kind == OpKind::Send { Parked::Send } else { Parked::Recv }, chan);
        if counted.is_some() {
            this.node.pulse.park(&this.runtime.census);
            deadlock::check(&this.runtime);
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

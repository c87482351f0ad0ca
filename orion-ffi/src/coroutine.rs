//! Running a frame: one resume after the other, and between them the waits that its code has asked for.
//!
//! ```text
//!          poll
//!           |   pending
//!   [ op ]--+----------> Pending                    the operation committed after an earlier resume
//!           | ready: status
//!           v
//!        resume (or go on with the fiber) --------> waits in a call -----------> Pending, keeps the fiber
//!           | returned
//!           +-- resume pointer null --------------> Ready
//!           +-- an intent is recorded: commit ----> [ op ], polled at once
//!           `-- nothing arranged: a yield --------> wakes itself at the tail, Pending        (F3)
//! ```
//!
//! Invariants
//! 1. The frame is owned: from `new` to the end of `poll` that gave `Ready`, nobody else resumes, reads or destroys it.
//! 2. The wait begins only after `resume` has returned: an operation is created and first polled here (E1).
//! 3. What the operation points to lies in the frame, so it is dropped before the frame is destroyed (E2).
//! 4. A frame whose code waits in the middle of a call is at no suspension point and cannot be destroyed: if its future is
//!    dropped, the stack is thrown away and the frame's memory is left alone.

use crate::abi::FramePtr;
use crate::context::Context;
use crate::fiber::{self, Fiber, Switched};
use crate::op::{Op, OpKind};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

/// An owned frame and what it waits for.
pub(crate) struct Coroutine {
    frame: FramePtr,
    context: Context,
    op: Option<Op>,
    fiber: Option<Fiber>,
    done: bool,
    _pinned: PhantomPinned,
}

// SAFETY: a frame may move between threads from one resume to the next (F4), the caller of `new` vouches for what it
// holds; the context is touched by the running thread alone, and operations and fibers may move.
unsafe impl Send for Coroutine {}

impl Coroutine {
    /// Takes over a frame.
    ///
    /// # Safety
    /// The frame is suspended, nobody else uses it from now on, and it may be resumed on any thread on which the result
    /// will be polled.
    pub(crate) unsafe fn new(frame: FramePtr) -> Self {
        Self {
            frame,
            context: Context::new(frame.address()),
            op: None,
            fiber: None,
            done: false,
            _pinned: PhantomPinned,
        }
    }

    pub(crate) fn frame(&self) -> FramePtr {
        self.frame
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// What the frame waits for between two resumes: the kind, and the channel's handle.
    pub(crate) fn parked_on(&self) -> Option<(OpKind, usize)> {
        self.op.as_ref().map(Op::describe)
    }

    /// Runs the frame until it waits. `Ready`: it is at its final suspend, and the caller's to read and destroy.
    pub(crate) fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        // SAFETY: nothing is moved out of; the operation and the context stay in place.
        let this = unsafe { self.get_unchecked_mut() };
        assert!(!this.done, "a frame was polled after its completion");
        if let Some(op) = &mut this.op {
            // SAFETY: the operation is dropped where it is and never moved.
            let op = unsafe { Pin::new_unchecked(op) };
            let Poll::Ready(status) = op.poll(cx) else { return Poll::Pending };
            this.op = None;
            this.context.status.set(Some(status));
        }
        let context = &this.context;
        let switched = match this.fiber.take() {
            Some(fiber) => context.enter(cx.waker(), || fiber.go_on()),
            None => {
                // SAFETY: (1), and it is not running.
                let Some(entry) = (unsafe { this.frame.resume_entry() }) else {
                    this.done = true;
                    return Poll::Ready(());
                };
                // SAFETY: (1); the context is pinned with this future.
                context.enter(cx.waker(), || unsafe { fiber::run(entry, this.frame, &raw const context.port) })
            }
        };
        if let Switched::Waits(fiber) = switched {
            this.fiber = Some(fiber);
            return Poll::Pending;
        }
        // SAFETY: (1), and its `resume` has just returned.
        if unsafe { this.frame.resume_entry() }.is_none() {
            this.context.take_intent();
            this.done = true;
            return Poll::Ready(());
        }
        if let Some(intent) = this.context.take_intent() {
            let op = this.op.insert(Op::new(intent));
            // SAFETY: as above.
            let op = unsafe { Pin::new_unchecked(op) };
            let Poll::Ready(status) = op.poll(cx) else { return Poll::Pending };
            this.op = None;
            this.context.status.set(Some(status));
        }
        orion_rt::__ffi::wake_tail(cx.waker());
        Poll::Pending
    }
}

impl Drop for Coroutine {
    fn drop(&mut self) {
        self.op = None; // (3)
        self.context.take_intent();
        if self.done {
            return;
        }
        if self.fiber.take().is_none() {
            // SAFETY: (1), and it is suspended: no fiber waits (4).
            unsafe { self.frame.destroy() };
        }
    }
}

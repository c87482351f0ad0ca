//! Channel operations that a frame has asked for: the intent, and the operation that comes of it.
//!
//! ```text
//!   orion_chan_recv --> Intent (recorded) --resume returned--> Op (polled by the frame's future) --> status
//! ```
//!
//! Invariants
//! 1. An intent only remembers; no channel knows of it (E1).
//! 2. The memory an intent names is the frame's and outlives the operation (E2); whoever makes one promises it.

use crate::abi::{ORION_CLOSED, ORION_OK};
use orion_rt::__ffi::{RawChan, RawReceived, RawRecv, RawSend, RawSent};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Which operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    Send,
    Recv,
}

/// An operation that is to begin once the frame has suspended.
pub(crate) struct Intent {
    kind: OpKind,
    chan: RawChan,
    handle: usize,
    slot: *mut u8,
}

/// An operation under way.
pub(crate) struct Op {
    running: Running,
    handle: usize,
}

enum Running {
    Send(RawSend),
    Recv(RawRecv),
}

impl Intent {
    /// # Safety
    /// `slot` is aligned for the channel's element and valid (holding an element, for a send) until the operation has ended
    /// or has been dropped; the operation may be run from any thread.
    pub(crate) unsafe fn new(kind: OpKind, chan: RawChan, handle: usize, slot: *mut u8) -> Self {
        Self { kind, chan, handle, slot }
    }
}

impl Op {
    pub(crate) fn new(intent: Intent) -> Self {
        let Intent { kind, chan, handle, slot } = intent;
        let running = match kind {
            // SAFETY: promised to `Intent::new` (2).
            OpKind::Send => Running::Send(unsafe { chan.send(slot) }),
            // SAFETY: as above.
            OpKind::Recv => Running::Recv(unsafe { chan.recv(slot) }),
        };
        Self { running, handle }
    }

    /// The kind, and the handle the frame has used.
    pub(crate) fn describe(&self) -> (OpKind, usize) {
        let kind = match self.running {
            Running::Send(_) => OpKind::Send,
            Running::Recv(_) => OpKind::Recv,
        };
        (kind, self.handle)
    }
}

impl Future for Op {
    type Output = i32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<i32> {
        // SAFETY: the futures stay where they are, and have no other owner.
        match unsafe { &mut self.get_unchecked_mut().running } {
            Running::Send(send) => {
                // SAFETY: pinned with `self`.
                unsafe { Pin::new_unchecked(send) }.poll(cx).map(|sent| match sent {
                    RawSent::Sent => ORION_OK,
                    RawSent::Closed => ORION_CLOSED,
                })
            }
            Running::Recv(recv) => {
                // SAFETY: pinned with `self`.
                unsafe { Pin::new_unchecked(recv) }.poll(cx).map(|received| match received {
                    RawReceived::Received => ORION_OK,
                    RawReceived::Closed => ORION_CLOSED,
                })
            }
        }
    }
}

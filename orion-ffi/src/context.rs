//! What the runtime knows about the frame that is running on this thread: where its calls leave their intents, and how
//! they wait.
//!
//! ```text
//!   Coroutine::poll --enter--> [ CURRENT -> Context ] <--orion_chan_recv: intent-- the frame's code
//!                   <--leave-- [ intent, status     ] <--run_until: waits on the fiber--
//! ```
//!
//! Invariants
//! 1. `CURRENT` is null or points to the context of the frame this thread is running, which stays where it is until that
//!    run ends: it is pinned with the frame's future.
//! 2. A reference to a context never lives across a switch of stacks: after a wait the code may be on another thread, and
//!    asks again.
//! 3. While a frame runs, its thread alone touches its context.

use crate::fiber::Port;
use crate::node::Node;
use crate::op::Intent;
use crate::runtime::Runtime;
use crate::wait::Wait;
use std::cell::{Cell, OnceCell, RefCell};
use std::panic::Location;
use std::ptr;
use std::sync::Arc;
use std::task::Waker;

/// The part of a frame's future that its own code can reach.
pub(crate) struct Context {
    /// The way off the fiber the frame runs on.
    pub(crate) port: Cell<*const Port>,
    /// The waker of the poll that is running the frame.
    waker: Cell<*const Waker>,
    /// What the frame wants to wait for once it has suspended (E1).
    intent: Cell<Option<Intent>>,
    /// How the last operation that waited has ended.
    pub(crate) status: Cell<Option<i32>>,
    /// The frame's address, for its record.
    pub(crate) frame: usize,
    /// The frame's record as a task of the v1 functions; made when it first needs one.
    pub(crate) node: OnceCell<Arc<Node>>,
    /// The runtime that record belongs to, so that the frame's calls need not look for it.
    pub(crate) runtime: OnceCell<Arc<Runtime>>,
    /// What the frame's code waits for in the middle of a call.
    awaited: RefCell<Option<Wait>>,
}

thread_local! {
    static CURRENT: Cell<*const Context> = const { Cell::new(ptr::null()) };
}

impl Context {
    pub(crate) fn new(frame: usize) -> Self {
        Self {
            port: Cell::new(ptr::null()),
            waker: Cell::new(ptr::null()),
            intent: Cell::new(None),
            status: Cell::new(None),
            frame,
            node: OnceCell::new(),
            runtime: OnceCell::new(),
            awaited: RefCell::new(None),
        }
    }

    /// Records what to wait for. `false`: something is recorded already, and stands.
    pub(crate) fn intend(&self, intent: Intent) -> bool {
        let first = self.intent.take();
        let free = first.is_none();
        self.intent.set(Some(first.unwrap_or(intent)));
        free
    }

    /// Whether the frame has something to wait for once it suspends.
    pub(crate) fn intends(&self) -> bool {
        let intent = self.intent.take();
        let some = intent.is_some();
        self.intent.set(intent);
        some
    }

    pub(crate) fn take_intent(&self) -> Option<Intent> {
        self.intent.take()
    }

    /// Looks at what the frame's code waits for. `None`: it need not wait any longer.
    fn poll_awaited(&self) -> Option<*const Port> {
        // SAFETY: (3) the waker is that of the poll that is running, which outlives the call.
        let waker = unsafe { &*self.waker.get() };
        let ready = self.awaited.borrow().as_ref().is_none_or(|wait| wait.poll(waker));
        if ready {
            let over = self.awaited.take();
            drop(over);
            return None;
        }
        orion_rt::__ffi::note_join(Location::caller());
        Some(self.port.get())
    }

    /// Runs `run`, in which the frame's code finds this context as the current one.
    pub(crate) fn enter<R>(&self, waker: &Waker, run: impl FnOnce() -> R) -> R {
        self.waker.set(waker);
        let outer = swap(self);
        let result = run();
        swap(outer);
        self.waker.set(ptr::null());
        result
    }
}

/// Looks at the context of the running frame; `None`: no frame runs on this thread.
pub(crate) fn current<R>(look: impl FnOnce(Option<&Context>) -> R) -> R {
    let context = address();
    if context.is_null() {
        return look(None);
    }
    // SAFETY: (1) it stays where it is, (3) nobody else touches it, and `look` returns before any switch of stacks (2).
    look(Some(unsafe { &*context }))
}

/// Waits, in the middle of a call from a frame. The wait is kept in the context, so that the stack owns nothing that would
/// be lost with it.
pub(crate) fn wait_on_fiber(wait: Wait) {
    current(|context| context.map(|context| context.awaited.replace(Some(wait))));
    while let Some(port) = current(|context| context.and_then(Context::poll_awaited)) {
        // SAFETY: the port is that of the fiber this code is running on.
        unsafe { &*port }.wait();
    }
}

/// Lets the frame's task go behind all others that can run, in the middle of a call.
pub(crate) fn yield_on_fiber() {
    let port = current(|context| {
        context.map(|context| {
            // SAFETY: (3) the waker is that of the poll that is running, which outlives the call.
            orion_rt::__ffi::wake_tail(unsafe { &*context.waker.get() });
            context.port.get()
        })
    });
    if let Some(port) = port {
        // SAFETY: the port is that of the fiber this code is running on.
        unsafe { &*port }.wait();
    }
}

/// Never inlined: the code around a call may continue on another thread (2).
#[inline(never)]
fn address() -> *const Context {
    CURRENT.get()
}

#[inline(never)]
fn swap(context: *const Context) -> *const Context {
    CURRENT.replace(context)
}

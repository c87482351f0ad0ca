//! Waiting in the middle of a call: for a task to be done, for the caller's tasks to be over, for a channel operation.
//!
//! ```text
//!   a frame waits ------> its fiber is left aside, its task is woken                        (V3)
//!   a thread waits -----> single-threaded runtime of this thread: runs tasks meanwhile      (E3)
//!                    `--> otherwise: blocks
//! ```
//!
//! Invariants
//! 1. A wait holds the records it looks at, never a frame.
//! 2. Whoever begins to wait looks for a deadlock after it has registered: of two that block each other, the later sees it.
#![forbid(unsafe_code)]

use crate::census::Condition;
use crate::context;
use crate::deadlock;
use crate::node::{Home, Node, Parked};
use crate::op::{Op, OpKind};
use crate::runtime::{self, Mode, Runtime};
use crate::sync::Parker;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A wait for tasks.
pub(crate) struct Wait {
    runtime: Arc<Runtime>,
    /// Who waits.
    caller: Arc<Node>,
    /// The task that is to be done; `None`: all tasks the caller has spawned, directly or not (V2).
    task: Option<Arc<Node>>,
}

impl Wait {
    fn ready(&self) -> bool {
        match &self.task {
            Some(task) => task.is_done(),
            None => self.caller.is_alone(),
        }
    }

    fn condition(&self) -> Condition {
        match &self.task {
            Some(task) => Condition::Done(Arc::clone(task)),
            None => Condition::Alone(Arc::clone(&self.caller)),
        }
    }

    /// Whether the wait is over; if not, `waker` is woken when it is, and a deadlock ends the process (2).
    pub(crate) fn poll(&self, waker: &Waker) -> bool {
        // A task that waits for one of another scheduler may be woken by that one's threads: it stays active.
        let here = |node: &Arc<Node>| node.home() == Home::Process;
        let counted = self.caller.frame() != 0 && here(&self.caller) && self.task.as_ref().is_none_or(here);
        let census = counted.then_some(&*self.runtime.census);
        let ready = match &self.task {
            Some(task) => task.poll_done(waker, census),
            None => self.caller.poll_alone(waker, census),
        };
        if !ready {
            deadlock::check(&self.runtime);
        }
        ready
    }

    fn block(&self) {
        if self.ready() {
            return;
        }
        let runtime = &self.runtime;
        match &runtime.mode {
            Mode::Local(home) if home.claim(runtime) => {
                let _listed = runtime.waiters.enter(self.condition());
                // A task of a root's scheduler ends on another thread, which has to wake this one.
                let elsewhere = self.task.as_ref().filter(|task| task.home() == Home::Elsewhere);
                if let (Some(task), Some(bell)) = (elsewhere, home.bell()) {
                    task.poll_done(&bell, None);
                }
                home.drive(runtime, || self.ready());
            }
            Mode::Local(_) | Mode::Workers(_) => {
                let parker = Arc::new(Parker::default());
                let waker = Waker::from(Arc::clone(&parker));
                let _listed = runtime.waiters.enter(self.condition());
                while !self.poll(&waker) {
                    parker.park();
                    parker.rearm();
                }
            }
        }
    }
}

impl Drop for Wait {
    /// Whoever stops waiting early, because its frame was cancelled in the middle of the call, leaves no waiter behind.
    fn drop(&mut self) {
        match &self.task {
            Some(task) => task.leave_join(&self.runtime.census),
            None => self.caller.leave_drain(&self.runtime.census),
        }
    }
}

/// Waits until `task` is done, or, without one, until everything the caller has spawned is over.
pub(crate) fn for_tasks(runtime: Arc<Runtime>, task: Option<Arc<Node>>) {
    let caller = runtime.caller();
    match &task {
        Some(task) => caller.park(Parked::Join, task.frame()),
        None => caller.park(Parked::Run, 0),
    }
    let wait = Wait { runtime, caller, task };
    if context::current(|context| context.is_some()) {
        return context::wait_on_fiber(wait);
    }
    wait.block();
    wait.caller.park(Parked::No, 0);
    if wait.caller.is_alone() {
        wait.runtime.forget_thread();
    }
}

/// Runs an operation to its end, on a plain thread.
pub(crate) fn for_operation(op: Op) -> i32 {
    let runtime = runtime::get();
    let caller = runtime.thread_node();
    let (kind, handle) = op.describe();
    caller.park(if kind == OpKind::Send { Parked::Send } else { Parked::Recv }, handle);
    let status = match &runtime.mode {
        Mode::Local(home) if home.is_owner() => home.complete(&runtime, op),
        Mode::Local(_) | Mode::Workers(_) => block_on(&runtime, op),
    };
    caller.park(Parked::No, 0);
    if caller.is_alone() {
        runtime.forget_thread();
    }
    status
}

/// Blocks the calling thread until `op` has ended.
fn block_on(runtime: &Runtime, op: Op) -> i32 {
    let mut op = pin!(op);
    let parker = Arc::new(Parker::default());
    let waker = Waker::from(Arc::clone(&parker));
    loop {
        if let Poll::Ready(status) = op.as_mut().poll(&mut Context::from_waker(&waker)) {
            return status;
        }
        let listed = runtime.waiters.enter(Condition::Woken(Arc::clone(&parker)));
        deadlock::check(runtime);
        parker.park();
        drop(listed);
        parker.rearm();
    }
}

//! The single-threaded runtime: tasks run on one thread, while that thread waits in a call of this library (V1).
//!
//! ```text
//!   unclaimed --first spawn or join--> owned by that thread
//!
//!   owner:   spawn -> queue;  wait -> drive the queue
//!   others:  spawn -> inbox -> (a task of the owner's queue takes it out);  wait -> block
//! ```
//!
//! Invariants
//! 1. The driver is made, used and dropped by the owner only, which is decided once.
//! 2. The owner is in `shutdown` or in other calls, never both: a shutdown from a task is refused before it gets here, and one from
//!    what else runs in `drive` (a waker, a destructor) here, by `driving`.

use crate::census::{Condition, Polling};
use crate::deadlock;
use crate::diagnose;
use crate::job::Job;
use crate::op::Op;
use crate::runtime::{self, Runtime};
use crate::sync::{lock, thread_key};
use orion_rt::__ffi::{Drive, LocalDriver};
use std::cell::{Cell, UnsafeCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll, Wake, Waker};

pub(crate) struct LocalHome {
    owner: OnceLock<usize>,
    driver: UnsafeCell<Option<LocalDriver>>,
    /// In how many calls of `drive` the owner is; the owner's as the driver is.
    driving: Cell<usize>,
    inbox: Arc<Mutex<Inbox>>,
}

// SAFETY: (1) the driver and `driving` are the owner's; the rest is shared safely.
unsafe impl Send for LocalHome {}
// SAFETY: as above.
unsafe impl Sync for LocalHome {}

/// What other threads have spawned.
#[derive(Default)]
struct Inbox {
    jobs: Vec<Job>,
    /// Wakes the task that takes them out.
    taker: Option<Waker>,
}

impl LocalHome {
    pub(crate) fn new() -> Self {
        Self { owner: OnceLock::new(), driver: UnsafeCell::new(None), driving: Cell::new(0), inbox: Arc::default() }
    }

    pub(crate) fn is_owner(&self) -> bool {
        self.owner.get() == Some(&thread_key())
    }

    /// Makes the calling thread the owner if there is none. Whether it is.
    pub(crate) fn claim(&self, runtime: &Arc<Runtime>) -> bool {
        let key = thread_key();
        if *self.owner.get_or_init(|| key) != key {
            return false;
        }
        if self.driver().is_none() {
            let driver = LocalDriver::new();
            driver.spawn(Some("orion_scheduler inbox"), take_out(Arc::clone(&self.inbox), Arc::downgrade(runtime)));
            // SAFETY: (1) this is the owner, and no reference to the empty place is held.
            unsafe { *self.driver.get() = Some(driver) };
        }
        true
    }

    /// The driver, for the owner.
    fn driver(&self) -> Option<&LocalDriver> {
        debug_assert!(self.is_owner());
        // SAFETY: (1) this is the owner; (2) nothing replaces a driver that is in use.
        unsafe { &*self.driver.get() }.as_ref()
    }

    /// Makes the owner look again at what it waits for, from any thread.
    pub(crate) fn bell(&self) -> Option<Waker> {
        Some(Waker::from(Arc::new(Bell(Box::new(self.driver()?.bell())))))
    }

    pub(crate) fn spawn(&self, runtime: &Arc<Runtime>, job: Job) {
        if self.claim(runtime) {
            if let Some(driver) = self.driver() {
                driver.spawn(None, job);
            }
            return;
        }
        let taker = {
            let mut inbox = lock(&self.inbox);
            inbox.jobs.push(job);
            inbox.taker.take()
        };
        if let Some(taker) = taker {
            taker.wake();
        }
    }

    /// Runs tasks until `done`. The caller is listed as waiting, so that a deadlock ends the process (V7).
    pub(crate) fn drive(&self, runtime: &Runtime, done: impl Fn() -> bool) {
        let Some(driver) = self.driver() else { return };
        self.driving.set(self.driving.get() + 1);
        // Nothing unwinds through here: the calls that get here are those of C.
        if driver.drive(&done, false) == Drive::Idle {
            // Nothing is left to run here: if that is a deadlock, no task has noticed it.
            deadlock::check(runtime);
            // Another thread may bring something: sleep until it does.
            while driver.drive(&done, true) == Drive::Idle {}
        }
        self.driving.set(self.driving.get() - 1);
    }

    /// Runs `op` to its end, and tasks meanwhile (E3).
    pub(crate) fn complete(&self, runtime: &Runtime, op: Op) -> i32 {
        let status = Rc::new(Cell::new(None));
        let polling = Arc::new(Polling::default());
        if let Some(driver) = self.driver() {
            let result = Rc::clone(&status);
            let waking = Arc::new(Waking { polling: Arc::clone(&polling), driver: OnceLock::new() });
            let waker = Waker::from(Arc::clone(&waking));
            driver.spawn(None, async move {
                let mut op = pin!(op);
                let ended = poll_fn(|cx| {
                    waking.driver.get_or_init(|| cx.waker().clone());
                    waking.polling.begin();
                    let polled = op.as_mut().poll(&mut Context::from_waker(&waker));
                    if polled.is_pending() {
                        waking.polling.pending();
                    }
                    polled
                });
                result.set(Some(ended.await));
            });
        }
        let _listed = runtime.waiters.enter(Condition::Polled(polling));
        self.drive(runtime, || status.get().is_some());
        status.get().unwrap_or(crate::abi::ORION_INVALID)
    }

    /// Lets every task that can run now take one turn.
    pub(crate) fn turn(&self, runtime: &Runtime) {
        let over = Rc::new(Cell::new(false));
        if let Some(driver) = self.driver() {
            let last = Rc::clone(&over);
            driver.spawn(None, async move { last.set(true) });
        }
        self.drive(runtime, || over.get());
    }

    /// Destroys what is left. Called by the owner.
    pub(crate) fn shutdown(&self) {
        if self.owner.get().is_some() {
            if !self.is_owner() {
                diagnose::abort(format_args!(
                    "orion_scheduler_shutdown was called by another thread than the one that runs the tasks"
                ));
            }
            if self.driving.get() > 0 {
                runtime::shutdown_inside();
            }
            // SAFETY: (1), (2): this is the owner and no call of it is under way.
            let driver = unsafe { &mut *self.driver.get() }.take();
            drop(driver);
        }
        let jobs = std::mem::take(&mut lock(&self.inbox).jobs);
        drop(jobs);
    }
}

/// The waker of an operation of the owner thread: notes that the thread no longer waits, then wakes the driver's task.
struct Waking {
    polling: Arc<Polling>,
    driver: OnceLock<Waker>,
}

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        self.polling.wake();
        if let Some(driver) = self.driver.get() {
            driver.wake_by_ref();
        }
    }
}

/// See `LocalHome::bell`.
struct Bell(Box<dyn Fn() + Send + Sync>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// A task of the owner's queue that brings in what other threads spawn.
async fn take_out(inbox: Arc<Mutex<Inbox>>, runtime: Weak<Runtime>) {
    loop {
        let jobs = poll_fn(|cx| {
            let mut inbox = lock(&inbox);
            if inbox.jobs.is_empty() {
                inbox.taker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(std::mem::take(&mut inbox.jobs))
        })
        .await;
        let Some(runtime) = runtime.upgrade() else { return };
        for job in jobs {
            runtime.mode.spawn(&runtime, job);
        }
    }
}

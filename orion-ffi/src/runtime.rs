//! The process's own runtime: where the tasks of the v1 functions run.
//!
//! ```text
//!                    get()                                    shutdown()
//!   [ none ] ------------------> [ Runtime: registry, census, mode ] ----------> [ none ]   tasks left over are destroyed
//!                                          |
//!               ORION_WORKERS unset or 1   |   ORION_WORKERS = n > 1
//!            Local: tasks run while their  |   Workers: n threads run tasks,
//!            thread waits in a call        |   whoever waits is parked
//! ```
//!
//! Invariants
//! 1. At most one runtime is current; a task holds the one it runs on, so a runtime that was shut down stays readable.
//! 2. Single-threaded by default (V1): no thread is started, and a task runs only while the thread that first spawned or
//!    joined waits in a call of this library.
//! 3. A task of a frame that itself runs on a root's scheduler runs there too, not here: one scheduler per root (F5).
//!
//! Rejected: a runtime in a plain static that is never taken down (V5: `shutdown` then `init` starts clean).

use crate::abi::FramePtr;
use crate::census::{Census, Waiters};
use crate::context;
use crate::diagnose;
use crate::home::LocalHome;
use crate::job::Job;
use crate::node::{Home, Node};
use crate::registry::{ByAddress, Registry};
use crate::sync::{lock, read, thread_key, write};
use orion_rt::__ffi::MultiDriver;
use std::sync::{Arc, Mutex, RwLock};

pub(crate) struct Runtime {
    pub(crate) registry: Registry,
    pub(crate) census: Arc<Census>,
    pub(crate) mode: Mode,
    /// How many threads of its own it has.
    pub(crate) workers: usize,
    pub(crate) waiters: Waiters,
    /// The records of plain threads with tasks, by `thread_key`.
    threads: Mutex<ByAddress>,
}

pub(crate) enum Mode {
    Local(LocalHome),
    /// `None` once it has been shut down.
    Workers(RwLock<Option<MultiDriver>>),
}

/// How many records of threads without tasks are kept.
const THREADS_KEPT: usize = 64;

static CURRENT: Mutex<Option<Arc<Runtime>>> = Mutex::new(None);

/// The current runtime, started if there is none (V1).
pub(crate) fn get() -> Arc<Runtime> {
    let mut current = lock(&CURRENT);
    Arc::clone(current.get_or_insert_with(|| Arc::new(Runtime::start())))
}

/// The runtime of the calling frame, or the current one.
pub(crate) fn of_caller() -> Arc<Runtime> {
    context::current(|context| context.map(|context| Arc::clone(context.runtime.get_or_init(get)))).unwrap_or_else(get)
}

/// The current runtime, if one has been started.
pub(crate) fn started() -> Option<Arc<Runtime>> {
    lock(&CURRENT).clone()
}

/// Ends the current runtime: tasks that are not done are destroyed, threads are joined (V5).
pub(crate) fn shutdown() {
    if context::current(|context| context.is_some()) {
        diagnose::abort(format_args!("orion_scheduler_shutdown was called by a task"));
    }
    let Some(runtime) = lock(&CURRENT).take() else { return };
    if !runtime.waiters.is_empty() {
        diagnose::abort(format_args!("orion_scheduler_shutdown was called while another thread waits for a task"));
    }
    match &runtime.mode {
        Mode::Local(home) => home.shutdown(),
        Mode::Workers(driver) => {
            let driver = write(driver).take();
            if driver.as_ref().is_some_and(MultiDriver::is_here) {
                shutdown_inside();
            }
            drop(driver);
        }
    }
}

/// A shutdown by what runs between two turns of tasks, on the thread that has to wait for them.
pub(crate) fn shutdown_inside() -> ! {
    diagnose::abort(format_args!(
        "orion_scheduler_shutdown was called while the runtime runs tasks, by a waker or a destructor"
    ))
}

impl Runtime {
    fn start() -> Self {
        let workers = workers();
        let mode = match workers {
            1 => Mode::Local(LocalHome::new()),
            _ => match MultiDriver::new(workers) {
                Ok(driver) => Mode::Workers(RwLock::new(Some(driver))),
                Err(error) => diagnose::exit(format_args!("cannot start {workers} workers: {error}")),
            },
        };
        Self {
            registry: Registry::new(),
            census: Arc::default(),
            workers: if matches!(mode, Mode::Local(_)) { 0 } else { workers },
            mode,
            waiters: Waiters::default(),
            threads: Mutex::default(),
        }
    }

    /// The record of the calling plain thread.
    pub(crate) fn thread_node(&self) -> Arc<Node> {
        Arc::clone(lock(&self.threads).entry(thread_key()).or_insert_with(Node::thread))
    }

    /// The calling thread has no tasks left: its record may go, once there are many.
    pub(crate) fn forget_thread(&self) {
        let node = {
            let mut threads = lock(&self.threads);
            (threads.len() > THREADS_KEPT).then(|| threads.remove(&thread_key())).flatten()
        };
        drop(node);
    }

    /// The records of the plain threads that have tasks or wait.
    pub(crate) fn threads(&self) -> Vec<Arc<Node>> {
        lock(&self.threads).values().cloned().collect()
    }

    /// Makes a task of `frame`, spawned by whoever calls, and hands it to a scheduler.
    ///
    /// # Safety
    /// As for `orion_scheduler_spawn`.
    pub(crate) unsafe fn spawn(self: &Arc<Self>, frame: FramePtr) -> Arc<Node> {
        let parent = self.caller();
        let address = frame.address();
        let entered = self.registry.enter(address, || Node::task(address, &parent, parent.home(), &self.census));
        let Ok(node) = entered else {
            diagnose::abort(format_args!("frame {address:#x} was spawned twice"));
        };
        // SAFETY: the caller gives a frame that is suspended and nobody else's until it is done.
        let job = unsafe { Job::new(Arc::clone(self), Arc::clone(&node), frame) };
        match node.home() {
            Home::Process => self.mode.spawn(self, job),
            Home::Elsewhere => {
                if orion_rt::__ffi::spawn_here(job).is_err() {
                    diagnose::abort(format_args!(
                        "frame {address:#x} was spawned by a frame that runs outside orion's schedulers; spawn it from Rust"
                    ));
                }
            }
        }
        node
    }

    /// The record of the calling task, or of the calling plain thread.
    pub(crate) fn caller(&self) -> Arc<Node> {
        context::current(|context| {
            context.map(|context| Arc::clone(context.node.get_or_init(|| Node::foreign(context.frame))))
        })
        .unwrap_or_else(|| self.thread_node())
    }
}

impl Mode {
    pub(crate) fn spawn(&self, runtime: &Arc<Runtime>, job: Job) {
        match self {
            Self::Local(home) => home.spawn(runtime, job),
            // After a shutdown the job is dropped, which destroys its frame.
            Self::Workers(driver) => {
                if let Some(driver) = &*read(driver) {
                    driver.spawn(None, job);
                }
            }
        }
    }
}

/// How many workers the environment asks for.
fn workers() -> usize {
    let Some(value) = std::env::var_os("ORION_WORKERS") else { return 1 };
    match value.to_str().and_then(|value| value.trim().parse().ok()) {
        Some(workers @ 1..=1024) => workers,
        _ => diagnose::exit(format_args!("ORION_WORKERS is {value:?}; it takes a number of threads from 1 to 1024")),
    }
}

//! The settings of a runtime.

use std::io;
use std::sync::Arc;

use super::{LocalRuntime, Runtime};
use crate::scheduler::local::LocalShared;
use crate::task::run::Pace;

/// Yield points between two voluntary yields unless `yield_budget` says otherwise.
pub(crate) const DEFAULT_BUDGET: u32 = 128;

/// Settings of a [`Runtime`] or a [`LocalRuntime`].
///
/// ```
/// let runtime = orion_rt::Runtime::builder().workers(2).thread_name("digest").build()?;
/// assert_eq!(runtime.run(async |s| s.spawn(async { 6 * 7 }).join().await.unwrap()), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Rules: R2, R6.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build` or `build_local`"]
pub struct Builder {
    workers: Option<usize>,
    thread_name: String,
    yield_budget: u32,
    seed: Option<u64>,
    strict: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            workers: None,
            thread_name: "orion-worker".into(),
            yield_budget: DEFAULT_BUDGET,
            seed: None,
            strict: false,
        }
    }
}

impl Builder {
    /// The number of workers, at least 1. Default: what the machine can run in parallel.
    pub fn workers(mut self, n: usize) -> Self {
        self.workers = Some(n);
        self
    }

    /// The name of the worker threads, to which their number is added. Default: `orion-worker`.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = name.into();
        self
    }

    /// How many operations (channel operations, joins) a task may complete in one turn before the next one yields; 0: no
    /// limit. Default: 128.
    pub fn yield_budget(mut self, operations: u32) -> Self {
        self.yield_budget = operations;
        self
    }

    /// Checks the linear discipline at run time: a root that ends with a [`JoinHandle`](crate::JoinHandle) neither joined nor
    /// released, or with a channel dropped unclosed with values inside, panics and names them with the places where they were made.
    ///
    /// What a cancelled or panicking task drops is not held against it, and a root that has panicked raises that panic. For
    /// tests: it costs each task some time and keeps completed ones until their handles are gone.
    ///
    /// ```should_panic
    /// # fn main() -> std::io::Result<()> {
    /// let runtime = orion_rt::Runtime::builder().strict(true).build_local()?;
    /// runtime.run(async |s| drop(s.task().name("reader").spawn(async {}))); // "task 'reader' .. was neither joined nor released"
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Rules: J8, C14.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Makes the random choices of the runtime's threads (`select!`, stealing) follow `seed`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Starts a runtime with worker threads.
    ///
    /// # Errors
    /// `InvalidInput` for a setting that makes no sense here, with what to do; the system's error if it cannot start a thread.
    pub fn build(self) -> io::Result<Runtime> {
        let workers = match self.workers {
            Some(0) => {
                return Err(invalid("workers(0): a runtime needs at least one worker; for none use `build_local`"));
            }
            // The scheduler counts workers in 16 bits.
            Some(n) if n > usize::from(u16::MAX) => return Err(invalid("workers: at most 65535 workers are possible")),
            Some(n) => n,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        if self.thread_name.contains('\0') {
            return Err(invalid("thread_name: a thread's name cannot contain a NUL character"));
        }
        Runtime::start_workers(workers, &self.thread_name, self.pace(), self.seed)
    }

    /// Makes a runtime that runs everything on the thread that calls `run`.
    ///
    /// # Errors
    /// `InvalidInput` if `workers` was set to anything but 1.
    pub fn build_local(self) -> io::Result<LocalRuntime> {
        match self.workers {
            None | Some(1) => Ok(LocalRuntime::new(LocalShared::new(self.pace()), self.seed)),
            Some(_) => Err(invalid("workers: `build_local` runs on the calling thread alone; use `build` for workers")),
        }
    }
}

impl Builder {
    fn pace(&self) -> Pace {
        Pace { budget: self.yield_budget, strict: self.strict }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// The default single-threaded scheduler: what `run` uses.
pub(crate) fn default_local() -> Arc<LocalShared> {
    LocalShared::new(Pace { budget: DEFAULT_BUDGET, strict: false })
}

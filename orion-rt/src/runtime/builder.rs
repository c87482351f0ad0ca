//! The settings of a runtime.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::watch::Watch;
use super::{LocalRuntime, Runtime};
use crate::debug::{Deadlock, DeadlockPolicy};
use crate::scheduler::blocking;
use crate::scheduler::local::{LocalShared, Settings};
use crate::task::run::Pace;

/// Yield points between two voluntary yields unless `yield_budget` says otherwise.
pub(crate) const DEFAULT_BUDGET: u32 = 128;
/// The seed of a deterministic runtime that was given none.
const FIXED_SEED: u64 = 0;

/// Threads for blocking calls unless `max_blocking_threads` says otherwise.
const DEFAULT_BLOCKING: usize = 512;

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
    thread_name: Option<String>,
    yield_budget: u32,
    seed: Option<u64>,
    strict: bool,
    deterministic: bool,
    max_blocking_threads: usize,
    watch: Watch,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            workers: None,
            thread_name: None,
            yield_budget: DEFAULT_BUDGET,
            seed: None,
            strict: false,
            deterministic: false,
            max_blocking_threads: DEFAULT_BLOCKING,
            watch: Watch::default(),
        }
    }
}

impl Builder {
    /// The number of workers, at least 1. Default: what the machine can run in parallel.
    ///
    /// ```
    /// let none = orion_rt::Runtime::builder().workers(0).build().unwrap_err();
    /// assert_eq!(none.to_string(), "workers(0): a runtime needs at least one worker; for none use `build_local`");
    /// ```
    ///
    /// Rules: R2, R6.
    pub fn workers(mut self, n: usize) -> Self {
        self.workers = Some(n);
        self
    }

    /// The name of the runtime's threads: to it is added a worker's number, or `-blocking-` and the number of a thread for
    /// [blocking calls](crate::Group::spawn_blocking). Default: `orion-worker`, and with `build_local` `orion`.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(1).thread_name("reader").build()?;
    /// let name = runtime.run(async |s| s.spawn(async { std::thread::current().name().map(str::to_owned) }).get().await);
    /// assert_eq!(name.as_deref(), Some("reader-0"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = Some(name.into());
        self
    }

    /// How many operations (channel operations, joins, timers) a task may complete in one turn before the next one yields; 0: no
    /// limit. Default: 128. So tasks that always find each other's channel ready still share their worker with others.
    ///
    /// Within the turn an operation that is to yield is `Pending` however often it is polled. In a later turn it goes through even if others
    /// of the task have used up that turn's budget. Another executor that runs inside the task (`block_on`) gets further budgets.
    ///
    /// Rule: Y2.
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

    /// Makes the random choices of the runtime's threads (`select!`, stealing) follow `seed`; with
    /// [`deterministic`](Builder::deterministic) the order in which tasks run, too. Each `run` of a [`LocalRuntime`] starts from the
    /// seed again.
    ///
    /// Rule: D9.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Makes runs reproducible, for tests: the order of polls and the random choices are the same each time, and time is virtual.
    /// For [`build_local`](Builder::build_local) only. Default: `false`.
    ///
    /// *Time.* [`now`](crate::now), `sleep`, `timeout` and `interval` go by a clock of the runtime's own. It stands still while any
    /// task can run or a blocking call is outstanding; when none is, it jumps to the next timer. So an hour's sleep takes no time,
    /// and takes exactly an hour. The clock goes on from one `run` of the runtime to the next. Other threads, which the runtime knows
    /// nothing of, do not hold it: a test that waits for a plain thread uses `spawn_blocking`.
    ///
    /// *Order.* Without a [`seed`](Builder::seed), tasks run first in, first out, as ever (S6), and random choices follow a fixed
    /// seed. With one, this is the exception to S6: all tasks that are runnable make a batch, the batch runs in an order drawn from the
    /// seed, and what becomes runnable meanwhile makes the next batch. The same seed gives the same order; other seeds give other
    /// orders, each of which a program may meet on a [`Runtime`] as well.
    ///
    /// What a program takes from elsewhere (the system's clock and random numbers, other threads, the order of a `HashMap`) stays
    /// as random as it is.
    ///
    /// ```
    /// use std::time::Duration;
    /// let order = |seed| {
    ///     let runtime = orion_rt::Runtime::builder().deterministic(true).seed(seed).build_local().unwrap();
    ///     runtime.run(async |s| {
    ///         let order = s.keep(std::cell::RefCell::new(Vec::new()));
    ///         for i in 0..20 {
    ///             s.go(async move {
    ///                 orion_rt::sleep(Duration::from_secs(60)).await;
    ///                 order.borrow_mut().push(i);
    ///             });
    ///         }
    ///         orion_rt::sleep(Duration::from_secs(61)).await;
    ///         order.borrow().clone()
    ///     })
    /// };
    /// assert_eq!(order(1), order(1));
    /// assert_ne!(order(1), order(2));
    /// ```
    ///
    /// Rules: T3, D9, R6.
    pub fn deterministic(mut self, yes: bool) -> Self {
        self.deterministic = yes;
        self
    }

    /// How many [blocking calls](crate::Group::spawn_blocking) may run at a time, at least 1; the others wait for their turn. A
    /// thread is started when a call finds none idle, and leaves after ten seconds without a call. Default: 512.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().max_blocking_threads(1).build_local()?;
    /// runtime.run(async |s| {
    ///     let (first, second) = (s.spawn_blocking(|| 1), s.spawn_blocking(|| 2)); // one after the other
    ///     assert_eq!(first.get().await + second.get().await, 3);
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: S10, R6.
    pub fn max_blocking_threads(mut self, n: usize) -> Self {
        self.max_blocking_threads = n;
        self
    }

    /// What is done about a suspected deadlock. Default: it is reported. One that is proven ends its root in any case.
    ///
    /// ```
    /// use orion_rt::{Chan, DeadlockPolicy, Runtime};
    /// let runtime = Runtime::builder().deterministic(true).deadlock(DeadlockPolicy::Panic).build_local()?;
    /// let stuck = runtime.try_run(async |_| Chan::<u8>::new(0).recv().await);
    /// assert!(stuck.unwrap_err().to_string().starts_with("suspected deadlock: a task waits"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rule: D2.
    pub fn deadlock(mut self, policy: DeadlockPolicy) -> Self {
        self.watch.policy = policy;
        self
    }

    /// Calls `hook` with each deadlock that is reported or raised, on the thread that has found it, before anything of the root is cancelled.
    /// Its panics are contained.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// let seen = Arc::new(Mutex::new(String::new()));
    /// let report = seen.clone();
    /// let hook = move |deadlock: &orion_rt::Deadlock| *report.lock().unwrap() = deadlock.to_string();
    /// let runtime = orion_rt::Runtime::builder().on_deadlock(hook).build_local()?;
    /// runtime.try_run(async |s| s.spawn(std::future::pending::<()>()).await).unwrap_err();
    /// assert!(seen.lock().unwrap().contains("join on task #"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: D1, D2.
    pub fn on_deadlock(mut self, hook: impl Fn(&Deadlock) + Send + Sync + 'static) -> Self {
        self.watch.hook = Some(Arc::new(hook));
        self
    }

    /// For runtimes that are watched by somebody else, who knows more than their own monitor could.
    pub(crate) fn watched_elsewhere(mut self) -> Self {
        self.watch.elsewhere = true;
        self
    }

    /// Starts a runtime with worker threads.
    ///
    /// # Errors
    /// `InvalidInput` for a setting that makes no sense here, with what to do; the system's error if it cannot start a thread.
    ///
    /// ```
    /// let two_workers = orion_rt::Runtime::builder().workers(2).build()?;
    /// drop(two_workers); // joins its threads
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn build(self) -> io::Result<Runtime> {
        if self.deterministic {
            return Err(invalid(
                "deterministic: the order in which workers run tasks cannot be reproduced; use `build_local`",
            ));
        }
        let workers = match self.workers {
            Some(0) => {
                return Err(invalid("workers(0): a runtime needs at least one worker; for none use `build_local`"));
            }
            // The scheduler counts workers in 16 bits.
            Some(n) if n > usize::from(u16::MAX) => return Err(invalid("workers: at most 65535 workers are possible")),
            Some(n) => n,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        let blocking = self.blocking("orion-worker")?;
        Runtime::start_workers(workers, self.pace(), self.seed, blocking, self.watch)
    }

    /// Makes a runtime that runs everything on the thread that calls `run`.
    ///
    /// # Errors
    /// `InvalidInput` if `workers` was set to anything but 1, or another setting makes no sense here.
    ///
    /// ```
    /// let error = orion_rt::Runtime::builder().workers(2).build_local().unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// ```
    pub fn build_local(self) -> io::Result<LocalRuntime> {
        match self.workers {
            None | Some(1) => {}
            Some(_) if self.deterministic => {
                return Err(invalid(
                    "workers: `build_local` runs on the calling thread alone, and `deterministic` is for it; leave `workers` out",
                ));
            }
            Some(_) => {
                return Err(invalid(
                    "workers: `build_local` runs on the calling thread alone; use `build` for workers",
                ));
            }
        }
        let settings = Settings {
            pace: self.pace(),
            virtual_time: self.deterministic,
            shuffled: self.deterministic && self.seed.is_some(),
            blocking: self.blocking("orion")?,
        };
        let seed = self.seed.or(self.deterministic.then_some(FIXED_SEED));
        let watch = Watch { at_once: self.deterministic, ..self.watch };
        Ok(LocalRuntime::new(LocalShared::new(settings), seed, watch))
    }

    /// What is said of the threads for blocking calls, and of the workers' name.
    fn blocking(&self, default_name: &'static str) -> io::Result<blocking::Settings> {
        let name = self.thread_name.clone().map_or(Cow::Borrowed(default_name), Cow::Owned);
        if name.contains('\0') {
            return Err(invalid("thread_name: a thread's name cannot contain a NUL character"));
        }
        if self.max_blocking_threads == 0 {
            return Err(invalid("max_blocking_threads(0): a blocking call needs at least one thread to run on"));
        }
        Ok(blocking::Settings { max: self.max_blocking_threads, name })
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
    LocalShared::new(Settings {
        pace: Pace { budget: DEFAULT_BUDGET, strict: false },
        virtual_time: false,
        shuffled: false,
        blocking: blocking::Settings { max: DEFAULT_BLOCKING, name: "orion".into() },
    })
}

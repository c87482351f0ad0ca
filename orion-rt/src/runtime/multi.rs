//! The runtime with workers.

use std::io;
use std::sync::Arc;

use super::builder::Builder;
use super::watch::Watch;
use super::{monitor, root};
use crate::debug::{Dump, Dumper};
use crate::scheduler::any::AnyShared;
use crate::scheduler::blocking::Settings;
use crate::scheduler::multi::{MultiShared, on_worker_of};
use crate::sys::MODELLED;
use crate::sys::thread::{Builder as ThreadBuilder, JoinHandle};
use crate::task::run::Pace;

/// Opt-in parallelism: worker threads that share the tasks of the roots run on it, and one more that looks for [deadlocks](crate::DeadlockPolicy)
/// and rests when they do.
///
/// Make one and keep it: [`run`](Runtime::run) borrows it, from as many threads as you like. [`start`](Runtime::start) is for roots that no
/// thread waits for.
///
/// ```
/// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
/// assert_eq!(runtime.run(async |s| s.spawn(async { 6 * 7 }).get().await), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Dropping it asks the roots that were [started](Runtime::start) to stop, waits for them and joins its threads; on one of
/// these it does not wait.
///
/// Rules: R2, R4, R5.
#[derive(Debug)]
pub struct Runtime {
    pub(crate) shared: Arc<MultiShared>,
    threads: Vec<JoinHandle<()>>,
}

impl Runtime {
    /// The settings, to build a runtime from; see [`Builder`].
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The means to take dumps from any thread, of a runtime that hangs, too.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(1).build()?;
    /// let dumper = runtime.dumper();
    /// let (started, has_started) = std::sync::mpsc::channel();
    /// let (looked, has_looked) = orion_rt::Chan::<()>::new(0).split();
    /// std::thread::spawn(move || {
    ///     has_started.recv().unwrap();
    ///     println!("{}", dumper.dump());
    ///     drop(looked);
    /// });
    /// runtime.run(async |s| {
    ///     s.task().name("waits for the look").go(async move {
    ///         started.send(()).unwrap();
    ///         has_looked.recv().await;
    ///     });
    /// });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rule: D5.
    #[must_use]
    pub fn dumper(&self) -> Dumper {
        Dumper::new(AnyShared::Multi(Arc::clone(&self.shared)))
    }

    /// Every live task of the roots that run now.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(1).build()?;
    /// assert!(runtime.dump().tasks().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rule: D5.
    #[must_use]
    pub fn dump(&self) -> Dump {
        self.dumper().dump()
    }

    pub(super) fn start_workers(
        n: usize,
        pace: Pace,
        seed: Option<u64>,
        blocking: Settings,
        watch: Watch,
    ) -> io::Result<Self> {
        let name = blocking.name.clone();
        let (shared, workers) = MultiShared::new(n, pace, seed, blocking);
        // Should a thread not start, dropping the runtime ends those that did.
        let mut runtime = Self { shared, threads: Vec::with_capacity(n) };
        for (i, worker) in workers.into_iter().enumerate() {
            let thread = ThreadBuilder::new().name(format!("{name}-{i}")).spawn(move || worker.run())?;
            runtime.threads.push(thread);
        }
        if !MODELLED && !watch.elsewhere {
            let watched = Arc::clone(&runtime.shared);
            let thread = ThreadBuilder::new().name(format!("{name}-watch"));
            runtime.threads.push(thread.spawn(move || monitor::run(&watched, &watch))?);
        }
        Ok(runtime)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // Whoever could wait for a root in `run` would borrow this runtime: those that are left were started.
        self.shared.roots.all().iter().for_each(root::stop);
        self.shared.shut_down();
        let waits = !on_worker_of(&self.shared) && !self.shared.blocking.is_here() && !monitor::is_here(&self.shared);
        for thread in self.threads.drain(..).filter(|_| waits) {
            // A worker does not panic: tasks and wakers are contained.
            let _ = thread.join();
        }
        // After the workers, for a task may still make a call while it is torn down.
        self.shared.blocking.close(waits);
    }
}

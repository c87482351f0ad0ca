//! Roots without a body, for clients that are not Rust: the C ABI's scheduler. Hidden: `orion-ffi` is its only user.
//!
//! A driver is a root whose body never ends by itself: tasks are spawned into it from outside, and somebody drives it
//! ([`LocalDriver`]) or its workers do ([`MultiDriver`]). Dropping a driver cancels its tasks and waits until they are gone.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::coop;
use crate::runtime::builder::{DEFAULT_BUDGET, default_local};
use crate::runtime::{Runtime, root};
use crate::scheduler::local::{self, LocalShared};
use crate::scheduler::multi::on_worker_of;
use crate::sys::thread;
use crate::task::current::{self, AnyTask};
use crate::task::header::{Extra, Header};
use crate::task::kind::{Count, Kind, Local, Multi};
use crate::task::owner::ORDINARY;
use crate::task::scope_ref::ScopeRef;

use super::Group;
use super::group::Spec;

/// What a drive ended with.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// The condition holds.
    Done,
    /// Nothing is runnable and no timer is pending: only another thread could change that.
    Idle,
}

/// A single-threaded scheduler that its thread drives as far as it wants.
#[derive(Debug)]
pub struct LocalDriver {
    shared: Arc<LocalShared>,
    core: ScopeRef<Local>,
}

impl LocalDriver {
    /// A driver for this thread.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        let shared = default_local();
        let core = root::local_core(&shared, Location::caller());
        shared.begin(core.root());
        shared.roots.add(core.as_ptr());
        Self { shared, core }
    }

    /// Starts a task.
    #[track_caller]
    pub fn spawn(&self, name: Option<&str>, future: impl Future<Output = ()> + 'static) {
        spawn(&self.core, name, future);
    }

    /// Runs tasks until `done`. With `park` it sleeps where nothing is runnable; without, it gives `Idle` once no timer is
    /// pending either.
    pub fn drive(&self, done: impl Fn() -> bool, park: bool) -> Drive {
        // The calling thread may be in a task's turn.
        let _lifted = coop::lift();
        let _timers = crate::time::enter(&self.shared.timers);
        let when_idle = if park { local::WhenIdle::Park } else { local::WhenIdle::Return };
        match self.shared.drive(done, when_idle) {
            local::Drive::Done => Drive::Done,
            local::Drive::Idle => Drive::Idle,
        }
    }

    /// Something that makes the driving thread look at `done` again, from any thread.
    pub fn bell(&self) -> impl Fn() + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.ring()
    }
}

impl Default for LocalDriver {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for LocalDriver {
    fn drop(&mut self) {
        crate::task::cancel::scope(&self.core).discard();
        self.core.end_activity(ORDINARY);
        let _lifted = coop::lift();
        let _timers = crate::time::enter(&self.shared.timers);
        let end = self.shared.drive(|| self.core.active.get() == 0, local::WhenIdle::Park);
        debug_assert_eq!(end, local::Drive::Done);
        self.shared.roots.remove(self.core.as_ptr());
        self.shared.end();
        self.shared.blocking.close(true);
    }
}

/// A scheduler with workers that run whatever is spawned.
#[derive(Debug)]
pub struct MultiDriver {
    core: ScopeRef<Multi>,
    runtime: Runtime,
}

impl MultiDriver {
    /// Starts `workers` threads.
    ///
    /// # Errors
    /// As `Builder::build`.
    #[track_caller]
    pub fn new(workers: usize) -> io::Result<Self> {
        let runtime = Runtime::builder().workers(workers).yield_budget(DEFAULT_BUDGET).watched_elsewhere().build()?;
        let core = root::multi_core(&runtime.shared, Location::caller());
        runtime.shared.roots.add(core.as_ptr());
        Ok(Self { core, runtime })
    }

    /// Starts a task.
    #[track_caller]
    pub fn spawn(&self, name: Option<&str>, future: impl Future<Output = ()> + Send + 'static) {
        spawn(&self.core, name, future);
    }

    /// Whether the calling thread is one of its workers.
    #[must_use]
    pub fn is_here(&self) -> bool {
        on_worker_of(&self.runtime.shared)
    }
}

impl Drop for MultiDriver {
    fn drop(&mut self) {
        crate::task::cancel::scope(&self.core).discard();
        self.core.wait_on_this_thread();
        self.core.end_activity(ORDINARY);
        while self.core.active.get() != 0 {
            thread::park();
        }
        self.runtime.shared.roots.remove(self.core.as_ptr());
    }
}

/// Starts `future` in the scope of the task this thread is polling. `Err`: it polls no orion task.
///
/// # Errors
/// The future comes back.
#[track_caller]
pub fn spawn_here<F: Future<Output = ()> + Send + 'static>(future: F) -> Result<(), F> {
    match current::get() {
        Some(AnyTask::Local(task)) => spawn_beside(task, future),
        Some(AnyTask::Multi(task)) => spawn_beside(task, future),
        None => Err(future),
    }
}

/// Starts `future` in the scope of `task`, which is being polled.
#[track_caller]
fn spawn_beside<K: Kind, F: Future<Output = ()> + 'static>(task: NonNull<Header<K>>, future: F) -> Result<(), F> {
    // SAFETY: a task that is being polled is alive.
    let scope = unsafe { task.as_ref() }.scope;
    // SAFETY: the scope of a task that is being polled is alive (header.rs, 7).
    let Some(core) = (unsafe { ScopeRef::upgrade(scope) }) else { return Err(future) };
    spawn(&core, None, future);
    Ok(())
}

#[track_caller]
fn spawn<K: Kind>(core: &ScopeRef<K>, name: Option<&str>, future: impl Future<Output = ()> + 'static) {
    let mut spec = Spec::here();
    if let Some(name) = name {
        Extra::of(&mut spec.extra).name = Some(name.into());
    }
    Group::new(core.clone()).go_any(spec, future);
}

//! The ways in: `run`, `LocalRuntime::run`, `Runtime::run`.

use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;

use crate::coop::Root;
use crate::debug::Deadlock;
use crate::runtime::builder::default_local;
use crate::runtime::root::{self, Outcome};
use crate::runtime::watch::Watch;
use crate::runtime::{LocalRuntime, Runtime};
use crate::scheduler::local::LocalShared;
use crate::task::kind::{Kind, Local, Multi};
use crate::util::contain::{contained, discard};

use super::Scope;
use super::root_scope::Home;

/// Runs `body` and every task it spawns on the calling thread; returns when all of them are gone.
///
/// No other thread is started but for [blocking calls](crate::Group::spawn_blocking), and futures need not be `Send`. Tasks may borrow whatever outlives the call, mutably too.
///
/// An `Err` that the body returns is a value like any other, for which the tasks go on: `?` does not end them. Around a body that is to
/// end them there is [`try_group`](crate::Group::try_group), and [`#[orion_rt::main]`](macro@crate::main) does.
///
/// # Panics
/// With the first panic of the body or a task, after all others have been cancelled and are gone. And from inside an orion
/// task: open a group there.
///
/// ```
/// let words = ["structured", "concurrency"];
/// let total: usize = orion_rt::run(async |s| {
///     let handles: Vec<_> = words.iter().map(|word| s.spawn(async move { word.len() })).collect();
///     let mut total = 0;
///     for handle in handles {
///         total += handle.join().await.unwrap();
///     }
///     total
/// });
/// assert_eq!(total, 21);
/// ```
///
/// Rules: R1, R3, R4, S1.
#[track_caller]
pub fn run<'env, F, T>(body: F) -> T
where
    F: for<'scope> AsyncFnOnce(&'scope Scope<'scope, 'env, Local>) -> T,
{
    root::forbid_nesting("run");
    let shared = default_local();
    let _close = Close(&shared);
    on_this_thread(&shared, None, &Watch::default(), body).raise()
}

/// Joins the threads that the blocking calls of a root have needed, also when its panic is raised (R1).
struct Close<'a>(&'a LocalShared);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.blocking.close(true);
    }
}

impl LocalRuntime {
    /// Runs `body` as a root of this runtime, as [`run`] does, with the settings of its builder.
    ///
    /// # Panics
    /// As [`run`] does.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().deterministic(true).build_local()?;
    /// runtime.run(async |_| orion_rt::sleep(std::time::Duration::from_secs(3600)).await); // takes no time
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: R1, R3, R4, S1.
    #[track_caller]
    pub fn run<'env, F, T>(&self, body: F) -> T
    where
        F: for<'scope> AsyncFnOnce(&'scope Scope<'scope, 'env, Local>) -> T,
    {
        root::forbid_nesting("LocalRuntime::run");
        on_this_thread(&self.shared, self.seed, &self.watch, body).raise()
    }

    /// As [`run`](Self::run), but a deadlock is returned: that of the body, or of tasks after its end.
    ///
    /// # Errors
    /// The deadlock that has ended the root.
    ///
    /// # Panics
    /// As [`run`] does.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().build_local()?;
    /// let stuck = runtime.try_run(async |s| s.chan::<u8>(0).recv().await);
    /// assert!(stuck.unwrap_err().to_string().starts_with("deadlock: a task waits"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rule: D1.
    #[track_caller]
    pub fn try_run<'env, F, T>(&self, body: F) -> Result<T, Deadlock>
    where
        F: for<'scope> AsyncFnOnce(&'scope Scope<'scope, 'env, Local>) -> T,
    {
        root::forbid_nesting("LocalRuntime::try_run");
        on_this_thread(&self.shared, self.seed, &self.watch, body).or_deadlock()
    }
}

impl Runtime {
    /// Runs `body` on the calling thread and the tasks it spawns on the workers; returns when all of them are gone.
    ///
    /// May be called from several threads at once: each call is a root of its own on the same workers. The body and its value
    /// need not be `Send`; the tasks do. An `Err` of the body ends no task, as with [`run`].
    ///
    /// # Panics
    /// With the first panic of the body or a task, after all others have been cancelled and are gone. And from inside an orion
    /// task: open a group there.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// let mut cells = [1, 2, 3, 4];
    /// runtime.run(async |s| {
    ///     for half in cells.chunks_mut(2) {
    ///         s.go(async move { half.iter_mut().for_each(|c| *c *= 10) });
    ///     }
    /// });
    /// assert_eq!(cells, [10, 20, 30, 40]);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rules: R2, R3, R4, S1.
    #[track_caller]
    pub fn run<'env, F, T>(&self, body: F) -> T
    where
        F: for<'scope> AsyncFnOnce(&'scope Scope<'scope, 'env, Multi>) -> T,
    {
        root::forbid_nesting("Runtime::run");
        self.root(body).raise()
    }

    /// As [`run`](Self::run), but a deadlock is returned: that of the body, or of tasks after its end.
    ///
    /// # Errors
    /// The deadlock that has ended the root.
    ///
    /// # Panics
    /// As [`run`](Self::run) does.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().workers(2).build()?;
    /// let stuck = runtime.try_run(async |s| s.chan::<u8>(0).recv().await);
    /// assert!(stuck.unwrap_err().to_string().starts_with("deadlock: a task waits"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rule: D1.
    #[track_caller]
    pub fn try_run<'env, F, T>(&self, body: F) -> Result<T, Deadlock>
    where
        F: for<'scope> AsyncFnOnce(&'scope Scope<'scope, 'env, Multi>) -> T,
    {
        root::forbid_nesting("Runtime::try_run");
        self.root(body).or_deadlock()
    }

    #[track_caller]
    fn root<'env, F, T>(&self, body: F) -> Ended<T>
    where
        F: for<'scope> AsyncFnOnce(&'scope Scope<'scope, 'env, Multi>) -> T,
    {
        let home = Home::new(root::multi_core(&self.shared, Location::caller()));
        // SAFETY: `multi` returns when every task is gone, and `home` is dropped after that; the body's future does not outlive
        // the call.
        let scope = unsafe { home.scope() };
        let outcome = root::multi(&self.shared, home.core(), &scope.chans, async move { body(scope).await });
        finish(home, outcome)
    }
}

#[track_caller]
fn on_this_thread<'env, F, T>(shared: &Arc<LocalShared>, seed: Option<u64>, watch: &Watch, body: F) -> Ended<T>
where
    F: for<'scope> AsyncFnOnce(&'scope Scope<'scope, 'env, Local>) -> T,
{
    let home = Home::new(root::local_core(shared, Location::caller()));
    // SAFETY: as in `Runtime::run`.
    let scope = unsafe { home.scope() };
    let outcome = root::local(shared, seed, home.core(), &scope.chans, watch, async move { body(scope).await });
    finish(home, outcome)
}

/// What a root has ended with.
struct Ended<T> {
    root: Root,
    outcome: Outcome<T>,
}

/// Frees the root's channels and drops what it kept; gives its outcome (R8, P1, J8).
fn finish<K: Kind, T>(home: Home<'_, K>, outcome: Outcome<T>) -> Ended<T> {
    let (root, ledger) = (home.core().root(), home.core().ledger().cloned());
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(home)));
    let outcome = match (outcome, dropped) {
        (Ok(value), Err(payload)) => {
            contained(|| drop(value));
            Err(payload)
        }
        (outcome, dropped) => {
            dropped.unwrap_or_else(discard);
            outcome
        }
    };
    Ended { root, outcome: root::raise_left_open(ledger.as_ref(), outcome) }
}

impl<T> Ended<T> {
    /// The value, or the panic. That of a deadlock tells, as no hook has seen it.
    fn raise(self) -> T {
        self.outcome.unwrap_or_else(|payload| {
            if let Some(deadlock) = payload.downcast_ref::<Deadlock>() {
                eprintln!("orion-rt: {deadlock}");
            }
            resume_unwind(payload)
        })
    }

    /// The same, but for a deadlock of the root itself, which is returned. (That of another may have been raised in a task.)
    fn or_deadlock(self) -> Result<T, Deadlock> {
        self.outcome.map_err(|payload| match payload.downcast::<Deadlock>() {
            Ok(deadlock) if deadlock.is_of(self.root) => *deadlock,
            Ok(deadlock) => resume_unwind(deadlock),
            Err(payload) => resume_unwind(payload),
        })
    }
}

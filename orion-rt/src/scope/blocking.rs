//! Blocking calls as tasks of a scope.

use crate::scheduler::blocking::Call;
use crate::task::kind::Kind;

use super::group::Spec;
use super::{Group, JoinHandle};

impl<'scope, K: Kind> Group<'scope, K> {
    /// Runs `f`, which may block its thread, on a thread for such calls, as a task of this scope.
    ///
    /// For file I/O, DNS, a `Mutex` of the standard library held for long, a long computation: whatever would keep a worker, or the
    /// one thread of [`run`](crate::run), from its other tasks. `f` may borrow what tasks may. The runtime starts a thread when a
    /// call finds none idle, up to [`max_blocking_threads`](crate::Builder::max_blocking_threads); calls run in the order in which
    /// their tasks had their first turn.
    ///
    /// A call that is cancelled before a thread has started it does not run: `f` is dropped, on a thread of the task's. One that has
    /// started cannot be stopped: it runs on, its scope waits for it, and its value is delivered all the same. What `f` has captured
    /// is dropped before the handle is ready. Inside `f` there is no current task, and another [`run`](crate::run) or
    /// [`Runtime::run`](crate::Runtime::run) is allowed; one on the same runtime needs a thread beside this call's if it makes
    /// blocking calls itself.
    ///
    /// # Panics
    /// The call panics, as a task does, with `f`'s panic; and if the system refuses the first thread.
    ///
    /// ```
    /// let text = String::from("borrowed from outside the root");
    /// orion_rt::run(async |s| {
    ///     let words = s.spawn_blocking(|| text.split(' ').count());
    ///     assert_eq!(words.await.unwrap(), 5);
    /// });
    /// ```
    ///
    /// Rules: S10, I2, R3, R4.
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, f: F) -> JoinHandle<'scope, T, K>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let spec = Spec::here();
        let call = Call::new(f, spec.location);
        self.spawn_any(spec, call)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use crate::{Runtime, TaskError};

    // S10: without any thread a call fails, and says why; its closure is dropped, not run.
    #[test]
    fn a_call_without_any_thread_panics() {
        let runtime = Runtime::builder().build_local().unwrap();
        runtime.shared.blocking.starve::<0>();
        let (ran, captured) = (AtomicUsize::new(0), std::sync::Arc::new(()));
        let inside = std::sync::Arc::clone(&captured);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            runtime.run(async |s| {
                let call = s.spawn_blocking(|| {
                    drop(inside);
                    ran.fetch_add(1, Ordering::Relaxed)
                });
                assert!(matches!(call.await, Err(TaskError::Panicked(_))));
            });
        }));
        let payload = caught.expect_err("the call's panic");
        let message = payload.downcast_ref::<String>().expect("a message");
        assert!(message.starts_with("spawn_blocking: ") && message.ends_with("starved"), "{message}");
        assert_eq!((ran.into_inner(), std::sync::Arc::strong_count(&captured)), (0, 1));
    }

    // S10: with one thread and no second, calls wait for the first.
    #[test]
    fn a_call_waits_for_a_thread_when_no_more_can_be_started() {
        let runtime = Runtime::builder().build_local().unwrap();
        runtime.shared.blocking.starve::<1>();
        let (open, gate) = mpsc::channel();
        let sum = runtime.run(async |s| {
            let first = s.spawn_blocking(move || gate.recv().unwrap());
            let others: Vec<_> = (0..5).map(|i| s.spawn_blocking(move || i)).collect();
            s.go(async move { open.send(100).unwrap() });
            let mut sum = first.await.unwrap();
            for other in others {
                sum += other.await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 110);
        assert_eq!(runtime.shared.blocking.outstanding(), 0);
    }
}

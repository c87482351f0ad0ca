//! The runtime without threads of its own.

use std::marker::PhantomData;
use std::sync::Arc;

use super::watch::Watch;
use crate::debug::Dumper;
use crate::scheduler::any::AnyShared;
use crate::scheduler::local::LocalShared;

/// A runtime that runs its roots on the calling thread. Made by [`Builder::build_local`](super::Builder::build_local).
///
/// [`run`](crate::run) without settings needs none. It may not leave its thread, nor may its tasks; their wakers may. Dropping it joins
/// the threads that blocking calls have needed.
///
/// ```
/// let runtime = orion_rt::Runtime::builder().strict(true).build_local()?;
/// assert_eq!(runtime.run(async |s| s.spawn(async { 6 * 7 }).get().await), 42);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Rule: R1.
#[derive(Debug)]
pub struct LocalRuntime {
    pub(crate) shared: Arc<LocalShared>,
    pub(crate) seed: Option<u64>,
    pub(crate) watch: Watch,
    _on_one_thread: PhantomData<*mut ()>,
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        self.shared.blocking.close(true);
    }
}

impl LocalRuntime {
    pub(crate) fn new(shared: Arc<LocalShared>, seed: Option<u64>, watch: Watch) -> Self {
        Self { shared, seed, watch, _on_one_thread: PhantomData }
    }

    /// The means to take dumps from any thread. It answers while its thread is in a `run`.
    ///
    /// ```
    /// let runtime = orion_rt::Runtime::builder().build_local()?;
    /// let dumper = runtime.dumper();
    /// runtime.run(async |_| assert!(dumper.dump().to_string().contains("'root'")));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// Rule: D5.
    #[must_use]
    pub fn dumper(&self) -> Dumper {
        Dumper::new(AnyShared::Local(Arc::clone(&self.shared)))
    }
}

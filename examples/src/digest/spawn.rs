//! One pipeline for both kinds of scope: all its tasks are `Send`, which `Local` does not ask for and `Multi` does.

use orion_rt::{Group, Join, Local, Multi, TaskError};

/// A scope of either kind.
pub(crate) trait Spawn<'scope> {
    /// What joins a task.
    type Join<T: Send + 'scope>: Future<Output = Result<T, TaskError>>;

    /// Starts a named task.
    #[track_caller]
    fn spawn<F>(&self, name: impl Into<String>, future: F) -> Self::Join<F::Output>
    where
        F: Future<Output: Send + 'scope> + Send + 'scope;

    /// Starts a named task that only the scope waits for.
    #[track_caller]
    fn go(&self, name: impl Into<String>, future: impl Future<Output = ()> + Send + 'scope);

    /// Asks all tasks of the scope to stop.
    fn cancel(&self);
}

macro_rules! spawn_on {
    ($($kind:ty),*) => {$(
        impl<'scope> Spawn<'scope> for Group<'scope, $kind> {
            type Join<T: Send + 'scope> = Join<'scope, T, $kind>;

            #[track_caller]
            fn spawn<F>(&self, name: impl Into<String>, future: F) -> Self::Join<F::Output>
            where
                F: Future<Output: Send + 'scope> + Send + 'scope,
            {
                self.task().name(name.into()).spawn(future).join()
            }

            #[track_caller]
            fn go(&self, name: impl Into<String>, future: impl Future<Output = ()> + Send + 'scope) {
                self.task().name(name.into()).go(future);
            }

            fn cancel(&self) {
                Group::cancel(self);
            }
        }
    )*};
}

spawn_on!(Local, Multi);

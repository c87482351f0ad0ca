//! `Runtime`, on worker threads.

use orion_rt::{Group, JoinHandle, Multi, Runtime, Scope, TaskError, yield_now};

use crate::capability::{Mode, Tasks};

/// A group of the root scope.
#[derive(Clone)]
pub struct OnRuntime(Group<'static, Multi>);

impl OnRuntime {
    fn erase(scope: &Scope<'_, '_, Multi>) -> Self {
        let group = Group::<Multi>::clone(scope);
        // SAFETY: only a lifetime changes; invariants 1 and 2 of `super`, upheld by the workloads and the runtime.
        Self(unsafe { std::mem::transmute::<Group<'_, Multi>, Group<'static, Multi>>(group) })
    }
}

impl Tasks for OnRuntime {
    type Handle = JoinHandle<'static, u64, Multi>;
    type Joined = Result<u64, TaskError>;

    fn enter<F, Fut>(mode: Mode, body: F) -> Fut::Output
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        let runtime = Runtime::builder().workers(mode.threads()).build().expect("the runtime starts its threads");
        runtime.run(async |s: &Scope<'_, '_, Multi>| s.spawn(body(Self::erase(s))).get().await)
    }

    fn spawn<F: Future<Output = u64> + Send + 'static>(&self, task: F) -> Self::Handle {
        self.0.spawn(task)
    }

    fn join(handle: Self::Handle) -> impl Future<Output = Self::Joined> + Send {
        handle.join()
    }

    fn output(joined: Self::Joined) -> u64 {
        joined.expect("the task does not panic")
    }

    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        yield_now()
    }
}

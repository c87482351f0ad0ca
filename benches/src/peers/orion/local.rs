//! `run`, on the calling thread.
//!
//! The workloads are written for runtimes that move tasks between threads, so they ask for `Send`. What belongs to a
//! `run` is not `Send`; [`Stays`] says so in its stead, which is sound because nothing leaves the thread (invariant 3 of
//! the parent module).

use std::pin::Pin;
use std::task::{Context, Poll};

use orion_rt::{Group, JoinHandle, Local, Scope, TaskError, run, yield_now};
use pin_project_lite::pin_project;

use crate::capability::{Mode, Tasks};

pin_project! {
    /// A value that stays on the thread of its `run`.
    #[derive(Clone)]
    pub struct Stays<T> {
        #[pin]
        value: T,
    }
}

// SAFETY: made by `OnRun` only, whose values never leave the thread of their `run` (invariant 3 of the parent module).
unsafe impl<T> Send for Stays<T> {}
// SAFETY: as above: a reference does not reach another thread either.
unsafe impl<T> Sync for Stays<T> {}

impl<F: Future> Future for Stays<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().value.poll(cx)
    }
}

/// A group of the root scope.
#[derive(Clone)]
pub struct OnRun(Stays<Group<'static, Local>>);

impl OnRun {
    fn erase(scope: &Scope<'_, '_, Local>) -> Self {
        let group = Group::<Local>::clone(scope);
        // SAFETY: only a lifetime changes; invariants 1 and 2 of the parent module, upheld by workloads and runtime.
        let value = unsafe { std::mem::transmute::<Group<'_, Local>, Group<'static, Local>>(group) };
        Self(Stays { value })
    }
}

impl Tasks for OnRun {
    type Handle = Stays<JoinHandle<'static, u64, Local>>;
    type Joined = Result<u64, TaskError>;

    fn enter<F, Fut>(mode: Mode, body: F) -> Fut::Output
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        assert_eq!(mode, Mode::Run, "a Runtime has an adapter of its own");
        run(async |s: &Scope<'_, '_, Local>| s.spawn(body(Self::erase(s))).get().await)
    }

    fn spawn<F: Future<Output = u64> + Send + 'static>(&self, task: F) -> Self::Handle {
        Stays { value: self.0.value.spawn(task) }
    }

    fn join(handle: Self::Handle) -> impl Future<Output = Self::Joined> + Send {
        Stays { value: handle.value.join() }
    }

    fn output(joined: Self::Joined) -> u64 {
        joined.expect("the task does not panic")
    }

    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        Stays { value: yield_now() }
    }
}

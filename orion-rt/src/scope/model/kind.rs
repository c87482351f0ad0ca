//! The kind of scope that models use: `Multi`'s locks and words, and a scheduler that is one queue behind a lock.

use std::collections::VecDeque;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crate::coop::Root;
use crate::sys::Mutex;
use crate::sys::atomic::{AtomicUsize, Ordering};
use crate::task::child::Child;
use crate::task::current::AnyTask;
use crate::task::header::Header;
use crate::task::kind::{Alarm, Kind, Schedule, Sealed, release_arc, retain_arc};
use crate::task::owner::ScopeCore;
use crate::task::run::{Pace, Turn};
use crate::task::state_multi::MultiState;
use crate::task::waker::{self, Tables};

/// See the module.
#[derive(Debug)]
pub(super) enum Modelled {}

/// How its tasks take their turns.
pub(super) const PACE: Pace = Pace { budget: 0, strict: false };

static WAKERS: Tables = waker::tables::<Modelled>();

impl Kind for Modelled {}

impl Sealed for Modelled {
    type Lock<T> = Mutex<T>;
    type Count = AtomicUsize;
    type State = MultiState;
    type Shared = Queue;
    type Link = Root;
    type Child<'a> = Pin<Box<dyn Child + Send + 'a>>;

    fn link(scope: &ScopeCore<Self>) -> Root {
        scope.root()
    }

    fn root_of(task: &Header<Self>) -> Root {
        task.link
    }

    fn waker_tables() -> &'static Tables {
        &WAKERS
    }

    fn only(task: AnyTask) -> Option<NonNull<Header<Self>>> {
        match task {
            // Every task of a model is one of these.
            AnyTask::Multi(task) => Some(task.cast()),
            AnyTask::Local(_) => None,
        }
    }

    fn any(task: NonNull<Header<Self>>) -> AnyTask {
        // To be given back by `only`; nobody looks behind it meanwhile.
        AnyTask::Multi(task.cast())
    }
}

/// The scheduler: whoever wants to be a worker for a while calls [`Queue::run`].
pub(crate) struct Queue {
    tasks: Mutex<VecDeque<NonNull<Header<Modelled>>>>,
    /// Counted when a task is in the queue, where `Multi`'s scheduler looks for a worker to wake.
    pushed: AtomicUsize,
    requests: AtomicUsize,
}

impl Queue {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            tasks: Mutex::new(VecDeque::new()),
            pushed: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
        })
    }

    /// Runs tasks until none is queued.
    pub(super) fn run(&self) {
        while let Some(task) = self.pop() {
            // SAFETY: just taken out of the queue, by this thread.
            if unsafe { PACE.step(task) } == Turn::Requeue {
                self.schedule(task);
            }
        }
    }

    /// Runs `n` tasks that are queued.
    pub(super) fn run_some(&self, n: usize) {
        for _ in 0..n {
            let task = self.pop().expect("a task is queued");
            // SAFETY: as above.
            assert_eq!(unsafe { PACE.step(task) }, Turn::Gone);
        }
    }

    fn pop(&self) -> Option<NonNull<Header<Modelled>>> {
        self.tasks.lock().pop_front()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // Loom tries two steps in either order only if they touch the same thing: here it is told that a count may come late.
        let _ = self.pushed.load(Ordering::Relaxed);
        assert_eq!(self.requests.load(Ordering::Relaxed), 0, "a request outlives its scheduler");
    }
}

impl Schedule<Modelled> for Queue {
    fn schedule(&self, task: NonNull<Header<Modelled>>) {
        self.tasks.lock().push_back(task);
        self.pushed.fetch_add(1, Ordering::Relaxed);
    }

    fn schedule_body(&self, body: NonNull<Header<Modelled>>, root: NonNull<ScopeCore<Modelled>>) {
        // SAFETY: the body has just been scheduled, promised by the caller.
        if !unsafe { ScopeCore::wake_body(root) } {
            self.schedule(body);
        }
    }

    fn shard(&self, _: usize) -> usize {
        0
    }

    fn is_owner(&self) -> bool {
        true
    }

    fn wake_remotely(&self, _: NonNull<Header<Modelled>>) -> Result<(), NonNull<Header<Modelled>>> {
        unreachable!("every thread is an owner")
    }

    fn begin_request(&self, _: Root) {
        self.requests.fetch_add(1, Ordering::AcqRel);
    }

    fn end_request(&self, _: Root) {
        self.requests.fetch_sub(1, Ordering::Release);
    }

    fn alarm(&self, _: Duration, _: &Waker) -> Alarm {
        unreachable!("no scope of a model has a deadline")
    }

    unsafe fn retain(shared: NonNull<Self>) {
        // SAFETY: promised by the caller; a `Queue` is always in an `Arc`.
        unsafe { retain_arc(shared) };
    }

    unsafe fn release(shared: NonNull<Self>) {
        // SAFETY: promised by the caller.
        unsafe { release_arc(shared) };
    }
}

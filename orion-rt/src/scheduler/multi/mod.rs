//! The work-stealing scheduler: a queue per worker, one injector for everybody else, stealing, sleeping (R2).
//!
//! ```text
//!   woken on a worker ──> LIFO slot ──displaced──> own deque (FIFO) <──steal── other workers
//!   woken elsewhere ────> injector ──batch──> a worker's deque
//!   yielded ────────────> own deque's tail
//! ```
//!
//! A worker looks at its LIFO slot, its deque, the injector, then at the others; every 61 turns it looks at the injector and
//! the timers first (Y4). Who sleeps and who is woken is `sleep`'s matter. Beside the tasks there are the closures of `fork_join`:
//! see `fork`.

mod fork;
mod rest;
mod sleep;
mod worker;

use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crossbeam_deque::{Injector, Stealer};
use crossbeam_utils::CachePadded;

use crate::coop::{self, Root};
use crate::sys::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use crate::sys::thread::{self, Thread};
use crate::sys::{Mutex, OnceLock};
use crate::task::child::Child;
use crate::task::current::AnyTask;
use crate::task::header::Header;
use crate::task::kind::{Alarm, Multi, Schedule, Sealed, release_arc, retain_arc};
use crate::task::owner::ScopeCore;
use crate::task::run::Pace;
use crate::task::state_multi::MultiState;
use crate::task::waker::Tables;
use crate::time::{Clock, Timers};

use super::Roots;
use super::blocking::{Blocking, Settings};
use fork::ForkRef;
use rest::Rest;
use sleep::Sleepers;
use worker::Deques;

pub use fork::fork_join;
pub(crate) use worker::{Worker, on_worker_of};

/// Among how many counts the requests to stop of the roots are spread.
const REQUESTS: usize = 64;

/// A scheduled task in a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Runnable(NonNull<Header<Multi>>);

// SAFETY: a `Multi` task moves between threads: its future is `Send`, its header's fields are shared as `header` says.
unsafe impl Send for Runnable {}

/// See the module.
pub struct MultiShared {
    injector: Injector<Runnable>,
    peers: Box<[CachePadded<Peer>]>,
    /// By worker: the root of the task whose turn it is, all that comes of its end included; `Root::NONE` between turns.
    turns: Box<[CachePadded<AtomicU64>]>,
    /// How many requests to stop are under way, those of some of the roots together.
    requests: [AtomicUsize; REQUESTS],
    sleepers: Sleepers,
    /// The workers that wait for a fork of theirs and take only others' forks meanwhile.
    helpers: Sleepers,
    keeper: AtomicUsize,
    pace: Pace,
    seed: Option<u64>,
    shutdown: AtomicBool,
    /// Roots that no thread waits for.
    started: AtomicUsize,
    pub(crate) timers: Arc<Timers>,
    pub(crate) blocking: Blocking,
    pub(crate) rest: Rest,
    pub(crate) roots: Roots<Multi>,
}

/// What others know of a worker.
struct Peer {
    stealer: Stealer<Runnable>,
    forks: Stealer<ForkRef>,
    thread: OnceLock<Thread>,
    token: AtomicBool,
}

/// No worker keeps the timers.
const NOBODY: usize = usize::MAX;

impl std::fmt::Debug for MultiShared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MultiShared").field("workers", &self.peers.len()).finish_non_exhaustive()
    }
}

impl MultiShared {
    /// A scheduler and its `n` workers, each to be run on a thread of its own.
    pub(crate) fn new(n: usize, pace: Pace, seed: Option<u64>, blocking: Settings) -> (Arc<Self>, Vec<Worker>) {
        let deques: Vec<_> = (0..n).map(|_| Deques::new()).collect();
        let shared = Arc::new_cyclic(|me: &std::sync::Weak<Self>| {
            let me = me.clone();
            Self {
                injector: Injector::new(),
                peers: deques.iter().map(|deques| CachePadded::new(Peer::new(deques))).collect(),
                turns: (0..n).map(|_| CachePadded::new(AtomicU64::new(Root::NONE.number()))).collect(),
                requests: std::array::from_fn(|_| AtomicUsize::new(0)),
                sleepers: Sleepers::new(n),
                helpers: Sleepers::new(n),
                keeper: AtomicUsize::new(NOBODY),
                pace,
                seed,
                shutdown: AtomicBool::new(false),
                started: AtomicUsize::new(0),
                timers: Timers::new(Clock::System, move || {
                    if let Some(shared) = me.upgrade() {
                        shared.rouse_keeper();
                    }
                }),
                blocking: Blocking::new(blocking),
                rest: Rest::new(),
                roots: Roots::new(),
            }
        });
        let workers = deques.into_iter().enumerate().map(|(i, deques)| Worker::new(Arc::clone(&shared), i, deques));
        let workers = workers.collect();
        (shared, workers)
    }

    pub(crate) fn workers(&self) -> usize {
        self.peers.len()
    }

    /// How its tasks take their turns.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// Tells the workers to stop as soon as they find nothing to do and no started root is left.
    pub(crate) fn shut_down(&self) {
        self.shutdown.store(true, Ordering::SeqCst);
        self.rouse_all();
    }

    /// A root that no thread waits for begins.
    pub(crate) fn begin_started(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    /// Such a root has ended.
    pub(crate) fn end_started(&self) {
        // SeqCst, as `shutdown`: the last of the two to be written is seen by whoever wrote it.
        if self.started.fetch_sub(1, Ordering::SeqCst) == 1 && self.shutdown.load(Ordering::SeqCst) {
            self.rouse_all();
        }
    }

    fn rouse_all(&self) {
        self.peers.iter().for_each(|peer| peer.unpark());
        self.rest.end();
    }

    /// Whether some worker is in a turn of a task of `root`. What a turn does, it has done for whoever is told that there is none.
    pub(crate) fn is_in_turn_of(&self, root: Root) -> bool {
        self.turns.iter().any(|turn| turn.load(Ordering::Acquire) == root.number())
    }

    /// Whether a request to stop is under way in `root`, which has not reached yet all that it will.
    pub(crate) fn has_requests(&self, root: Root) -> bool {
        self.requests_of(root).load(Ordering::Acquire) != 0
    }

    fn requests_of(&self, root: Root) -> &AtomicUsize {
        &self.requests[root.number() as usize % REQUESTS]
    }

    /// Whether no worker is awake.
    pub(crate) fn all_sleep(&self) -> bool {
        self.sleepers.all_sleep()
    }

    /// Whether the workers are to end.
    pub(crate) fn is_over(&self) -> bool {
        self.shutdown.load(Ordering::SeqCst) && self.started.load(Ordering::SeqCst) == 0
    }

    /// Work was put where any worker can take it: wakes one if none is looking already.
    fn notify(&self) {
        if let Some(i) = self.sleepers.pick() {
            self.peers[i].unpark();
        }
    }

    /// A fork was put where any worker can take it: wakes one that is idle, or one that waits for a fork of its own.
    fn notify_forks(&self) {
        if let Some(i) = self.sleepers.pick().or_else(|| self.helpers.pick()) {
            self.peers[i].unpark();
        }
    }

    /// There is an earlier timer: the worker that sleeps until the next one has to look again; if there is none, one does.
    fn rouse_keeper(&self) {
        fence(Ordering::SeqCst);
        match self.keeper.load(Ordering::SeqCst) {
            NOBODY => self.notify(),
            keeper => self.peers[keeper].unpark(),
        }
    }
}

impl Peer {
    fn new(deques: &Deques) -> Self {
        let (stealer, forks) = (deques.tasks.stealer(), deques.forks.stealer());
        Self { stealer, forks, thread: OnceLock::new(), token: AtomicBool::new(false) }
    }

    /// This thread is the worker.
    fn start(&self) {
        let _ = self.thread.set(thread::current());
        // With the fence in `unpark`: either the unparker finds the thread, or the worker finds the token before it parks.
        fence(Ordering::SeqCst);
    }

    fn unpark(&self) {
        self.token.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

impl Sealed for Multi {
    type Lock<T> = Mutex<T>;
    type Count = AtomicUsize;
    type State = MultiState;
    type Shared = MultiShared;
    type Link = Root;
    type Child<'a> = Pin<Box<dyn Child + Send + 'a>>;

    fn link(scope: &ScopeCore<Self>) -> Root {
        scope.root()
    }

    fn root_of(task: &Header<Self>) -> Root {
        task.link
    }

    fn waker_tables() -> &'static Tables {
        &crate::task::waker::MULTI
    }

    fn only(task: AnyTask) -> Option<NonNull<Header<Self>>> {
        match task {
            AnyTask::Multi(task) => Some(task),
            AnyTask::Local(_) => None,
        }
    }

    fn any(task: NonNull<Header<Self>>) -> AnyTask {
        AnyTask::Multi(task)
    }
}

impl Schedule<Multi> for MultiShared {
    fn schedule(&self, task: NonNull<Header<Multi>>) {
        let pushed = worker::with_current(self, |worker| worker.push(Runnable(task), coop::wakes_to_tail()));
        if pushed.is_none() {
            self.injector.push(Runnable(task));
            self.notify();
        }
    }

    fn schedule_body(&self, body: NonNull<Header<Multi>>, root: NonNull<ScopeCore<Multi>>) {
        // SAFETY: the body has just been scheduled, promised by the caller.
        if !unsafe { ScopeCore::wake_body(root) } {
            self.schedule(body);
        }
    }

    fn shard(&self, shards: usize) -> usize {
        worker::with_current(self, Worker::index).map_or(0, |i| i + 1).min(shards - 1)
    }

    fn is_owner(&self) -> bool {
        true
    }

    fn wake_remotely(&self, task: NonNull<Header<Multi>>) -> Result<(), NonNull<Header<Multi>>> {
        debug_assert!(false, "every thread is an owner");
        Err(task)
    }

    fn begin_request(&self, root: Root) {
        self.requests_of(root).fetch_add(1, Ordering::AcqRel);
    }

    fn end_request(&self, root: Root) {
        self.requests_of(root).fetch_sub(1, Ordering::Release);
    }

    fn alarm(&self, after: Duration, waker: &Waker) -> Alarm {
        crate::time::alarm(&self.timers, after, waker)
    }

    unsafe fn retain(shared: NonNull<Self>) {
        // SAFETY: promised by the caller; a `MultiShared` is always in an `Arc`.
        unsafe { retain_arc(shared) };
    }

    unsafe fn release(shared: NonNull<Self>) {
        // SAFETY: promised by the caller.
        unsafe { release_arc(shared) };
    }
}

//! Whole programs on runtimes with workers, under shuttle: every lock, atomic operation, park and wake-up of the runtime is a
//! point at which another thread may go on, and the model chooses who does, at random and by priorities that change a few
//! times (PCT). What happened is replayed from the schedule that a failure prints.
//!
//! ```text
//!   RUSTFLAGS='--cfg shuttle' cargo test --release --package orion-rt --lib scenarios
//!   ORION_SCENARIO_RUNS=100000 ..       more of each
//! ```
//!
//! A hang is a failure ("deadlock"), and so is a use of freed memory (`sys::quarantine`). Panics of tasks are raised without
//! the panic hook, which would print a schedule for each; so one that the hook sees is a failure, also where the runtime
//! contains it.

mod blocking;
mod channels;
mod deadlines;
mod deadlocks;
mod failing;
mod group_timeouts;
mod groups;
mod intervals;
mod join_sets;
mod joins;
mod local_groups;
mod roots;
mod scope_channels;
mod started;
mod task_locals;
mod timers;
mod trying;
mod wakers;

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::AtomicBool;
use shuttle::{Config, Runner, thread};

use crate::Runtime;
use crate::util::rng;

/// Executions of a program under each scheduler.
const RUNS: usize = 1000;
/// Changes of priority per execution under PCT.
const DEPTH: usize = 3;

const MS: Duration = Duration::from_millis(1);

/// Runs `program` under many schedules.
fn explore(program: impl Fn() + Send + Sync + 'static) {
    let runs = std::env::var("ORION_SCENARIO_RUNS").map_or(RUNS, |n| n.parse().expect("a number of runs"));
    let program = Arc::new(program);
    watch_panics();
    run_under(RandomScheduler::new(runs), Arc::clone(&program));
    run_under(PctScheduler::new(DEPTH, runs), program);
}

fn run_under(scheduler: impl Scheduler + 'static, program: Arc<impl Fn() + Send + Sync + 'static>) {
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(move || {
        rng::reseed(thread_rng().r#gen());
        program();
        assert!(!PANICKED.replace(false), "a panic was contained");
    });
}

std::thread_local! {
    /// Whether the panic hook was called. The threads of an execution are coroutines on this thread of the system.
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

fn watch_panics() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICKED.set(true);
            before(info);
        }));
    });
}

/// A runtime whose choices are part of the schedule.
fn runtime(workers: usize) -> Runtime {
    let seed = thread_rng().r#gen();
    Runtime::builder().workers(workers).seed(seed).build().expect("threads start")
}

/// A number below `bound`, part of the schedule.
fn choose(bound: u32) -> u32 {
    thread_rng().gen_range(0..bound)
}

/// Counts values that are alive. Its operations are no steps of the model: it watches.
#[derive(Default)]
struct Census {
    alive: AtomicIsize,
    born: AtomicUsize,
}

impl Census {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    fn enter(self: &Arc<Self>, id: usize) -> Counted {
        self.alive.fetch_add(1, Ordering::Relaxed);
        self.born.fetch_add(1, Ordering::Relaxed);
        Counted { id, census: Arc::clone(self) }
    }

    fn alive(&self) -> isize {
        self.alive.load(Ordering::Relaxed)
    }

    fn born(&self) -> usize {
        self.born.load(Ordering::Relaxed)
    }

    /// Every value was dropped, once.
    fn assert_empty(&self) {
        assert_eq!(self.alive(), 0, "of {} values", self.born());
    }
}

/// A value in a [`Census`] until it is dropped.
struct Counted {
    id: usize,
    census: Arc<Census>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let before = self.census.alive.fetch_sub(1, Ordering::Relaxed);
        assert!(before > 0, "a value was dropped twice");
    }
}

/// Something a foreign thread does, and the wakers of those who wait for it.
#[derive(Default)]
struct Event {
    happened: AtomicBool,
    waiting: Mutex<Vec<Waker>>,
}

impl Event {
    /// Waits, and leaves a waker behind with every poll.
    async fn wait(self: Arc<Self>) {
        poll_fn(|cx| {
            self.waiting.lock().unwrap().push(cx.waker().clone());
            if self.happened.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Lets it happen. The wakers stay; those left are used once more.
    fn happen(&self) {
        self.happened.store(true, Ordering::SeqCst);
        self.wake();
        self.wake();
    }

    fn wake(&self) {
        let waiting: Vec<_> = self.waiting.lock().unwrap().clone();
        waiting.iter().for_each(Waker::wake_by_ref);
    }
}

fn happens_elsewhere(event: &Arc<Event>) -> thread::JoinHandle<()> {
    let event = Arc::clone(event);
    thread::spawn(move || event.happen())
}

/// A future whose type is forgotten: rustc does not see that an async function over a group's is `Send`.
type Boxed<'a, T = ()> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Polls `future` at most `polls` times, turn after turn, and drops it.
async fn at_most<F: Future + Unpin>(polls: u32, mut future: F) -> Option<F::Output> {
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match Pin::new(&mut future).poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    })
    .await
}

/// Polls `future` once, in the task that runs now.
async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx: &mut Context<'_>| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Yields `n` times.
async fn turns(n: u32) {
    for _ in 0..n {
        crate::yield_now().await;
    }
}

/// Never returns.
async fn for_ever() {
    std::future::pending::<()>().await;
}

/// Panics with `what`, past the hook.
fn raise(what: &'static str) -> ! {
    std::panic::resume_unwind(Box::new(what))
}

/// What `f` panics with.
fn payload_of<T>(f: impl FnOnce() -> T) -> Option<&'static str> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).err()?;
    Some(caught.downcast_ref::<&'static str>().copied().unwrap_or("another payload"))
}

//! The job between its task and a thread of the pool: a request to stop against the start, the end against a poll. And the pool's
//! threads as they are: a call against a thread that goes to rest, rests, or leaves.
//!
//! The value is a cell that loom watches, and the task touches it, and the waker's, as soon as it may free them: a thread of the
//! pool that comes later is a reported race. Time goes on when a thread waits by it (`sys::clock`), so one that rests leaves in the
//! next step unless it is called; a call that no thread runs is a deadlock, which loom reports.

use std::ptr::NonNull;
use std::task::{Wake, Waker};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::job::{Job, Queue};
use super::pool::{self, Pool, Settings};
use super::state::{Look, Withdraw};
use crate::sys::{Mutex, thread as parking};

/// A call with its closure: `value` counts its runs.
#[repr(C)]
struct Model {
    job: Job,
    value: UnsafeCell<u32>,
    queue: Mutex<Queue>,
}

// SAFETY: what the models are to show.
unsafe impl Send for Model {}
// SAFETY: as above.
unsafe impl Sync for Model {}

unsafe fn run(job: NonNull<Job>) {
    // SAFETY: the job is the first field of a `Model`.
    let model = unsafe { job.cast::<Model>().as_ref() };
    // A closure takes its time: others have a step here.
    thread::yield_now();
    model.touch();
}

/// Counts wake-ups.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl Model {
    fn new() -> Arc<Self> {
        Arc::new(Self { job: Job::new(run), value: UnsafeCell::new(0), queue: Mutex::new(Queue::new()) })
    }

    fn submitted(bell: &std::sync::Arc<Bell>) -> Arc<Self> {
        let model = Self::new();
        let job = NonNull::from(&*model).cast();
        // SAFETY: in an `Arc`, and over before that goes.
        unsafe { model.queue.lock().push(job, Waker::from(std::sync::Arc::clone(bell))) };
        model
    }

    fn touch(&self) {
        // SAFETY: loom reports it if the state let two threads in.
        self.value.with_mut(|value| unsafe { *value += 1 });
    }

    /// A thread of the pool.
    fn work(&self) {
        let job = self.queue.lock().pop();
        if let Some(job) = job {
            job.run();
        }
    }

    fn runs(&self) -> u32 {
        // SAFETY: as in `touch`.
        self.value.with(|value| unsafe { *value })
    }

    /// The task, once it has seen the end: it frees what the call was made of.
    fn free(&self) {
        self.touch();
        drop(self.job.take_waker());
    }
}

// S10: the task sees the value when it sees the end, is woken for it, and may free everything then.
#[test]
fn model_the_end_of_a_call_is_the_pools_last_touch() {
    loom::model(|| {
        let bell = std::sync::Arc::new(Bell::default());
        let model = Model::submitted(&bell);
        let pool = thread::spawn({
            let model = Arc::clone(&model);
            move || model.work()
        });
        // A poll at any time, by whatever woke the task.
        let woken = bell.0.load(Ordering::Acquire) > 0;
        let early = model.job.look() == Look::Done;
        assert!(early || !woken, "a task that is woken finds the end");
        if early {
            assert_eq!(model.runs(), 1);
            model.free();
        }
        pool.join().unwrap();
        assert_eq!(model.job.look(), Look::Done);
        assert_eq!(bell.0.load(Ordering::Acquire), 1, "a task is woken for the end");
        if !early {
            assert_eq!(model.runs(), 1);
        }
    });
}

// S10: a request to stop and the start of the call: one of them wins.
#[test]
fn model_a_call_is_withdrawn_or_runs() {
    loom::model(|| {
        let bell = std::sync::Arc::new(Bell::default());
        let model = Model::submitted(&bell);
        let pool = thread::spawn({
            let model = Arc::clone(&model);
            move || model.work()
        });
        // SAFETY: queued there.
        let answer = unsafe { model.queue.lock().withdraw(&model.job) };
        if answer == Withdraw::Withdrawn {
            model.free();
        }
        pool.join().unwrap();
        let expected = if answer == Withdraw::Withdrawn { (Look::Withdrawn, 0) } else { (Look::Done, 1) };
        assert_eq!((model.job.look(), bell.0.load(Ordering::Acquire)), expected);
        assert_eq!(model.runs(), 1, "freed unrun, or run");
    });
}

/// Wakes the thread that waits for a call.
struct Caller(parking::Thread);

impl Wake for Caller {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

/// Makes a call and waits for its end, as a task does.
fn call(pool: &std::sync::Arc<Pool>) {
    let model = Model::new();
    let (job, waker) = (NonNull::from(&*model).cast(), Waker::from(std::sync::Arc::new(Caller(parking::current()))));
    // SAFETY: in an `Arc`, and over before that goes.
    pool.submit(|queue| unsafe { queue.push(job, waker) });
    while model.job.look() == Look::Waiting {
        parking::park();
    }
    pool.settled();
    assert_eq!((model.job.look(), model.runs()), (Look::Done, 1));
    model.free();
}

/// Explores `program` with a pool of at most `max` threads, which is closed after it.
fn with_pool(max: usize, program: fn(&std::sync::Arc<Pool>)) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let pool = Pool::new(Settings { max, name: "model".into() }, pool::start);
        program(&pool);
        assert_eq!(pool.outstanding(), 0);
        pool.close(true);
    });
}

// S10: a call that comes while the only thread is about to rest, rests, or leaves. It is run, and the threads end.
#[test]
fn model_a_thread_rests_or_leaves_while_a_call_comes() {
    with_pool(1, |pool| (0..2).for_each(|_| call(pool)));
}

// S10: two calls at the same time for one thread, after which that rests or leaves.
#[test]
fn model_two_calls_come_for_one_thread() {
    with_pool(1, |pool| {
        let other = thread::spawn({
            let pool = std::sync::Arc::clone(pool);
            move || call(&pool)
        });
        call(pool);
        other.join().unwrap();
    });
}

//! The threads that run blocking calls.
//!
//! ```text
//!   submit ──> queue ──┬── an idle thread: call it
//!                      ├── fewer threads than `max`: start one
//!                      └── else it waits for the first thread that is done with its job
//!   thread:  next job, else rest for ten seconds, else leave
//! ```
//!
//! Invariants
//! 1. `live` counts the threads that are there or about to be started. A queued job is seen by one of them: each looks at the queue
//!    before it rests, under the lock under which a job is queued.
//! 2. A thread is in `idle` from when it rests until it is called or leaves. Whoever takes it out calls it, or it is itself.
//! 3. A thread's handle is in `Threads` before the thread can look for it there: it is started under that lock.
//! 4. No user code runs under a lock. `state` is never taken while `threads` is held, nor the other way round.
//!
//! Rejected: a condition variable (which of the idle threads wakes is its choice; the last to rest has the warmest caches, and lets
//! the others leave); starting threads under the queue's lock (every worker would wait for the system).

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::sys::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sys::thread::{self, JoinHandle, Thread};
use crate::sys::{Mutex, clock, thread_local};

use super::job::{Queue, Taken};

/// How long a thread rests before it leaves.
const LINGER: Duration = Duration::from_secs(10);

/// How a pool is to be.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The most threads at a time, at least 1.
    pub(crate) max: usize,
    /// The threads are called `{name}-blocking-{i}`.
    pub(crate) name: Cow<'static, str>,
}

/// Starts a thread; a test's may refuse to.
pub(super) type Starter = fn(String, Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>;

/// Starts a thread of the system.
pub(super) fn start(name: String, f: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name).spawn(f)
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Pool {
    settings: Settings,
    starter: Starter,
    outstanding: AtomicUsize,
    state: Mutex<State>,
    threads: Mutex<Threads>,
}

#[derive(Debug)]
struct State {
    jobs: Queue,
    idle: Vec<Arc<Seat>>,
    live: usize,
    closing: bool,
    refusal: Option<Arc<str>>,
}

/// The threads that are to be joined.
#[derive(Debug, Default)]
struct Threads {
    started: usize,
    handles: Vec<(usize, JoinHandle<()>)>,
    /// The last that left, joined by the next that does.
    leaver: Option<JoinHandle<()>>,
}

/// Where a thread rests.
#[derive(Debug)]
struct Seat {
    thread: Thread,
    called: AtomicBool,
}

impl Seat {
    fn call(&self) {
        // A store would do, but loom may order it before a `swap` below that has not seen it.
        self.called.swap(true, Ordering::Release);
        self.thread.unpark();
    }

    fn was_called(&self) -> bool {
        self.called.swap(false, Ordering::Acquire)
    }
}

/// What a submission leads to.
enum Next {
    Call(Arc<Seat>),
    Start,
    Wait,
}

thread_local! {
    /// The address of the pool whose thread this is.
    static HERE: Cell<usize> = const { Cell::new(0) };
}

impl Pool {
    pub(super) fn new(settings: Settings, starter: Starter) -> Arc<Self> {
        let state = State { jobs: Queue::new(), idle: Vec::new(), live: 0, closing: false, refusal: None };
        Arc::new(Self {
            settings,
            starter,
            outstanding: AtomicUsize::new(0),
            state: Mutex::new(state),
            threads: Mutex::new(Threads::default()),
        })
    }

    /// How many calls have been submitted whose tasks have not seen the end yet. So a call that is over counts until its task has
    /// had its turn: with none outstanding, none is about to make a task runnable.
    pub(crate) fn outstanding(&self) -> usize {
        self.outstanding.load(Ordering::Acquire)
    }

    /// A call's task has seen its end.
    pub(super) fn settled(&self) {
        self.outstanding.fetch_sub(1, Ordering::AcqRel);
    }

    /// Why the system refused the last thread that was needed.
    pub(super) fn refusal(&self) -> Option<Arc<str>> {
        self.state.lock().refusal.clone()
    }

    /// Runs `f` on the queue, under its lock.
    pub(super) fn with_queue<R>(&self, f: impl FnOnce(&mut Queue) -> R) -> R {
        f(&mut self.state.lock().jobs)
    }

    /// Queues a job, by `push` under the queue's lock, and sees to it that a thread runs it.
    pub(super) fn submit(self: &Arc<Self>, push: impl FnOnce(&mut Queue)) {
        self.outstanding.fetch_add(1, Ordering::AcqRel);
        let next = {
            let mut state = self.state.lock();
            push(&mut state.jobs);
            match state.idle.pop() {
                Some(seat) => Next::Call(seat),
                None if state.live < self.settings.max => {
                    state.live += 1;
                    Next::Start
                }
                None => Next::Wait,
            }
        };
        match next {
            Next::Call(seat) => seat.call(),
            Next::Start => self.start_thread(),
            Next::Wait => {}
        }
    }

    fn start_thread(self: &Arc<Self>) {
        let pool = Arc::clone(self);
        let mut threads = self.threads.lock();
        let index = threads.started;
        let name = format!("{}-blocking-{index}", self.settings.name);
        match (self.starter)(name, Box::new(move || pool.work(index))) {
            Ok(handle) => {
                threads.started += 1;
                threads.handles.push((index, handle));
            }
            Err(error) => {
                drop(threads);
                self.thread_refused(&error);
            }
        }
    }

    /// The thread that was counted in `live` does not start. The others will run what is queued; if there is none, nobody will.
    fn thread_refused(&self, error: &io::Error) {
        self.state.lock().live -= 1;
        loop {
            let job = {
                let mut state = self.state.lock();
                if state.live > 0 {
                    return;
                }
                state.refusal = Some(error.to_string().into());
                state.jobs.pop()
            };
            let Some(job) = job else { return };
            job.refuse();
        }
    }

    fn work(self: Arc<Self>, index: usize) {
        HERE.set(Arc::as_ptr(&self).addr());
        let seat = Arc::new(Seat { thread: thread::current(), called: AtomicBool::new(false) });
        while let Some(job) = self.next(&seat) {
            job.run();
        }
        self.leave(index);
    }

    /// The next job; `None`: the thread is to leave, and is counted out.
    fn next(&self, seat: &Arc<Seat>) -> Option<Taken> {
        loop {
            {
                let mut state = self.state.lock();
                if let Some(job) = state.jobs.pop() {
                    return Some(job);
                }
                if state.closing {
                    state.live -= 1;
                    return None;
                }
                state.idle.push(Arc::clone(seat));
            }
            if !self.rest(seat) {
                return None;
            }
        }
    }

    /// Waits to be called. `false`: nobody did for a while; the thread is counted out.
    fn rest(&self, seat: &Arc<Seat>) -> bool {
        let until = clock::now() + LINGER;
        while !seat.was_called() {
            let left = until.saturating_duration_since(clock::now());
            if !left.is_zero() {
                thread::park_timeout(left);
            } else if self.stand_up(seat) {
                return false;
            } else {
                // (2) Whoever has taken the seat out is about to call.
                thread::park();
            }
        }
        true
    }

    /// Takes the seat out and the thread's count back, unless it is being called.
    fn stand_up(&self, seat: &Arc<Seat>) -> bool {
        let mut state = self.state.lock();
        let Some(place) = state.idle.iter().position(|s| Arc::ptr_eq(s, seat)) else { return false };
        state.idle.remove(place);
        state.live -= 1;
        true
    }

    /// The last thing a thread does; the one that left before it is joined here, so that no more than one is ever left over.
    fn leave(&self, index: usize) {
        let before = {
            let mut threads = self.threads.lock();
            let place = threads.handles.iter().position(|(i, _)| *i == index);
            place.and_then(|place| {
                let (_, handle) = threads.handles.swap_remove(place);
                threads.leaver.replace(handle)
            })
        };
        before.map(JoinHandle::join);
    }

    /// Whether this thread is one of the pool's.
    pub(super) fn is_here(&self) -> bool {
        HERE.get() == std::ptr::from_ref(self).addr()
    }

    /// The threads are to leave as soon as nothing is queued, and, if `wait` says so, are waited for: then this is none of them, and
    /// no task is left that could make a call.
    pub(super) fn close(&self, wait: bool) {
        let idle = {
            let mut state = self.state.lock();
            state.closing = true;
            std::mem::take(&mut state.idle)
        };
        idle.iter().for_each(|seat| seat.call());
        if !wait {
            return;
        }
        let threads = std::mem::take(&mut *self.threads.lock());
        for handle in threads.handles.into_iter().map(|(_, handle)| handle).chain(threads.leaver) {
            // A thread of the pool does not panic: closures and wakers are contained.
            let _ = handle.join();
        }
    }
}

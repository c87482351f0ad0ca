//! The single-threaded scheduler: one queue, no other thread, no atomic operation between its own tasks (R1, S6).
//!
//! ```text
//!   own tasks:      wake ──> queue (FIFO) ──> step
//!                              └── shuffled: all of it ──> batch, in random order ──> step
//!   other threads:  wake ──> inbox + bell ──> queue, at the next look (every 61 turns, and before sleeping)
//!   nothing to do:  a virtual clock jumps to the next timer; else the thread sleeps until one is due or the bell rings
//! ```
//!
//! Invariants
//! 1. `queue`, `batch` and `root` are used by the owner thread only: the one whose token is in `owner`. Tasks check the token before they touch
//!    anything plain (`is_owner`).
//! 2. `owner` is set while a root runs. After its end every wake-up is remote and finds the inbox closed.
//! 3. A remote wake-up is in the inbox before the bell rings; the owner empties the inbox after it has seen the bell or before
//!    it sleeps, and `park` returns at once if the bell rang since.
//! 4. A virtual clock jumps only when no task can run and nothing is under way that is part of the program (T3).

use std::cell::Cell;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::coop::Root;
use crate::sys::atomic::{AtomicBool, AtomicUsize, Ordering};
use crate::sys::thread::{self, Thread};
use crate::sys::{Mutex, clock, thread_local};
use crate::task::child::Child;
use crate::task::current::AnyTask;
use crate::task::header::{Header, QueueLink};
use crate::task::kind::{Alarm, Local, PlainCount, Schedule, Sealed, release_arc, retain_arc};
use crate::task::owner::ScopeCore;
use crate::task::run::{Pace, Turn};
use crate::task::state::TaskState;
use crate::task::state_local::LocalState;
use crate::task::waker::Tables;
use crate::time::{Clock, Timers};

use super::batch::Batch;
use super::blocking::{self, Blocking};
use super::queue::RunQueue;
use super::{Roots, TICK};

/// What the scheduler is told at the start.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) pace: Pace,
    /// The threads for blocking calls.
    pub(crate) blocking: blocking::Settings,
    /// A virtual clock instead of the system's.
    pub(crate) virtual_time: bool,
    /// Tasks that can run at the same time do so in an order drawn by the thread's random numbers.
    pub(crate) shuffled: bool,
}

/// What a drive ended with.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Drive {
    /// The condition holds.
    Done,
    /// Nothing is runnable and no timer is pending; only another thread could change that.
    Idle,
}

/// What to do when nothing is runnable.
pub(crate) enum WhenIdle<'a> {
    /// Sleep until something is.
    Park,
    /// The same, but first ask: it gives the time after which it is to be asked again. None at all: something can run now.
    Ask(&'a mut dyn FnMut(&Idle) -> Option<Duration>),
    /// Sleep while a timer is pending, else return.
    Return,
}

/// How it is that nothing is runnable.
#[derive(Debug)]
pub(crate) struct Idle {
    /// By the clock of the timers.
    pub(crate) now: Instant,
    /// For how long.
    pub(crate) lasts: Duration,
    /// Whether a timer is pending.
    pub(crate) awaits_timer: bool,
}

/// A question to the owner thread, asked by another.
type Request = Box<dyn FnOnce(&Roots<Local>) + Send>;

/// See the module.
pub struct LocalShared {
    owner: AtomicUsize,
    queue: RunQueue<Local>,
    batch: Option<Batch<Local>>,
    /// The one that runs.
    root: Cell<Root>,
    pace: Pace,
    bell: Arc<Bell>,
    inbox: Mutex<Inbox>,
    pub(crate) timers: Arc<Timers>,
    pub(crate) blocking: Blocking,
    pub(crate) roots: Roots<Local>,
}

// SAFETY: `queue`, `batch` and `root` are used by the owner thread only (1); the rest is `Sync`.
unsafe impl Send for LocalShared {}
// SAFETY: as above.
unsafe impl Sync for LocalShared {}

struct Inbox {
    open: bool,
    woken: Vec<NonNull<Header<Local>>>,
    requests: Vec<Request>,
}

/// Wakes the owner thread from its sleep.
#[derive(Debug)]
struct Bell {
    rung: AtomicBool,
    sleeper: Mutex<Option<Thread>>,
}

impl Bell {
    fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Some(thread) = &*self.sleeper.lock()
        {
            thread.unpark();
        }
    }
}

impl std::fmt::Debug for LocalShared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalShared").finish_non_exhaustive()
    }
}

thread_local! {
    static TOKEN: Cell<u8> = const { Cell::new(0) };
}

/// A number that tells this thread from every other that is alive.
fn token() -> usize {
    TOKEN.with(|t| std::ptr::from_ref(t).addr())
}

impl LocalShared {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let bell = Arc::new(Bell { rung: AtomicBool::new(false), sleeper: Mutex::new(None) });
        let rouse = Arc::clone(&bell);
        let clock = if settings.virtual_time { Clock::Virtual } else { Clock::System };
        Arc::new(Self {
            owner: AtomicUsize::new(0),
            queue: RunQueue::new(),
            batch: settings.shuffled.then(Batch::new),
            root: Cell::new(Root::NONE),
            pace: settings.pace,
            bell,
            inbox: Mutex::new(Inbox { open: false, woken: Vec::new(), requests: Vec::new() }),
            timers: Timers::new(clock, move || rouse.ring()),
            blocking: Blocking::new(settings.blocking),
            roots: Roots::new(),
        })
    }

    /// How its tasks take their turns.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// This thread becomes the owner, and runs `root`. The caller has made sure that there is no owner.
    pub(crate) fn begin(&self, root: Root) {
        self.root.set(root);
        *self.bell.sleeper.lock() = Some(thread::current());
        self.inbox.lock().open = true;
        self.owner.store(token(), Ordering::Release);
    }

    /// This thread stops being the owner; wake-ups still under way are given back (2).
    pub(crate) fn end(&self) {
        let (woken, requests) = {
            let mut inbox = self.inbox.lock();
            inbox.open = false;
            (std::mem::take(&mut inbox.woken), std::mem::take(&mut inbox.requests))
        };
        requests.into_iter().for_each(|ask| ask(&self.roots));
        self.receive(woken);
        debug_assert!(!self.has_runnable(), "a root ends when no task is left");
        self.owner.store(0, Ordering::Release);
        *self.bell.sleeper.lock() = None;
    }

    /// Has `ask` answered by the owner thread, at its next look at the inbox. `false`: there is no owner.
    pub(crate) fn request(&self, ask: Request) -> bool {
        {
            let mut inbox = self.inbox.lock();
            if !inbox.open {
                return false;
            }
            inbox.requests.push(ask);
        }
        self.bell.ring();
        true
    }

    /// Makes the owner thread look at its inbox and at what it drives for, from any thread.
    pub(crate) fn ring(&self) {
        self.bell.ring();
    }

    /// Runs tasks until `done`.
    pub(crate) fn drive(&self, done: impl Fn() -> bool, mut when_idle: WhenIdle<'_>) -> Drive {
        // Since when nothing can run.
        let mut quiet_since = None;
        loop {
            for _ in 0..TICK {
                if done() {
                    return Drive::Done;
                }
                let Some(task) = self.next() else { break };
                quiet_since = None;
                // SAFETY: just taken out of the queue, by the owner.
                if unsafe { self.pace.step(task) } == Turn::Requeue {
                    self.queue.push(task);
                }
            }
            let looked = self.look_outside();
            if looked || self.has_runnable() || done() {
                continue;
            }
            let timers = &self.timers;
            let until_timer = timers.until_next();
            let until_asked = match &mut when_idle {
                WhenIdle::Return if until_timer.is_none() => return Drive::Idle,
                WhenIdle::Return | WhenIdle::Park => None,
                WhenIdle::Ask(ask) => {
                    let now = clock::now();
                    let lasts = now - *quiet_since.get_or_insert(now);
                    ask(&Idle { now: timers.now(), lasts, awaits_timer: until_timer.is_some() })
                }
            };
            // Who was asked may have woken tasks, by what a hook does say.
            if until_asked.is_some_and(|time| time.is_zero()) || self.has_runnable() {
                continue;
            }
            if timers.is_virtual() && until_timer.is_some() {
                if self.time_stands_still() {
                    thread::park();
                } else {
                    timers.jump();
                }
                continue;
            }
            match until_timer.into_iter().chain(until_asked).min() {
                Some(time) => thread::park_timeout(time),
                None => thread::park(),
            }
        }
    }

    /// Whether virtual time may not pass although no task can run: something is under way that will make one runnable without
    /// a timer (T3, 4). A blocking call is, until its task has seen the end of it. A wake-up from another thread is: the inbox is looked at
    /// once more after everything else said no.
    fn time_stands_still(&self) -> bool {
        self.blocking.outstanding() > 0 || self.bell.rung.load(Ordering::Acquire)
    }

    /// The task whose turn it is.
    #[inline]
    fn next(&self) -> Option<NonNull<Header<Local>>> {
        match &self.batch {
            None => self.queue.pop(),
            Some(batch) => batch.next(&self.queue),
        }
    }

    fn has_runnable(&self) -> bool {
        !self.queue.is_empty() || self.batch.as_ref().is_some_and(|batch| !batch.is_empty())
    }

    /// Takes in what other threads and timers have brought. `true` if there was anything.
    fn look_outside(&self) -> bool {
        let mut any = !self.timers.is_empty() && self.timers.fire();
        if self.bell.rung.swap(false, Ordering::AcqRel) {
            let (woken, requests) = {
                let mut inbox = self.inbox.lock();
                (std::mem::take(&mut inbox.woken), std::mem::take(&mut inbox.requests))
            };
            any |= !woken.is_empty();
            self.receive(woken);
            requests.into_iter().for_each(|ask| ask(&self.roots));
        }
        any
    }

    fn receive(&self, woken: Vec<NonNull<Header<Local>>>) {
        for task in woken {
            // SAFETY: the inbox has a reference to the task.
            let header = unsafe { task.as_ref() };
            header.state.remote_wake_taken();
            if header.state.wake() == crate::task::state::Wake::Schedule {
                self.queue.push(task);
            }
            // SAFETY: the inbox's reference, given back once.
            unsafe { crate::task::waker::release(task) };
        }
    }
}

impl Sealed for Local {
    type Lock<T> = std::cell::RefCell<T>;
    type Count = PlainCount;
    type State = LocalState;
    type Shared = LocalShared;
    type Link = QueueLink<Self>;
    type Child<'a> = Pin<Box<dyn Child + 'a>>;

    fn link(_: &ScopeCore<Self>) -> QueueLink<Self> {
        Cell::new(None)
    }

    fn root_of(task: &Header<Self>) -> Root {
        // SAFETY: the task is not complete, says the caller, so its scheduler is alive (7 of `header`).
        unsafe { task.shared.as_ref() }.root.get()
    }

    fn waker_tables() -> &'static Tables {
        &crate::task::waker::LOCAL
    }

    fn only(task: AnyTask) -> Option<NonNull<Header<Self>>> {
        match task {
            AnyTask::Local(task) => Some(task),
            AnyTask::Multi(_) => None,
        }
    }

    fn any(task: NonNull<Header<Self>>) -> AnyTask {
        AnyTask::Local(task)
    }
}

impl Schedule<Local> for LocalShared {
    fn schedule(&self, task: NonNull<Header<Local>>) {
        debug_assert!(self.is_owner());
        self.queue.push(task);
    }

    fn schedule_body(&self, body: NonNull<Header<Local>>, _: NonNull<ScopeCore<Local>>) {
        self.schedule(body);
    }

    fn shard(&self, _: usize) -> usize {
        0
    }

    fn is_owner(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == token()
    }

    fn wake_remotely(&self, task: NonNull<Header<Local>>) -> Result<(), NonNull<Header<Local>>> {
        {
            let mut inbox = self.inbox.lock();
            if !inbox.open {
                return Err(task);
            }
            inbox.woken.push(task);
        }
        self.bell.ring();
        Ok(())
    }

    fn alarm(&self, after: Duration, waker: &Waker) -> Alarm {
        crate::time::alarm(&self.timers, after, waker)
    }

    unsafe fn retain(shared: NonNull<Self>) {
        // SAFETY: promised by the caller; a `LocalShared` is always in an `Arc`.
        unsafe { retain_arc(shared) };
    }

    unsafe fn release(shared: NonNull<Self>) {
        // SAFETY: promised by the caller.
        unsafe { release_arc(shared) };
    }
}

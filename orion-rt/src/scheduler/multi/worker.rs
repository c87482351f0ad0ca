//! One worker: where its tasks are, how it finds the next, how it goes to sleep.
//!
//! Invariants
//! 1. A `Worker` is used by its own thread only, which reaches it through `CURRENT`.
//! 2. `lifo` and the deque hold scheduled tasks.
//! 3. `left_timers`: the worker has kept the timers and runs a task next; if timers are pending, another has to keep them.

use std::cell::Cell;
use std::sync::Arc;

use crossbeam_deque::Steal;

use crate::coop::Root;
use crate::sys::atomic::{Ordering, fence};
use crate::sys::{MODELLED, hint, thread, thread_local};
use crate::task::kind::{Multi, Sealed as _};
use crate::task::run::Turn;
use crate::util::rng;

use super::super::TICK;
use super::{ForkRef, MultiShared, NOBODY, Runnable};

/// How many tasks in a row may come from the LIFO slot before the deque has its turn (S6, Y4).
const LIFO_RUN: u32 = 16;
/// Rounds of looking everywhere before a worker goes to sleep; with the pauses between them about 20 µs.
pub(super) const SEARCH_ROUNDS: u32 = if MODELLED { 1 } else { 40 };
/// Pauses between two rounds.
pub(super) const SEARCH_PAUSE: u32 = if MODELLED { 1 } else { 32 };

/// See the module.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(super) shared: Arc<MultiShared>,
    index: usize,
    deque: crossbeam_deque::Worker<Runnable>,
    pub(super) forks: crossbeam_deque::Worker<ForkRef>,
    lifo: Cell<Option<Runnable>>,
    lifo_run: Cell<u32>,
    tick: Cell<u32>,
    pub(super) searching: Cell<bool>,
    left_timers: Cell<bool>,
}

/// What others can steal from a worker.
pub(super) struct Deques {
    pub(super) tasks: crossbeam_deque::Worker<Runnable>,
    pub(super) forks: crossbeam_deque::Worker<ForkRef>,
}

impl Deques {
    pub(super) fn new() -> Self {
        Self { tasks: crossbeam_deque::Worker::new_fifo(), forks: crossbeam_deque::Worker::new_lifo() }
    }
}

thread_local! {
    static CURRENT: Cell<*const Worker> = const { Cell::new(std::ptr::null()) };
}

/// Runs `f` with this thread's worker if it is one of `shared`'s.
pub(super) fn with_current<R>(shared: &MultiShared, f: impl FnOnce(&Worker) -> R) -> Option<R> {
    // SAFETY: set by `Worker::run` to a worker that outlives its run, cleared before it ends.
    let worker = unsafe { CURRENT.get().as_ref() }?;
    std::ptr::eq(Arc::as_ptr(&worker.shared), shared).then(|| f(worker))
}

/// Runs `f` with this thread's worker, whatever runtime it is of.
pub(super) fn with_here<R>(f: impl FnOnce(Option<&Worker>) -> R) -> R {
    // SAFETY: as in `with_current`.
    f(unsafe { CURRENT.get().as_ref() })
}

/// Whether this thread is one of `shared`'s workers.
pub(crate) fn on_worker_of(shared: &MultiShared) -> bool {
    with_current(shared, |_| ()).is_some()
}

struct ClearCurrent;

impl Drop for ClearCurrent {
    fn drop(&mut self) {
        CURRENT.set(std::ptr::null());
    }
}

impl Worker {
    pub(super) fn new(shared: Arc<MultiShared>, index: usize, deques: Deques) -> Self {
        Self {
            shared,
            index,
            deque: deques.tasks,
            forks: deques.forks,
            lifo: Cell::new(None),
            lifo_run: Cell::new(0),
            tick: Cell::new(0),
            searching: Cell::new(false),
            left_timers: Cell::new(false),
        }
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Runs tasks until the scheduler is shut down.
    pub(crate) fn run(self) {
        CURRENT.set(std::ptr::from_ref(&self));
        let _clear = ClearCurrent;
        let _timers = crate::time::enter(&self.shared.timers);
        self.shared.peers[self.index].start();
        if let Some(seed) = self.shared.seed {
            rng::reseed(seed.wrapping_add(self.index as u64 + 1));
        }
        loop {
            if let Some(task) = self.next() {
                self.turn(task);
            } else if self.shared.is_over() {
                return;
            } else {
                self.sleep();
            }
        }
    }

    /// Queues a task that this worker's thread has woken.
    pub(super) fn push(&self, task: Runnable, tail: bool) {
        if tail {
            self.push_tail(task);
        } else if let Some(displaced) = self.lifo.replace(Some(task)) {
            self.deque.push(displaced);
            self.notify_others();
        }
    }

    fn push_tail(&self, task: Runnable) {
        let alone = self.deque.is_empty() && self.lifo_is_empty();
        self.deque.push(task);
        // One task that this worker will take next is no reason to wake another core.
        if !alone {
            self.notify_others();
        }
    }

    fn lifo_is_empty(&self) -> bool {
        let task = self.lifo.take();
        self.lifo.set(task);
        task.is_none()
    }

    fn notify_others(&self) {
        if self.shared.peers.len() > 1 {
            self.shared.notify();
        }
    }

    /// Lets others take the tasks that wait for this worker, which will not come to them soon.
    pub(super) fn offer_tasks(&self) {
        if let Some(task) = self.lifo.take() {
            self.deque.push(task);
        }
        if !self.deque.is_empty() {
            self.notify_others();
        }
    }

    /// The worker has found something that may take long: another is to search, and to keep the timers (3).
    pub(super) fn found_work(&self) {
        if self.searching.replace(false) && self.shared.sleepers.stop_searching() {
            self.pass_search_on();
        } else if self.left_timers.get() && !self.shared.timers.is_empty() {
            self.notify_others();
        }
        self.left_timers.set(false);
    }

    fn turn(&self, task: Runnable) {
        self.found_work();
        let turn = &self.shared.turns[self.index];
        // SAFETY: (2): a scheduled task is not complete.
        turn.store(Multi::root_of(unsafe { task.0.as_ref() }).number(), Ordering::Relaxed);
        // SAFETY: (2), just taken out.
        let ended = unsafe { self.shared.pace.step(task.0) };
        turn.store(Root::NONE.number(), Ordering::Release);
        if ended == Turn::Requeue {
            // It comes behind the task it has woken last, too (Y1).
            if let Some(woken) = self.lifo.take() {
                self.deque.push(woken);
            }
            self.push_tail(task);
        }
    }

    fn next(&self) -> Option<Runnable> {
        let tick = self.tick.get().wrapping_add(1);
        self.tick.set(tick);
        if tick.is_multiple_of(TICK) {
            self.fire_timers();
            if let Some(fork) = self.steal_fork_by_chance() {
                self.help(fork);
            }
            if let Some(task) = self.take_injected() {
                return Some(task);
            }
        }
        self.next_own().or_else(|| self.take_injected())
    }

    fn next_own(&self) -> Option<Runnable> {
        if self.lifo_run.get() < LIFO_RUN
            && let Some(task) = self.lifo.take()
        {
            self.lifo_run.set(self.lifo_run.get() + 1);
            return Some(task);
        }
        self.lifo_run.set(0);
        self.deque.pop().or_else(|| self.lifo.take())
    }

    fn take_injected(&self) -> Option<Runnable> {
        Self::repeat(|| self.shared.injector.steal_batch_and_pop(&self.deque))
    }

    pub(super) fn repeat<T>(attempt: impl Fn() -> Steal<T>) -> Option<T> {
        loop {
            match attempt() {
                Steal::Success(task) => return Some(task),
                Steal::Empty => return None,
                Steal::Retry => hint::spin_loop(),
            }
        }
    }

    fn fire_timers(&self) {
        if !self.shared.timers.is_empty() {
            self.shared.timers.fire();
        }
    }

    /// Looks everywhere for a while, then parks.
    fn sleep(&self) {
        if !self.searching.get() && self.shared.sleepers.start_searching() {
            self.searching.set(true);
        }
        if self.searching.get() {
            for _ in 0..SEARCH_ROUNDS {
                self.fire_timers();
                if let Some(task) = self.next_own().or_else(|| self.take_injected()).or_else(|| self.steal()) {
                    return self.turn(task);
                }
                if let Some(fork) = self.steal_fork() {
                    return self.help(fork);
                }
                for _ in 0..SEARCH_PAUSE {
                    hint::spin_loop();
                }
            }
        }
        self.shared.sleepers.announce(self.index, self.searching.replace(false));
        if !self.sees_work() {
            self.park();
        }
        if !self.shared.sleepers.retract(self.index) {
            self.searching.set(true);
        }
        self.shared.rest.ring();
        self.fire_timers();
        if let Some(task) = self.steal() {
            self.turn(task);
        } else if let Some(fork) = self.steal_fork() {
            self.help(fork);
        }
    }

    fn steal(&self) -> Option<Runnable> {
        let peers = &self.shared.peers;
        if peers.len() < 2 {
            return None;
        }
        let first = rng::below(peers.len() as u32) as usize;
        (0..peers.len())
            .map(|i| (first + i) % peers.len())
            .filter(|&i| i != self.index)
            .find_map(|i| Self::repeat(|| peers[i].stealer.steal_batch_and_pop(&self.deque)))
    }

    /// Whether any queue holds a task, or the end has come.
    fn sees_work(&self) -> bool {
        !self.shared.injector.is_empty()
            || self.shared.peers.iter().any(|peer| !peer.stealer.is_empty())
            || self.sees_forks()
            || self.shared.is_over()
    }

    /// Sleeps until it is woken, or, if no other worker does so already, until the next timer.
    fn park(&self) {
        let peer = &self.shared.peers[self.index];
        let keeper = &self.shared.keeper;
        let keeps = keeper.compare_exchange(NOBODY, self.index, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        fence(Ordering::SeqCst);
        let until = if keeps { self.shared.timers.until_next() } else { None };
        while !peer.token.load(Ordering::SeqCst) {
            match until {
                Some(wait) => {
                    thread::park_timeout(wait);
                    break;
                }
                None => thread::park(),
            }
        }
        peer.token.store(false, Ordering::SeqCst);
        if keeps {
            keeper.store(NOBODY, Ordering::SeqCst);
            // With the one in `rouse_keeper`: whoever still finds this worker has put in a timer that (3) will see.
            fence(Ordering::SeqCst);
            self.left_timers.set(true);
        }
    }
}

//! Which workers sleep, and whom to wake for new work. No lost wake-ups, no herd.
//!
//! ```text
//!   busy ──nothing left──> searching ──nothing found──> announced ──looks at every queue again──> parked
//!    ^        (at most half)   │                             │ found something: retract             │
//!    └──found: was I the last? wake another ─────────────────┘                                      │
//!    └───────────────────────── woken by pick: counts as searching <────────────────────────────────┘
//! ```
//!
//! Invariants
//! 1. `state` = (sleeping, searching), changed only together with what it counts; `idle` lists the sleepers, under its lock.
//! 2. A worker that was picked counts as searching from the pick on.
//!
//! Why nothing is lost. A pusher publishes its task, fences, and reads `state`. If it reads "somebody searches", that worker
//! stops searching later: by finding work, and then, if it was the last, it wakes another, who searches again; or by
//! announcing, after which it looks at every queue once more, behind a fence: either the pusher read the announcement, or that
//! look sees the task. If the pusher reads "nobody sleeps, nobody searches", every worker is busy and looks at the queues
//! before it announces, and after.
//!
//! Rejected: waking on every push (25 µs each); an eventcount per worker (a herd on the injector).

use crate::sys::Mutex;
use crate::sys::atomic::{AtomicUsize, Ordering, fence};

const SEARCHING: usize = 1;
const SLEEPING: usize = 1 << 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Sleepers {
    state: AtomicUsize,
    idle: Mutex<Vec<usize>>,
    workers: usize,
}

impl Sleepers {
    pub(super) fn new(workers: usize) -> Self {
        Self { state: AtomicUsize::new(0), idle: Mutex::new(Vec::with_capacity(workers)), workers }
    }

    fn wants_one(state: usize) -> bool {
        state.is_multiple_of(SLEEPING) && state / SLEEPING > 0
    }

    /// Work has been published: the worker to wake for it, if one should be. It counts as searching.
    pub(super) fn pick(&self) -> Option<usize> {
        fence(Ordering::SeqCst);
        if !Self::wants_one(self.state.load(Ordering::SeqCst)) {
            return None;
        }
        let mut idle = self.idle.lock();
        if !Self::wants_one(self.state.load(Ordering::SeqCst)) {
            return None;
        }
        let worker = idle.pop()?;
        self.state.fetch_sub(SLEEPING - SEARCHING, Ordering::SeqCst);
        Some(worker)
    }

    /// Whether no worker is awake.
    pub(super) fn all_sleep(&self) -> bool {
        self.state.load(Ordering::SeqCst) == self.workers * SLEEPING
    }

    /// Whether the worker may search: at most half of them do at a time.
    pub(super) fn start_searching(&self) -> bool {
        let searching = self.state.load(Ordering::SeqCst) % SLEEPING;
        let may = 2 * searching < self.workers;
        if may {
            self.state.fetch_add(SEARCHING, Ordering::SeqCst);
        }
        may
    }

    /// The worker has found something. `true`: it was the last that searched, and is to wake another.
    #[must_use]
    pub(super) fn stop_searching(&self) -> bool {
        self.state.fetch_sub(SEARCHING, Ordering::SeqCst) % SLEEPING == 1
    }

    /// The worker is about to park; it looks at every queue once more before it does.
    pub(super) fn announce(&self, worker: usize, searching: bool) {
        let mut idle = self.idle.lock();
        idle.push(worker);
        let change = if searching { SLEEPING - SEARCHING } else { SLEEPING };
        self.state.fetch_add(change, Ordering::SeqCst);
        drop(idle);
        fence(Ordering::SeqCst);
    }

    /// The worker does not sleep after all, or was woken by something else than a pick. `false`: it was picked meanwhile, and
    /// counts as searching.
    #[must_use]
    pub(super) fn retract(&self, worker: usize) -> bool {
        let mut idle = self.idle.lock();
        let Some(place) = idle.iter().position(|&w| w == worker) else { return false };
        idle.swap_remove(place);
        self.state.fetch_sub(SLEEPING, Ordering::SeqCst);
        true
    }
}

#[cfg(all(test, loom))]
mod model {
    //! Workers that go to sleep against threads that publish work: no task is left with every worker asleep.

    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    /// A scheduler reduced to a count of queued tasks and a bell per worker.
    struct Model {
        sleepers: Sleepers,
        queue: AtomicUsize,
        woken: Vec<AtomicUsize>,
    }

    impl Model {
        fn new(workers: usize) -> Arc<Self> {
            Arc::new(Self {
                sleepers: Sleepers::new(workers),
                queue: AtomicUsize::new(0),
                woken: (0..workers).map(|_| AtomicUsize::new(0)).collect(),
            })
        }

        fn push(&self) {
            self.queue.fetch_add(1, Ordering::Release);
            self.notify();
        }

        fn notify(&self) {
            if let Some(worker) = self.sleepers.pick() {
                self.woken[worker].store(1, Ordering::Release);
            }
        }

        fn take(&self) -> bool {
            self.queue.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1)).is_ok()
        }

        /// One worker until it would park; `true` if it parks without anything to wake it.
        fn work(&self, worker: usize) -> bool {
            let mut searching = false;
            // Two rounds are enough for every order of two pushes and a sleep.
            for _ in 0..3 {
                if self.take() {
                    if std::mem::take(&mut searching) && self.sleepers.stop_searching() {
                        self.notify();
                    }
                    continue;
                }
                if !searching {
                    searching = self.sleepers.start_searching();
                }
                if searching && self.take() {
                    searching = false;
                    if self.sleepers.stop_searching() {
                        self.notify();
                    }
                    continue;
                }
                self.sleepers.announce(worker, std::mem::take(&mut searching));
                let sees_work = self.queue.load(Ordering::Acquire) > 0;
                if !sees_work && self.woken[worker].load(Ordering::Acquire) == 0 {
                    return true;
                }
                self.woken[worker].store(0, Ordering::Release);
                searching = !self.sleepers.retract(worker);
            }
            false
        }
    }

    fn check(workers: usize, pushes: usize) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(move || {
            let model = Model::new(workers);
            let threads: Vec<_> = (0..workers)
                .map(|i| {
                    let model = Arc::clone(&model);
                    thread::spawn(move || model.work(i))
                })
                .collect();
            for _ in 0..pushes {
                model.push();
            }
            let parked: Vec<bool> = threads.into_iter().map(|t| t.join().unwrap()).collect();
            let woken = (0..workers).any(|i| model.woken[i].load(Ordering::Acquire) == 1);
            let all_asleep = parked.iter().all(|&p| p) && !woken;
            assert!(!(all_asleep && model.queue.load(Ordering::Acquire) > 0), "a task waits while every worker sleeps");
        });
    }

    #[test]
    fn model_one_worker_never_sleeps_on_work() {
        check(1, 2);
    }

    #[test]
    fn model_two_workers_never_sleep_on_work() {
        check(2, 1);
    }
}

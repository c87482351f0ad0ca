//! Who could still run: tasks, and threads that wait in a call of this library. The facts behind the report of a deadlock.
//!
//! ```text
//!   tasks:    active = those that run, can run, or are being woken; not: blocked in a join, parked on a channel
//!   threads:  of the process = workers + waiting in a call of this library + others
//! ```
//!
//! Invariants
//! 1. A task leaves `active` only once its wait is registered, and is back in it before its waker is called. Whoever wakes it
//!    is itself active, or a thread that is not listed as waiting; so `active` is zero only if no wake-up by a task is under
//!    way.
//! 2. A thread is listed in `Waiters` after it has looked at what it waits for and until it goes on; `Condition::met` is true
//!    from its wake-up on.
//! 3. `epoch` grows with every spawn and every wake-up, before `active` does: if it is the same before and after some looks,
//!    they were all true at once.
//!
//! Rejected: counting live, blocked and parked tasks and comparing (three words that are never read at one instant).
#![forbid(unsafe_code)]

use crate::node::{Home, Node};
use crate::sync::{Parker, lock};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The tasks of a runtime, as far as they could still run.
#[derive(Default)]
pub(crate) struct Census {
    active: AtomicU64,
    parked: AtomicU64,
    epoch: AtomicU64,
}

impl Census {
    /// A task is born.
    pub(crate) fn spawned(&self) {
        self.woken();
    }

    /// An active task has ended, and woken whom it had to.
    pub(crate) fn finished(&self) {
        self.active.fetch_sub(1, Ordering::SeqCst);
    }

    /// An active task has registered its wait for other tasks.
    pub(crate) fn blocked(&self) {
        self.active.fetch_sub(1, Ordering::SeqCst);
    }

    /// A blocked task is about to be woken.
    pub(crate) fn unblocked(&self) {
        self.woken();
    }

    /// An active task waits on a channel.
    pub(crate) fn parked(&self) {
        self.parked.fetch_add(1, Ordering::SeqCst);
        self.active.fetch_sub(1, Ordering::SeqCst);
    }

    /// A parked task is about to be woken.
    pub(crate) fn unparked(&self) {
        self.woken();
        self.parked.fetch_sub(1, Ordering::SeqCst);
    }

    fn woken(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.active.fetch_add(1, Ordering::SeqCst);
    }

    /// Compared before and after other looks (3).
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Whether every task waits.
    pub(crate) fn nobody_runs(&self) -> bool {
        self.active.load(Ordering::SeqCst) == 0
    }

    /// Whether some task waits for what threads, too, could bring.
    pub(crate) fn somebody_is_parked(&self) -> bool {
        self.parked.load(Ordering::SeqCst) != 0
    }
}

/// What a thread waits for.
pub(crate) enum Condition {
    /// The end of a task.
    Done(Arc<Node>),
    /// The end of all tasks the thread has spawned.
    Alone(Arc<Node>),
    /// A wake-up, which whatever it waits for will bring.
    Woken(Arc<Parker>),
    /// An operation that the driver polls for the thread.
    Polled(Arc<Polling>),
}

impl Condition {
    fn met(&self) -> bool {
        match self {
            Self::Done(task) => task.is_done(),
            Self::Alone(thread) => thread.is_alone(),
            Self::Woken(parker) => parker.is_woken(),
            Self::Polled(polling) => !polling.waits(),
        }
    }

    /// Whether only tasks of the runtime can bring it about.
    fn takes_tasks(&self) -> bool {
        match self {
            Self::Done(task) => task.home() == Home::Process,
            Self::Alone(_) => true,
            Self::Woken(_) | Self::Polled(_) => false,
        }
    }
}

/// Whether an operation that is polled waits, and for no wake-up that has begun.
#[derive(Default)]
pub(crate) struct Polling(AtomicU8);

const POLLED: u8 = 0;
const WOKEN: u8 = 1;
const WAITS: u8 = 2;

impl Polling {
    pub(crate) fn begin(&self) {
        self.0.store(POLLED, Ordering::SeqCst);
    }

    /// The poll gave `Pending`; a wake-up since `begin` counts.
    pub(crate) fn pending(&self) {
        let _ = self.0.compare_exchange(POLLED, WAITS, Ordering::SeqCst, Ordering::SeqCst);
    }

    pub(crate) fn wake(&self) {
        self.0.store(WOKEN, Ordering::SeqCst);
    }

    fn waits(&self) -> bool {
        self.0.load(Ordering::SeqCst) == WAITS
    }
}

/// The threads that wait in a call of this library.
#[derive(Default)]
pub(crate) struct Waiters {
    list: Mutex<Vec<(u64, Condition)>>,
    tokens: AtomicU64,
}

/// The threads whose wait goes on.
pub(crate) struct Waiting {
    pub(crate) threads: usize,
    /// Some of them wait for tasks.
    pub(crate) for_tasks: bool,
}

impl Waiters {
    /// Lists the calling thread until the guard is dropped.
    pub(crate) fn enter(&self, condition: Condition) -> Listed<'_> {
        let token = self.tokens.fetch_add(1, Ordering::Relaxed);
        lock(&self.list).push((token, condition));
        Listed { waiters: self, token }
    }

    pub(crate) fn waiting(&self) -> Waiting {
        let list = lock(&self.list);
        let unmet = || list.iter().map(|(_, condition)| condition).filter(|condition| !condition.met());
        Waiting { threads: unmet().count(), for_tasks: unmet().any(Condition::takes_tasks) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.list).is_empty()
    }
}

/// A thread is listed as waiting.
pub(crate) struct Listed<'a> {
    waiters: &'a Waiters,
    token: u64,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        let mut list = lock(&self.waiters.list);
        let condition = list.iter().position(|(token, _)| *token == self.token).map(|place| list.swap_remove(place));
        drop(list);
        drop(condition);
    }
}

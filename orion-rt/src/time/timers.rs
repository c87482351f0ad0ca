//! The timers of one runtime, and its clock: the system's, or a virtual one that stands still until it is told to jump (T3).
//!
//! Invariants
//! 1. An entry in the heap is alive and does not move: `Sleep` is pinned and takes its entry out before it goes.
//! 2. `place`, `waker` of an entry belong to the heap's lock. `fired` is set under it, after the entry has left the heap, and
//!    is the last touch of the entry by the firing thread.
//! 3. `earliest` is the first deadline as nanoseconds since `start` (or `NEVER`), stored under the lock; whoever reads it
//!    without the lock learns at the next look what it missed.
//! 4. A virtual clock never goes back, and jumps to the moment of a pending timer only.
//!
//! Rejected: a virtual clock that starts anew with each root (a `Sleep` may outlive one, and time would go back for it).

use std::cell::{Cell, UnsafeCell};
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::coop;
use crate::sys::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sys::{Mutex, clock, thread_local};
use crate::util::contain::contained;

use super::heap::{Heap, Item};

/// No timer.
const NEVER: u64 = u64::MAX;
/// How many wakers are collected under the lock before they are woken outside it.
const BATCH: usize = 32;

/// See the module.
pub(crate) struct Timers {
    start: Instant,
    /// How far a virtual clock has come since `start`; `None`: the system's clock is read.
    virtual_time: Option<Mutex<Duration>>,
    earliest: AtomicU64,
    heap: Mutex<Heap<Pending>>,
    /// Makes a sleeping scheduler look at `earliest` again.
    rouse: Box<dyn Fn() + Send + Sync>,
}

/// The clock that timers go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The system's monotonic clock.
    System,
    /// One that jumps from timer to timer.
    Virtual,
}

/// One timer, embedded in the future that waits for it.
pub(super) struct Entry {
    place: Cell<usize>,
    waker: UnsafeCell<Option<Waker>>,
    fired: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct Pending(NonNull<Entry>);

// SAFETY: the pointer is used under the heap's lock only (2).
unsafe impl Send for Pending {}

impl Item for Pending {
    fn moved(self, place: usize) {
        // SAFETY: (1): in the heap, so alive; the lock is held (2).
        unsafe { self.0.as_ref() }.place.set(place);
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The other fields belong to the heap's lock (2).
        f.debug_struct("Entry").field("fired", &self.has_fired()).finish_non_exhaustive()
    }
}

impl Entry {
    pub(super) fn new() -> Self {
        Self { place: Cell::new(usize::MAX), waker: UnsafeCell::new(None), fired: AtomicBool::new(false) }
    }

    pub(super) fn has_fired(&self) -> bool {
        self.fired.load(Ordering::Acquire)
    }
}

impl std::fmt::Debug for Timers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timers").field("pending", &self.heap.lock().len()).finish_non_exhaustive()
    }
}

impl Timers {
    /// Timers of a runtime that `rouse` makes look at them again when an earlier one comes in.
    pub(crate) fn new(kind: Clock, rouse: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            start: clock::now(),
            virtual_time: (kind == Clock::Virtual).then(|| Mutex::new(Duration::ZERO)),
            earliest: AtomicU64::new(NEVER),
            heap: Mutex::new(Heap::new()),
            rouse: Box::new(rouse),
        })
    }

    /// The current time by this clock.
    pub(crate) fn now(&self) -> Instant {
        match &self.virtual_time {
            None => clock::now(),
            Some(passed) => self.start + *passed.lock(),
        }
    }

    /// The time since `start`.
    fn passed(&self) -> Duration {
        match &self.virtual_time {
            None => clock::now().saturating_duration_since(self.start),
            Some(passed) => *passed.lock(),
        }
    }

    /// How long until the earliest timer; `None`: there is none.
    pub(crate) fn until_next(&self) -> Option<Duration> {
        match self.earliest.load(Ordering::Acquire) {
            NEVER => None,
            at => Some(Duration::from_nanos(at).saturating_sub(self.passed())),
        }
    }

    /// Whether the clock is a virtual one, which stands still but for [`Timers::jump`].
    pub(crate) fn is_virtual(&self) -> bool {
        self.virtual_time.is_some()
    }

    /// A virtual clock jumps to the moment of the earliest timer, which is due then (4). `false`: no timer is pending, or the
    /// clock is the system's.
    pub(crate) fn jump(&self) -> bool {
        let Some(passed) = &self.virtual_time else { return false };
        let first = self.heap.lock().first();
        if let Some((at, _)) = first {
            let mut passed = passed.lock();
            *passed = at.max(*passed);
        }
        first.is_some()
    }

    /// Whether any timer is pending.
    pub(crate) fn is_empty(&self) -> bool {
        self.earliest.load(Ordering::Acquire) == NEVER
    }

    /// Puts `entry` in, or replaces its waker if it is in. `false`: its time has come, it is not in.
    ///
    /// # Safety
    /// `entry` stays where it is, alive, until it has fired or [`Timers::remove`] took it out (1).
    pub(super) unsafe fn insert(&self, entry: NonNull<Entry>, deadline: Instant, waker: &Waker) -> bool {
        let fresh = coop::register_timer(waker);
        let (before, earlier) = {
            let mut heap = self.heap.lock();
            // SAFETY: the caller's entry, under the lock (2).
            let node = unsafe { entry.as_ref() };
            if node.has_fired() {
                return false;
            }
            // SAFETY: (2).
            let slot = unsafe { &mut *node.waker.get() };
            let before = slot.replace(fresh);
            if node.place.get() == usize::MAX {
                heap.push(deadline.saturating_duration_since(self.start), Pending(entry));
                (before, self.publish(&heap))
            } else {
                (before, false)
            }
        };
        drop(before);
        if earlier {
            (self.rouse)();
        }
        true
    }

    /// Takes `entry` out, if it is in.
    pub(super) fn remove(&self, entry: &Entry) {
        let waker = {
            let mut heap = self.heap.lock();
            let place = entry.place.replace(usize::MAX);
            if place == usize::MAX {
                return;
            }
            heap.remove(place);
            self.publish(&heap);
            // SAFETY: (2).
            unsafe { &mut *entry.waker.get() }.take()
        };
        // In a destructor a panic of a foreign waker is discarded (P3).
        contained(|| drop(waker));
    }

    /// Wakes everything that is due. `true` if anything was.
    pub(crate) fn fire(&self) -> bool {
        if self.until_next() != Some(Duration::ZERO) {
            return false;
        }
        let passed = self.passed();
        let mut fired = false;
        loop {
            let mut wakers: [Option<Waker>; BATCH] = [const { None }; BATCH];
            let mut n = 0;
            {
                let mut heap = self.heap.lock();
                while let Some((_, Pending(entry))) = heap.first().filter(|(at, _)| n < BATCH && *at <= passed) {
                    heap.remove(0);
                    // SAFETY: (1): it was in the heap until now, and its future waits for the lock to take it out.
                    let entry = unsafe { entry.as_ref() };
                    entry.place.set(usize::MAX);
                    // SAFETY: (2).
                    wakers[n] = unsafe { &mut *entry.waker.get() }.take();
                    entry.fired.store(true, Ordering::Release);
                    n += 1;
                }
                self.publish(&heap);
            }
            fired |= n > 0;
            for waker in wakers.into_iter().flatten() {
                contained(|| waker.wake());
            }
            if n < BATCH {
                return fired;
            }
        }
    }

    /// Stores the first deadline (3); `true` if it became earlier.
    fn publish(&self, heap: &Heap<Pending>) -> bool {
        let at = heap.first().map_or(NEVER, |(at, _)| u64::try_from(at.as_nanos()).unwrap_or(NEVER - 1).min(NEVER - 1));
        at < self.earliest.swap(at, Ordering::AcqRel)
    }
}

thread_local! {
    static CURRENT: std::cell::RefCell<Option<Arc<Timers>>> = const { std::cell::RefCell::new(None) };
}

/// Makes `timers` those of this thread until the guard is dropped.
pub(crate) fn enter(timers: &Arc<Timers>) -> Entered {
    Entered { before: CURRENT.replace(Some(Arc::clone(timers))) }
}

/// See [`enter`].
pub(crate) struct Entered {
    before: Option<Arc<Timers>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
    }
}

/// Whether this thread runs tasks: it drives a root, or is a worker.
pub(crate) fn is_entered() -> bool {
    CURRENT.with_borrow(Option::is_some)
}

/// The current time as this thread's runtime has it, or else the system's.
pub(super) fn current_time() -> Instant {
    // While the thread ends, its timers may be gone already.
    let here = CURRENT.try_with(|timers| timers.borrow().as_ref().map(|timers| timers.now()));
    here.ok().flatten().unwrap_or_else(clock::now)
}

/// The timers of this thread's runtime.
pub(super) fn current() -> Option<Arc<Timers>> {
    CURRENT.with_borrow(Clone::clone)
}

//! A cancellation as something to wait for: who waits is woken once, when it happens. Made for a task or a scope by the first
//! who waits there.
//!
//! ```text
//!   who waits                                   canceller
//!   make the signal (under its owner's lock)    set the owner's flag
//!   look at the flag                            look for the signal (under the same lock)
//!   join in, or find it fired                   fire: mark, take the waiters, unlock, wake each
//! ```
//!
//! Invariants
//! 1. The flag comes first: a canceller that finds no signal looked before it was made, so its maker sees the flag. One that
//!    finds it fires it, and each waiter is either taken or finds the mark.
//! 2. No waker is cloned, woken or dropped under the lock; one that panics does not keep the others from being woken (P3).
//! 3. A key is its waiter's until it leaves; after `fire` keys mean nothing.
//!
//! Rejected: an intrusive list (unsafe, to save an allocation where there are several waiters on one cancellation).

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::task::{Poll, Waker};

use crate::coop;
use crate::sys::Mutex;
use crate::util::contain::{FirstPanic, contained};

/// See the module.
#[derive(Debug)]
pub(crate) struct Signal(Mutex<Waiters>);

#[derive(Debug)]
struct Waiters {
    fired: bool,
    slots: Vec<Slot>,
    free: Option<usize>,
}

#[derive(Debug)]
enum Slot {
    Waiting(Waker),
    /// And the next free one.
    Free(Option<usize>),
}

impl Signal {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Waiters { fired: false, slots: Vec::new(), free: None })))
    }

    /// The signal in `place`, made if there is none.
    pub(crate) fn of(place: &mut Option<Arc<Self>>) -> Arc<Self> {
        Arc::clone(place.get_or_insert_with(Self::new))
    }

    /// Wakes all who wait, once and for all.
    pub(crate) fn fire(&self, panics: &mut FirstPanic) {
        let slots = {
            let mut waiters = self.0.lock();
            waiters.fired = true;
            std::mem::take(&mut waiters.slots)
        };
        for slot in slots {
            if let Slot::Waiting(waker) = slot {
                panics.catch(|| waker.wake());
            }
        }
    }

    /// Has `waker` woken when the signal is fired.
    fn poll(&self, key: &mut Option<usize>, waker: &Waker) -> Poll<()> {
        {
            let waiters = self.0.lock();
            if waiters.fired {
                return Poll::Ready(());
            }
            if let Some(Slot::Waiting(stored)) = key.and_then(|key| waiters.slots.get(key))
                && coop::same(stored, waker)
            {
                return Poll::Pending;
            }
        }
        let waker = coop::register(waker);
        let mut waiters = self.0.lock();
        let (before, polled) = if waiters.fired {
            (Some(Slot::Waiting(waker)), Poll::Ready(()))
        } else {
            (waiters.put(key, waker), Poll::Pending)
        };
        drop(waiters);
        drop(before);
        polled
    }

    fn leave(&self, key: usize) {
        let before = self.0.lock().take(key);
        contained(|| drop(before));
    }
}

impl Waiters {
    /// Stores `waker` under `key`, or under a new one; gives what was there.
    fn put(&mut self, key: &mut Option<usize>, waker: Waker) -> Option<Slot> {
        let waiting = Slot::Waiting(waker);
        if let Some(slot) = key.and_then(|key| self.slots.get_mut(key)) {
            return Some(std::mem::replace(slot, waiting));
        }
        if let Some(free) = self.free {
            let slot = std::mem::replace(&mut self.slots[free], waiting);
            self.free = if let Slot::Free(next) = slot { next } else { None };
            *key = Some(free);
        } else {
            *key = Some(self.slots.len());
            self.slots.push(waiting);
        }
        None
    }

    fn take(&mut self, key: usize) -> Option<Slot> {
        let free = self.free;
        let slot = self.slots.get_mut(key)?;
        self.free = Some(key);
        Some(std::mem::replace(slot, Slot::Free(free)))
    }
}

/// One who waits, in a future: leaves when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    signal: Option<Arc<Signal>>,
    key: Option<usize>,
}

impl Listener {
    /// Waits for `signal`, and no longer for another.
    pub(crate) fn poll(&mut self, signal: &Arc<Signal>, waker: &Waker) -> Poll<()> {
        if !self.signal.as_ref().is_some_and(|before| Arc::ptr_eq(before, signal)) {
            self.leave();
            self.signal = Some(Arc::clone(signal));
        }
        signal.poll(&mut self.key, waker)
    }

    /// Waits no longer.
    pub(crate) fn leave(&mut self) {
        if let (Some(signal), Some(key)) = (self.signal.take(), self.key.take()) {
            signal.leave(key);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    // X2: places that became free are used again, each by one waiter; whoever is left is woken.
    #[test]
    fn waiters_come_and_go() {
        let signal = Signal::new();
        let wakes = Arc::new(Wakes(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&wakes));
        let wait = || {
            let mut listener = Listener::default();
            assert!(listener.poll(&signal, &waker).is_pending());
            listener
        };
        let mut waiting: Vec<_> = (0..4).map(|_| wait()).collect();
        waiting.drain(1..3);
        waiting.extend((0..5).map(|_| wait()));
        assert_eq!(signal.0.lock().slots.len(), 7);
        let mut panics = FirstPanic::default();
        signal.fire(&mut panics);
        panics.discard();
        assert_eq!(wakes.0.load(Ordering::Relaxed), 7);
        assert!(waiting.iter_mut().all(|listener| listener.poll(&signal, &waker).is_ready()));
    }
}

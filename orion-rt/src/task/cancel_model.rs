//! Models of what a cancellation meets: who begins to wait for it, a part of a task that is made meanwhile, a shield in a body
//! that is to stop.

use std::sync::Arc as Shared;
use std::task::{Poll, Wake, Waker};

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::signal::{Listener, Signal};
use super::unit::Protection;
use crate::sys::Mutex;
use crate::util::contain::FirstPanic;
use crate::util::late::Late;

fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Counts how often it is woken.
struct Wakes(AtomicUsize);

impl Wakes {
    fn new() -> (Shared<Self>, Waker) {
        let wakes = Shared::new(Self(AtomicUsize::new(0)));
        (Shared::clone(&wakes), Waker::from(wakes))
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

impl Wake for Wakes {
    fn wake(self: Shared<Self>) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// What a scope has of it: the flag, and the signal behind a lock.
struct Scope {
    cancelled: AtomicUsize,
    signal: Mutex<Option<Shared<Signal>>>,
}

impl Scope {
    fn new() -> Arc<Self> {
        Arc::new(Self { cancelled: AtomicUsize::new(0), signal: Mutex::new(None) })
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire) == 1
    }

    /// What `cancel::Request` does with a scope.
    fn cancel(&self) {
        if self.cancelled.swap(1, Ordering::AcqRel) == 0 {
            let signal = self.signal.lock().clone();
            let mut panics = FirstPanic::default();
            signal.iter().for_each(|signal| signal.fire(&mut panics));
            panics.discard();
        }
    }

    /// What the future of `Group::cancelled` does when it is polled.
    fn poll(&self, listener: &mut Listener, waker: &Waker) -> Poll<()> {
        if self.is_cancelled() {
            return Poll::Ready(());
        }
        let signal = Signal::of(&mut self.signal.lock());
        if self.is_cancelled() { Poll::Ready(()) } else { listener.poll(&signal, waker) }
    }
}

// X2, X3: who begins to wait while the cancellation happens sees it or is woken.
#[test]
fn model_a_waiter_against_a_cancel() {
    check(|| {
        let scope = Scope::new();
        let canceller = {
            let scope = Arc::clone(&scope);
            thread::spawn(move || scope.cancel())
        };
        let (wakes, waker) = Wakes::new();
        let mut listener = Listener::default();
        let polled = scope.poll(&mut listener, &waker);
        canceller.join().unwrap();
        if polled.is_pending() {
            assert_eq!(wakes.get(), 1, "who waits is woken");
            assert!(scope.poll(&mut listener, &waker).is_ready());
        }
    });
}

// X6, P3: a waiter that leaves, and one that comes in its place, against the cancellation: the others are woken all the same.
#[test]
fn model_waiters_that_come_and_go() {
    check(|| {
        let scope = Scope::new();
        let ((stays, waker), (_, other)) = (Wakes::new(), Wakes::new());
        let (mut first, mut second) = (Listener::default(), Listener::default());
        assert!(scope.poll(&mut first, &other).is_pending());
        assert!(scope.poll(&mut second, &waker).is_pending());
        let canceller = {
            let scope = Arc::clone(&scope);
            thread::spawn(move || scope.cancel())
        };
        drop(first);
        let (third, waker) = Wakes::new();
        let mut listener = Listener::default();
        let polled = scope.poll(&mut listener, &waker);
        canceller.join().unwrap();
        assert_eq!(stays.get(), 1);
        assert!(polled.is_ready() || third.get() == 1);
    });
}

// X2: a part of a task that is made while the task is cancelled is found by the canceller, or its maker sees the request.
#[test]
fn model_a_part_made_against_a_cancel() {
    check(|| {
        let task = Arc::new((AtomicUsize::new(0), Late::new()));
        let canceller = {
            let task = Arc::clone(&task);
            thread::spawn(move || {
                task.0.store(1, Ordering::Release);
                task.1.get_after_flag().is_some_and(|part: &Mutex<u32>| {
                    drop(part.lock());
                    true
                })
            })
        };
        drop(task.1.get_or_make(|| Mutex::new(0)).lock());
        let seen = task.0.load(Ordering::Acquire) == 1;
        assert!(canceller.join().unwrap() || seen);
    });
}

// X3: the last shield in a body, gone on another thread, against the group's future that is to drop the body: that finds no
// shield, or is woken.
#[test]
fn model_the_last_shield_in_a_body() {
    check(|| {
        let unit = Protection::new();
        unit.enter();
        let leaver = {
            let unit = Shared::clone(&unit);
            thread::spawn(move || unit.leave())
        };
        let (wakes, waker) = Wakes::new();
        let shielded = unit.wait_with(&waker);
        leaver.join().unwrap();
        assert!(!shielded || wakes.get() == 1);
        assert!(!unit.wait_with(&waker));
    });
}

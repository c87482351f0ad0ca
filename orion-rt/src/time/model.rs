//! Models of the timers: what fires against what is put in, renewed and taken out.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::timers::Clock;
use super::{Timers, enter, sleep};
use crate::sys::clock;

const MS: Duration = Duration::from_millis(1);

fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

struct Wakes(AtomicUsize);

impl Wakes {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(0)))
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

fn timers() -> Arc<Timers> {
    Timers::new(Clock::System, || {})
}

fn fire_elsewhere(timers: &Arc<Timers>) -> thread::JoinHandle<()> {
    let timers = Arc::clone(timers);
    thread::spawn(move || {
        timers.fire();
    })
}

// T1: a sleep that is dropped while it fires is out of the heap before it is gone.
#[test]
fn model_a_sleep_is_dropped_while_it_fires() {
    check(|| {
        let timers = timers();
        let _entered = enter(&timers);
        let wakes = Wakes::new();
        let mut sleeping = Box::pin(sleep(MS));
        assert!(sleeping.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&wakes)))).is_pending());
        clock::advance(MS);
        let firing = fire_elsewhere(&timers);
        drop(sleeping);
        firing.join().unwrap();
        assert!(timers.is_empty());
    });
}

// T1: a sleep that is polled with another waker while it fires is over, or the other waker is woken.
#[test]
fn model_a_new_waker_while_it_fires() {
    check(|| {
        let timers = timers();
        let _entered = enter(&timers);
        let (first, second) = (Wakes::new(), Wakes::new());
        let mut sleeping = pin!(sleep(MS));
        let mut poll = |wakes: &Arc<Wakes>| {
            let sleeping: Pin<&mut super::Sleep> = sleeping.as_mut();
            sleeping.poll(&mut Context::from_waker(&Waker::from(Arc::clone(wakes))))
        };
        assert!(poll(&first).is_pending());
        // Due for whoever fires at the time below, not for the poll.
        let firing = {
            let timers = Arc::clone(&timers);
            thread::spawn(move || {
                clock::advance(MS);
                timers.fire();
            })
        };
        let polled = poll(&second);
        firing.join().unwrap();
        assert!(polled == Poll::Ready(()) || second.get() == 1, "nobody would poll it again");
    });
}

// T1: a timer that is put in while others fire is not forgotten by `earliest`.
#[test]
fn model_an_insert_while_others_fire() {
    check(|| {
        let timers = timers();
        let _entered = enter(&timers);
        let wakes = Wakes::new();
        let waker = Waker::from(Arc::clone(&wakes));
        let mut first = pin!(sleep(MS));
        assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let mut later = pin!(sleep(3 * MS));
        clock::advance(MS);
        let firing = fire_elsewhere(&timers);
        assert!(later.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        firing.join().unwrap();
        assert_eq!(wakes.get(), 1);
        assert!(timers.until_next().is_some(), "the later timer is known");
        clock::advance(3 * MS);
        timers.fire();
        assert_eq!(wakes.get(), 2);
    });
}

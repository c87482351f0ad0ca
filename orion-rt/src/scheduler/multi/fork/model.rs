//! A waiter that goes to sleep against the thief that sets its latch, and against workers that push more forks: it is not
//! left asleep, and the last fork is not left with everybody asleep. The protocol of `Worker::wait`, with the parking and
//! the deques replaced by flags; the job is a cell that the waiter touches, as if to free it, when it sees SET.

use super::super::sleep::Sleepers;
use super::latch::{Latch, Waiter};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

struct Model {
    latch: Latch,
    job: UnsafeCell<u32>,
    helpers: Sleepers,
    token: AtomicUsize,
    forks: AtomicUsize,
}

impl Model {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            latch: Latch::new(),
            job: UnsafeCell::new(0),
            helpers: Sleepers::new(2),
            token: AtomicUsize::new(0),
            forks: AtomicUsize::new(0),
        })
    }

    fn touch_job(&self) {
        // SAFETY: loom reports it if the latch let two threads in.
        self.job.with_mut(|job| unsafe { *job += 1 });
    }

    fn unpark(&self) {
        // A store would do, but loom may order it before the waiter's swap that has not seen it.
        self.token.swap(1, Ordering::SeqCst);
    }

    fn thief(&self) {
        self.touch_job();
        if self.latch.set() == Waiter::Asleep {
            self.unpark();
        }
    }

    fn push(&self) {
        self.forks.fetch_add(1, Ordering::Release);
        if self.helpers.pick().is_some() {
            self.unpark();
        }
    }

    fn steal(&self) -> bool {
        self.forks.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1)).is_ok()
    }

    /// Until the latch is set, or the waiter would park: `true`.
    fn wait(&self) -> bool {
        let mut searching = false;
        while !self.latch.is_set() {
            searching = searching || self.helpers.start_searching();
            if self.steal() {
                if std::mem::take(&mut searching) && self.helpers.stop_searching() && self.helpers.pick().is_some() {
                    self.unpark();
                }
                continue;
            }
            self.helpers.announce(0, std::mem::take(&mut searching));
            if self.forks.load(Ordering::Acquire) == 0 && self.latch.fall_asleep() {
                if self.token.swap(0, Ordering::SeqCst) == 0 {
                    return true;
                }
                self.latch.wake_up();
            }
            searching = !self.helpers.retract(0);
        }
        self.touch_job();
        false
    }
}

fn check(pushes: usize) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let model = Model::new();
        let threads = [
            thread::spawn({
                let model = Arc::clone(&model);
                move || model.thief()
            }),
            thread::spawn({
                let model = Arc::clone(&model);
                move || (0..pushes).for_each(|_| model.push())
            }),
        ];
        let parked = model.wait();
        threads.into_iter().for_each(|t| t.join().unwrap());
        let woken = model.token.load(Ordering::Acquire) == 1;
        assert!(!parked || woken, "a waiter sleeps though its closure is done");
    });
}

#[test]
fn model_a_latch_wakes_its_waiter() {
    check(0);
}

#[test]
fn model_a_latch_wakes_a_waiter_that_forks_have_woken() {
    check(2);
}

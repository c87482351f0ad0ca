//! Models of the `Multi` state word: a wake-up, a cancel, a join and the dropping of a handle against the poll that finishes.
//! The future is a cell that loom watches: two threads that both believe they may touch it are a reported race.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::shields::Shields;
use super::state::{Release, Start, Suspend, TaskState, Wake};
use super::state_multi::MultiState;

/// A task without memory of its own: what would be queued, freed or dropped is counted.
struct Model {
    state: MultiState,
    shields: Shields,
    future: UnsafeCell<u32>,
    slot: UnsafeCell<bool>,
    queued: AtomicUsize,
    woken: AtomicUsize,
    freed: AtomicUsize,
    result_dropped: AtomicUsize,
}

impl Model {
    fn new(handle: bool) -> Arc<Self> {
        Arc::new(Self {
            state: MultiState::new(handle),
            shields: Shields::new(),
            future: UnsafeCell::new(0),
            slot: UnsafeCell::new(false),
            queued: AtomicUsize::new(1),
            woken: AtomicUsize::new(0),
            freed: AtomicUsize::new(0),
            result_dropped: AtomicUsize::new(0),
        })
    }

    fn touch_future(&self) {
        // SAFETY: loom reports it if the state let two threads in.
        self.future.with_mut(|future| unsafe { *future += 1 });
    }

    fn wake(&self) {
        if self.state.wake() == Wake::Schedule {
            self.queued.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn cancel(&self) {
        if self.state.cancel() == Wake::Schedule {
            self.queued.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn release(&self, n: usize) {
        if self.state.release(n) {
            self.touch_future();
            self.freed.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Runs the task while it is queued; it finishes at the poll for which `ready` holds.
    fn run_queued(&self, ready: impl Fn(u32) -> bool) -> bool {
        while self.queued.load(Ordering::Acquire) > 0 {
            assert_eq!(self.queued.fetch_sub(1, Ordering::AcqRel), 1, "a task is in one queue at a time");
            let cancelled = self.state.start(|| self.shields.are_pending()) == Start::Cancel;
            self.touch_future();
            // SAFETY: as in `touch_future`.
            let polls = self.future.with(|future| unsafe { *future });
            if cancelled || ready(polls) {
                self.finish();
                return true;
            }
            match self.state.suspend(|| self.shields.are_pending()) {
                Suspend::Parked => {}
                Suspend::Requeue => {
                    self.queued.fetch_add(1, Ordering::AcqRel);
                }
                Suspend::Cancel => {
                    self.touch_future();
                    self.finish();
                    return true;
                }
            }
        }
        false
    }

    fn finish(&self) {
        let completed = self.state.finish();
        if completed.join_waker {
            // SAFETY: JOIN_WAKER: both sides only read.
            self.slot.with(|slot| assert!(unsafe { *slot }, "the slot is filled"));
            self.woken.fetch_add(1, Ordering::AcqRel);
            if self.state.join_waker_done() {
                self.empty_slot();
            }
        }
        if !completed.wanted {
            self.drop_result();
        }
        self.release(if completed.wanted { 1 } else { 2 });
    }

    fn empty_slot(&self) {
        // SAFETY: loom reports it if the slot is not this thread's.
        self.slot.with_mut(|slot| unsafe { *slot = false });
    }

    fn drop_result(&self) {
        self.touch_future();
        self.result_dropped.fetch_add(1, Ordering::AcqRel);
    }

    /// What `Claim` does when it is given up.
    fn give_up(&self, result_is_there: bool) {
        if !self.state.owns_join_slot() && self.state.withdraw_join_waker() {
            self.empty_slot();
        }
        let Release::Late { slot } = self.state.release_handle() else { return };
        if slot {
            self.empty_slot();
        }
        if result_is_there {
            self.drop_result();
        }
        self.release(1);
    }

    /// What `Claim::poll_complete` does; `true`: complete.
    fn poll_join(&self) -> bool {
        if self.state.is_complete() {
            return true;
        }
        if !self.state.owns_join_slot() {
            return !self.state.withdraw_join_waker();
        }
        // SAFETY: JOIN_WAKER is clear: the slot is the handle's.
        self.slot.with_mut(|slot| unsafe { *slot = true });
        !self.state.publish_join_waker()
    }

    fn assert_over(&self) {
        assert_eq!(self.freed.load(Ordering::Acquire), 1, "the header is freed once");
        assert_eq!(self.result_dropped.load(Ordering::Acquire), 1, "the result is dropped once");
    }
}

fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

// F4, J6: a wake-up during, before or after a poll is never lost, and two threads never touch the future.
#[test]
fn model_a_wake_is_never_lost() {
    check(|| {
        let task = Model::new(false);
        let flag = Arc::new(AtomicUsize::new(0));
        task.state.retain();
        let waker = {
            let (task, flag) = (Arc::clone(&task), Arc::clone(&flag));
            thread::spawn(move || {
                flag.store(1, Ordering::Release);
                task.wake();
                task.release(1);
            })
        };
        let ready = |_| flag.load(Ordering::Acquire) == 1;
        let mut over = task.run_queued(ready);
        waker.join().unwrap();
        over = over || task.run_queued(ready);
        assert!(over, "the wake-up after the flag was set led to a poll");
        task.assert_over();
    });
}

// X1, X6: a cancel against the poll that finishes: the future is ended once, by one thread.
#[test]
fn model_cancel_against_finish() {
    check(|| {
        let task = Model::new(false);
        task.state.retain();
        let canceller = {
            let task = Arc::clone(&task);
            thread::spawn(move || {
                task.cancel();
                task.release(1);
            })
        };
        let mut over = task.run_queued(|polls| polls == 2);
        canceller.join().unwrap();
        over = over || task.run_queued(|polls| polls == 2);
        assert!(over, "a cancelled task ends");
        task.assert_over();
    });
}

// X3: a cancel against the drop, on a third thread, of a shield that was moved out of the task: the task lives while the shield
// is pending, and ends afterwards though nobody but the two touches it.
#[test]
fn model_cancel_against_the_last_shield() {
    check(|| {
        let task = Model::new(false);
        assert!(!task.run_queued(|_| {
            task.shields.enter();
            false
        }));
        task.state.retain();
        let pending = Arc::new(AtomicUsize::new(1));
        let leaver = {
            let (task, pending) = (Arc::clone(&task), Arc::clone(&pending));
            thread::spawn(move || {
                pending.store(0, Ordering::Release);
                if task.shields.leave(|| task.state.is_cancelled()) {
                    task.wake();
                }
                task.release(1);
            })
        };
        let canceller = {
            let task = Arc::clone(&task);
            thread::spawn(move || task.cancel())
        };
        // A wake-up of its own, so that the requests meet a poll as well as a parked task.
        task.wake();
        let mut over = task.run_queued(|_| false);
        assert!(!over || pending.load(Ordering::Acquire) == 0, "a shielded task is not dropped");
        leaver.join().unwrap();
        canceller.join().unwrap();
        over = over || task.run_queued(|_| false);
        assert!(over, "the last shield lets a cancelled task end");
        task.assert_over();
    });
}

// J6, J7: a joiner that registers its waker against the poll that finishes is woken or finds the task complete.
#[test]
fn model_join_against_finish() {
    check(|| {
        let task = Model::new(true);
        let runner = {
            let task = Arc::clone(&task);
            thread::spawn(move || assert!(task.run_queued(|_| true)))
        };
        let complete = task.poll_join();
        if !complete {
            runner.join().unwrap();
            assert_eq!(task.woken.load(Ordering::Acquire), 1, "the joiner is woken");
            assert!(task.state.is_complete());
            task.give_up(true);
        } else {
            task.give_up(true);
            runner.join().unwrap();
        }
        task.assert_over();
    });
}

// J6: a handle that is dropped, with its waker registered, against the poll that finishes.
#[test]
fn model_handle_drop_against_finish() {
    check(|| {
        let task = Model::new(true);
        if task.poll_join() {
            unreachable!("nobody runs it yet");
        }
        let runner = {
            let task = Arc::clone(&task);
            thread::spawn(move || assert!(task.run_queued(|_| true)))
        };
        task.give_up(true);
        runner.join().unwrap();
        // SAFETY: both threads are done with it.
        task.slot.with(|slot| assert!(!unsafe { *slot }, "the waker was dropped"));
        task.assert_over();
    });
}

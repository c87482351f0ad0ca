//! Models of the `Multi` state word: a wake-up, a cancel, a join and the dropping of a handle against the poll that finishes.
//! The future is a cell that loom watches: two threads that both believe they may touch it are a reported race.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::shields::Shields;
use super::state::{Completed, Release, Start, Suspend, TaskState, Wake};
use super::state_multi::MultiState;

/// A task without memory of its own: what would be queued, freed or dropped is counted.
struct Model {
    state: MultiState,
    shields: Shields,
    future: UnsafeCell<u32>,
    /// Which waker is in the join waker's slot; 0: none.
    slot: UnsafeCell<u32>,
    queued: AtomicUsize,
    woken: AtomicUsize,
    /// The join waker that was woken last.
    woken_last: AtomicUsize,
    freed: AtomicUsize,
    result_dropped: AtomicUsize,
}

impl Model {
    fn new(handle: bool) -> Arc<Self> {
        Arc::new(Self {
            state: MultiState::new(handle),
            shields: Shields::new(),
            future: UnsafeCell::new(0),
            slot: UnsafeCell::new(0),
            queued: AtomicUsize::new(1),
            woken: AtomicUsize::new(0),
            woken_last: AtomicUsize::new(0),
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
        self.dispose(self.state.finish());
    }

    /// What `finish::dispose` does.
    fn dispose(&self, completed: Completed) {
        if completed.join_waker {
            // SAFETY: JOIN_WAKER: both sides only read.
            let waker = self.slot.with(|slot| unsafe { *slot });
            assert_ne!(waker, 0, "the slot is filled");
            self.woken_last.store(waker as usize, Ordering::Release);
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
        self.slot.with_mut(|slot| unsafe { *slot = 0 });
    }

    fn drop_result(&self) {
        self.touch_future();
        self.result_dropped.fetch_add(1, Ordering::AcqRel);
    }

    /// What `Claim` does when it is given up.
    fn give_up(&self, result_is_there: bool) {
        if self.state.owns_join_slot() || self.state.withdraw_join_waker() {
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

    /// What `Claim::register` does; `true`: complete.
    fn poll_join(&self) -> bool {
        self.poll_join_with(1)
    }

    fn poll_join_with(&self, waker: u32) -> bool {
        if self.state.is_complete() {
            return true;
        }
        if !self.state.owns_join_slot() {
            // SAFETY: JOIN_WAKER is set: both sides only read.
            if self.slot.with(|slot| unsafe { *slot }) == waker {
                return false;
            }
            if !self.state.withdraw_join_waker() {
                return true;
            }
        }
        // SAFETY: JOIN_WAKER is clear: the slot is the handle's.
        self.slot.with_mut(|slot| unsafe { *slot = waker });
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
        task.slot.with(|slot| assert_eq!(unsafe { *slot }, 0, "the waker was dropped"));
        task.assert_over();
    });
}

// J6, J7: a join that is polled with another waker against the poll that finishes: the last waker is woken, or the task is found
// complete.
#[test]
fn model_a_replaced_join_waker_against_finish() {
    check(|| {
        let task = Model::new(true);
        assert!(!task.poll_join_with(1), "nobody runs it yet");
        let runner = {
            let task = Arc::clone(&task);
            thread::spawn(move || assert!(task.run_queued(|_| true)))
        };
        let complete = task.poll_join_with(2);
        if !complete {
            runner.join().unwrap();
            assert_eq!((task.woken.load(Ordering::Acquire), task.woken_last.load(Ordering::Acquire)), (1, 2));
            task.give_up(true);
        } else {
            task.give_up(true);
            runner.join().unwrap();
        }
        // SAFETY: both threads are done with it.
        task.slot.with(|slot| assert_eq!(unsafe { *slot }, 0, "the waker was dropped"));
        task.assert_over();
    });
}

// J6, X6: a join that is dropped half-way, a cancel by somebody else, and the poll that finishes: one result, dropped once.
#[test]
fn model_handle_drop_against_cancel_and_finish() {
    check(|| {
        let task = Model::new(true);
        assert!(!task.poll_join(), "nobody runs it yet");
        task.state.retain();
        let canceller = {
            let task = Arc::clone(&task);
            thread::spawn(move || {
                task.cancel();
                task.release(1);
            })
        };
        let runner = {
            let task = Arc::clone(&task);
            thread::spawn(move || task.run_queued(|polls| polls == 2))
        };
        task.give_up(true);
        canceller.join().unwrap();
        let over = runner.join().unwrap() || task.run_queued(|polls| polls == 2);
        assert!(over, "a cancelled task ends");
        task.assert_over();
    });
}

// S3, J6: the future has returned, the last descendant completes the task on another thread, and the handle joins or goes.
fn descendants_against(handle: impl Fn(&Model) -> bool + Sync + Send + Copy + 'static) {
    check(move || {
        let task = Model::new(true);
        // As `Annex::pending`: one for the future, one for a descendant.
        let pending = Arc::new(AtomicUsize::new(2));
        let part = |task: Arc<Model>, pending: Arc<AtomicUsize>, runs: bool| {
            move || {
                if runs {
                    assert_eq!(task.state.start(|| false), Start::Poll);
                    task.touch_future();
                    task.state.returned();
                }
                if pending.fetch_sub(1, Ordering::AcqRel) == 1 {
                    task.dispose(task.state.complete());
                }
            }
        };
        let runner = thread::spawn(part(Arc::clone(&task), Arc::clone(&pending), true));
        let descendant = thread::spawn(part(Arc::clone(&task), pending, false));
        let waits = handle(&task);
        runner.join().unwrap();
        descendant.join().unwrap();
        if waits {
            assert_eq!(task.woken.load(Ordering::Acquire), 1, "the joiner is woken, by whoever completed the task");
            assert!(task.poll_join());
            task.give_up(true);
        }
        task.assert_over();
    });
}

#[test]
fn model_join_against_the_last_descendant() {
    descendants_against(|task| {
        let waits = !task.poll_join();
        if !waits {
            task.give_up(true);
        }
        waits
    });
}

#[test]
fn model_handle_drop_against_the_last_descendant() {
    descendants_against(|task| {
        let _ = task.poll_join();
        task.give_up(true);
        false
    });
}

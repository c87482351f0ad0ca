//! Models of a `Local` task's two counts: wakers on another thread come and go, and wake, while its own thread completes it,
//! ends the root and drops its own. The header is a cell that loom watches: freed once, touched before.

use std::cell::RefCell;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::state::{References, Start, TaskState, Wake};
use super::state_local::LocalState;
use crate::sys::Mutex;

struct Model {
    state: LocalState,
    header: UnsafeCell<bool>,
    /// The inbox: references on their way to the owner; `None`: closed.
    inbox: Mutex<Option<usize>>,
}

// SAFETY: what is plain in the state is touched by the owner thread only; loom watches the rest.
unsafe impl Send for Model {}
// SAFETY: as above.
unsafe impl Sync for Model {}

impl Model {
    /// A task that has been polled once and has given `wakers` wakers away.
    fn polled(wakers: usize) -> Arc<Self> {
        let state = LocalState::new(false);
        assert_eq!(state.start(|| false), Start::Poll);
        (0..wakers).for_each(|_| state.retain());
        let _ = state.suspend(|| false);
        Arc::new(Self { state, header: UnsafeCell::new(true), inbox: Mutex::new(Some(0)) })
    }

    fn touch(&self) {
        // SAFETY: loom reports it if it is freed meanwhile.
        self.header.with(|header| assert!(unsafe { *header }, "the header is used after it was freed"));
    }

    fn free_if(&self, last: bool) {
        if last {
            // SAFETY: loom reports it if it is touched meanwhile.
            self.header
                .with_mut(|header| assert!(std::mem::take(unsafe { &mut *header }), "the header is freed twice"));
        }
    }

    fn is_freed(&self) -> bool {
        // SAFETY: the threads are done.
        self.header.with(|header| !unsafe { *header })
    }

    // What a waker does on a thread that is not the owner, as in `waker`.

    fn clone_remote(&self) {
        self.touch();
        self.state.retain_remote();
    }

    fn drop_remote(&self) {
        self.touch();
        self.free_if(self.state.release_remote());
    }

    fn wake_remote(&self) {
        self.touch();
        if self.state.wake_remote() == Wake::Schedule {
            self.bring();
        }
    }

    fn bring(&self) {
        self.state.retain_remote();
        let open = self.inbox.lock().as_mut().map(|n| *n += 1).is_some();
        if !open {
            self.drop_remote();
        }
    }

    fn drop_own_remote(&self) {
        self.touch();
        self.free_if(self.state.release_own_remote());
    }

    fn wake_own_remote(&self) {
        self.touch();
        if self.state.wake_own_remote() == Wake::Schedule {
            self.bring();
        }
    }

    // What the owner does.

    fn receive(&self, n: usize) {
        for _ in 0..n {
            self.state.remote_wake_taken();
            let _ = self.state.wake();
            self.free_if(self.state.release(1));
        }
    }

    /// Polls it to its end; nobody wants the result, so the completion's reference and the list's are given back.
    fn complete(&self) {
        if self.state.wake() == Wake::Schedule {
            assert_eq!(self.state.start(|| false), Start::Poll);
            let completed = self.state.finish();
            assert!(!completed.wanted);
            self.touch();
            self.free_if(self.state.release(2));
        }
    }

    /// The root ends: the inbox closes, and what was in it comes back.
    fn end(&self) {
        let left = self.inbox.lock().take();
        self.receive(left.unwrap_or(0));
    }
}

fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

fn elsewhere(task: &Arc<Model>, f: impl FnOnce(&Model) + 'static) -> RefCell<Option<thread::JoinHandle<()>>> {
    let task = Arc::clone(task);
    RefCell::new(Some(thread::spawn(move || f(&task))))
}

fn join(thread: &RefCell<Option<thread::JoinHandle<()>>>) {
    thread.take().unwrap().join().unwrap();
}

// J6: the last waker is dropped on another thread while the task completes: the counts are added up once.
#[test]
fn model_a_remote_drop_against_the_merge() {
    check(|| {
        let task = Model::polled(1);
        let other = elsewhere(&task, Model::drop_remote);
        task.complete();
        task.end();
        join(&other);
        assert!(task.is_freed());
    });
}

// J6: wakers are cloned and dropped on another thread, and one at home, while the task completes.
#[test]
fn model_remote_clones_against_the_merge() {
    check(|| {
        let task = Model::polled(2);
        let other = elsewhere(&task, |task| {
            task.clone_remote();
            task.drop_remote();
            task.drop_remote();
        });
        task.free_if(task.state.release(1));
        task.complete();
        task.end();
        join(&other);
        assert!(task.is_freed());
    });
}

// J6, R1: a wake-up from another thread while the task completes and its root ends: it is taken in, or comes back.
#[test]
fn model_a_remote_wake_against_the_end() {
    check(|| {
        let task = Model::polled(1);
        let other = elsewhere(&task, |task| {
            task.wake_remote();
            task.drop_remote();
        });
        task.complete();
        task.end();
        join(&other);
        assert!(task.is_freed());
    });
}

// J6: a waker is cloned on another thread and comes home, where it is dropped; the clone goes while the task completes.
#[test]
fn model_a_clone_elsewhere_of_a_waker_that_comes_home() {
    check(|| {
        let task = Model::polled(1);
        let home = Arc::new(Mutex::new(false));
        let other = elsewhere(&task, {
            let home = Arc::clone(&home);
            move |task| {
                task.clone_remote();
                *home.lock() = true;
                task.drop_remote();
            }
        });
        let came_home = *home.lock();
        if came_home {
            task.free_if(task.state.release(1));
        }
        task.complete();
        task.end();
        join(&other);
        if !came_home {
            // After its root's end a waker counts as foreign everywhere.
            task.drop_remote();
        }
        assert!(task.is_freed());
    });
}

// D1, J6: a registration wakes on another thread, or is dropped there, while the task completes; before that it counts as none.
#[test]
fn model_a_registration_elsewhere_against_the_end() {
    for wakes in [false, true] {
        check(move || {
            let task = Model::polled(0);
            task.state.retain_own();
            assert_eq!(task.state.references(), References { all: 2, own: 1 });
            let other = elsewhere(&task, move |task| {
                if wakes {
                    task.wake_own_remote();
                    task.drop_remote();
                } else {
                    task.drop_own_remote();
                }
            });
            task.complete();
            task.end();
            join(&other);
            assert!(task.is_freed());
        });
    }
}

// D1: registrations come and go on both sides, far from zero (here two): what is left is told apart from other wakers.
#[test]
fn model_registrations_are_told_from_wakers() {
    check(|| {
        let task = Model::polled(1);
        (0..4).for_each(|_| task.state.retain_own());
        let other = elsewhere(&task, |task| (0..3).for_each(|_| task.drop_own_remote()));
        let (last, none_left) = task.state.release_own();
        assert!(!last);
        join(&other);
        assert_eq!(task.state.references(), References { all: 2, own: 0 });
        assert!(!task.state.has_registrations() || none_left);
        task.free_if(task.state.release(1));
        task.complete();
        task.end();
        assert!(task.is_freed());
    });
}

//! Models of the scope tree, with the code that runs in programs on a scheduler of a few lines: what is spawned, opened and
//! woken while a scope is cancelled or ends. Memory that is used after it was freed is noticed (`sys::quarantine`), and so is
//! what tasks borrow (`Borrowed`).

mod kind;

use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize as PlainUsize;
use std::task::{Context, Poll, Waker};

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::Group;
use super::group::Spec;
use crate::runtime::root;
use crate::task::kind::Count;
use crate::task::owner::{ORDINARY, ScopeCore};
use crate::task::scope_ref::ScopeRef;
use kind::{Modelled, PACE, Queue};

fn check(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// A root whose body is the model itself.
struct World {
    queue: Arc<Queue>,
    root: ScopeRef<Modelled>,
}

impl World {
    fn new() -> Self {
        let queue = Queue::new();
        let shared = NonNull::new(Arc::as_ptr(&queue).cast_mut()).unwrap();
        // SAFETY: this has a reference to it.
        let root = unsafe { ScopeCore::new_root(shared, 1, None, Location::caller()) };
        Self { queue, root }
    }

    fn group(&self) -> Group<'static, Modelled> {
        Group::new(self.root.clone())
    }

    /// A group of its own that no task has opened; `end` ends its body.
    fn inner(&self) -> Group<'static, Modelled> {
        Group::new(ScopeCore::group(&self.root, None, Location::caller()))
    }

    /// Runs what is left and ends: every task is gone.
    fn end(self) {
        self.queue.run();
        self.root.end_activity(ORDINARY);
        assert_eq!(self.root.active.get(), 0, "every task has ended");
    }
}

fn end(group: &Group<'_, Modelled>) {
    group.core().end_activity(ORDINARY);
}

/// What tasks borrow: a task looks at it, its owner writes to it when it believes the tasks gone. A look that panics is a panic of
/// the task, which no model raises: so looks are counted, and the owner, who drops it last, asks whether each came back.
struct Borrowed {
    there: UnsafeCell<bool>,
    looks: PlainUsize,
}

impl Borrowed {
    fn new() -> Arc<Self> {
        Arc::new(Self { there: UnsafeCell::new(true), looks: PlainUsize::new(0) })
    }

    fn look(&self) {
        self.looks.fetch_add(1, Ordering::Relaxed);
        // SAFETY: loom reports it if the owner writes meanwhile.
        self.there.with(|there| assert!(unsafe { *there }, "a task has outlived what it borrows"));
        self.looks.fetch_sub(1, Ordering::Relaxed);
    }

    fn take_away(&self) {
        // SAFETY: loom reports it if a task looks meanwhile.
        self.there.with_mut(|there| unsafe { *there = false });
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        assert!(std::thread::panicking() || *self.looks.get_mut() == 0, "a task has outlived what it borrows");
    }
}

/// Alive as long as the future that holds it.
struct Guest(Arc<PlainUsize>);

impl Guest {
    fn of(alive: &Arc<PlainUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(alive))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

type Boxed = Pin<Box<dyn Future<Output = ()>>>;

async fn never(guest: Guest) {
    std::future::pending::<()>().await;
    drop(guest);
}

/// A task, of the scope it opens a group on or of the root, whose group has a task that never ends; it leaves the group's
/// future in the slot and returns. On another thread `cancel` is called. Whatever the order, the group's task is cancelled.
fn group_opened_against(
    from_outside: bool,
    cancel: impl Fn(&Group<'static, Modelled>, Opener) + Copy + Sync + Send + 'static,
) {
    check(2, move || {
        let world = Arc::new(World::new());
        let alive = Arc::new(PlainUsize::new(0));
        let outer = world.inner();
        let slot: Arc<std::sync::Mutex<Option<Boxed>>> = Arc::default();
        let home = if from_outside { world.group() } else { outer.clone() };
        let opener = home.spawn_any(Spec::here(), {
            let (group, alive, slot) = (outer.clone(), Arc::clone(&alive), Arc::clone(&slot));
            poll_fn(move |cx| {
                let alive = Arc::clone(&alive);
                let mut opened: Boxed = Box::pin(group.group(move |g: Group<'static, Modelled>| {
                    g.go_any(Spec::here(), never(Guest::of(&alive)));
                    std::future::pending()
                }));
                assert!(opened.as_mut().poll(cx).is_pending());
                *slot.lock().unwrap() = Some(opened);
                Poll::Ready(())
            })
        });
        let canceller = thread::spawn({
            let outer = outer.clone();
            move || cancel(&outer, opener)
        });
        drop(home);
        world.queue.run();
        canceller.join().unwrap();
        world.queue.run();
        assert_eq!(alive.load(Ordering::Relaxed), 0, "the request has reached the group's task");
        drop(slot.lock().unwrap().take());
        end(&outer);
        drop(outer);
        Arc::into_inner(world).unwrap().end();
    });
}

type Opener = super::JoinHandle<'static, (), Modelled>;

// X2, X4: a task is cancelled while it opens a group.
#[test]
fn model_a_group_against_the_cancel_of_its_opener() {
    group_opened_against(false, |_, opener| opener.cancel());
}

// X2: the scope on which a group is opened is cancelled meanwhile, and its opener with it, or not.
#[test]
fn model_a_group_against_the_cancel_of_its_parent() {
    group_opened_against(false, |outer, _opener| outer.cancel());
    group_opened_against(true, |outer, _opener| outer.cancel());
}

// S5: a spawn against the cancel of its scope: the task is refused, or found and cancelled.
#[test]
fn model_a_spawn_against_a_cancel() {
    check(3, || {
        let world = World::new();
        let alive = Arc::new(PlainUsize::new(0));
        let group = world.inner();
        let canceller = thread::spawn({
            let group = group.clone();
            move || group.cancel()
        });
        group.go_any(Spec::here(), never(Guest::of(&alive)));
        canceller.join().unwrap();
        world.queue.run();
        assert_eq!(alive.load(Ordering::Relaxed), 0);
        end(&group);
        drop(group);
        world.end();
    });
}

// S2, R3: a spawn against the end of its scope: the task is refused, or the scope ends after it.
#[test]
fn model_a_spawn_against_the_end() {
    check(3, || {
        let world = Arc::new(World::new());
        let borrowed = Borrowed::new();
        let group = world.inner();
        let spawner = thread::spawn({
            let (world, group, borrowed) = (Arc::clone(&world), group.clone(), Arc::clone(&borrowed));
            move || {
                group.go_any(Spec::here(), async move { borrowed.look() });
                drop(group);
                world.queue.run();
            }
        });
        end(&group);
        let ended = group.core().active.get() == 0;
        if ended {
            borrowed.take_away();
        }
        drop(group);
        spawner.join().unwrap();
        Arc::into_inner(world).unwrap().end();
    });
}

// S9, R3: a background task is spawned while the last one before it leaves, by the last who keeps the root, who leaves too: the
// root ends when both tasks have.
#[test]
fn model_a_background_task_comes_while_the_last_one_leaves() {
    check(2, || {
        let world = Arc::new(World::new());
        let borrowed = Borrowed::new();
        let group = world.group();
        let background = || Spec { background: true, ..Spec::here() };
        group.go_any(background(), async {});
        let worker = thread::spawn({
            let world = Arc::clone(&world);
            move || world.queue.run_some(1)
        });
        group.go_any(background(), {
            let borrowed = Arc::clone(&borrowed);
            async move { borrowed.look() }
        });
        end(&group);
        if group.core().active.get() == 0 {
            borrowed.take_away();
        }
        drop(group);
        worker.join().unwrap();
        world.queue.run();
        assert_eq!(world.root.active.get(), 0, "every task has ended");
    });
}

// S2, S5: a spawn into a group of a root that has ended, against the end of the group's body: the spawn is refused, and whichever
// comes last tells the group's future.
#[test]
fn model_a_refused_spawn_against_the_end_of_the_body() {
    check(3, || {
        let world = World::new();
        let group = world.inner();
        end(&world.group());
        let told = Arc::new(Told(AtomicBool::new(false)));
        group.core().wait_with(&Waker::from(Arc::clone(&told)));
        let spawner = thread::spawn({
            let group = group.clone();
            move || group.go_any(Spec::here(), async { unreachable!("refused") })
        });
        group.core().end_body();
        let seen = group.core().active.get() == 0;
        spawner.join().unwrap();
        assert!(seen || told.0.load(Ordering::Acquire), "the end is seen, or told");
    });
}

/// Whether it was woken.
struct Told(AtomicBool);

impl std::task::Wake for Told {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

// S3: a task that opened a group returns while the group's task does: it is complete when both have, for whoever joins it, and
// completes once.
#[test]
fn model_an_opener_completes_with_its_last_task() {
    check(3, || {
        let world = Arc::new(World::new());
        let borrowed = Borrowed::new();
        let outer = world.group();
        let opener = outer.spawn_any(Spec::here(), {
            let (outer, borrowed) = (outer.clone(), Arc::clone(&borrowed));
            poll_fn(move |cx| {
                let borrowed = Arc::clone(&borrowed);
                let mut opened: Boxed = Box::pin(outer.group(move |g: Group<'static, Modelled>| {
                    g.go_any(Spec::here(), async move { borrowed.look() });
                    std::future::pending()
                }));
                assert!(opened.as_mut().poll(cx).is_pending());
                // Dropped: cancelled, unless it is running already.
                Poll::Ready(drop(opened))
            })
        });
        let worker = thread::spawn({
            let world = Arc::clone(&world);
            move || world.queue.run()
        });
        world.queue.run();
        if opener.is_finished() {
            borrowed.take_away();
        }
        worker.join().unwrap();
        assert!(opener.is_finished());
        drop((opener, outer));
        Arc::into_inner(world).unwrap().end();
    });
}

// X6, R5: a handle cancels its task on another thread; the task ends, with it the root, and the scheduler is given up, before that
// thread has come back from queueing it.
#[test]
fn model_a_handles_cancel_against_the_end_of_the_scheduler() {
    check(3, || {
        let world = World::new();
        let alive = Arc::new(PlainUsize::new(0));
        let handle = world.group().spawn_any(Spec::here(), never(Guest::of(&alive)));
        // It parks.
        world.queue.run_some(1);
        let canceller = thread::spawn(move || handle.cancel());
        world.queue.run();
        if alive.load(Ordering::Relaxed) == 0 {
            world.end();
            canceller.join().unwrap();
        } else {
            canceller.join().unwrap();
            world.end();
        }
        assert_eq!(alive.load(Ordering::Relaxed), 0);
    });
}

// X6, R5: the same where the task ends by itself: the handle finds it complete, or has kept its scheduler.
#[test]
fn model_a_handles_cancel_against_the_end_of_its_task() {
    check(3, || {
        let world = World::new();
        let handle = world.group().spawn_any(Spec::here(), async {});
        let canceller = thread::spawn(move || handle.cancel());
        world.queue.run();
        world.end();
        canceller.join().unwrap();
    });
}

// P1: the future of a group with a panic inside is dropped on another thread while the task that opened it completes, and with
// it the scope that is to raise the panic.
#[test]
fn model_a_panic_is_handed_on_while_the_opener_completes() {
    check(2, || {
        let world = World::new();
        let outer = world.inner();
        let slot: Arc<std::sync::Mutex<Option<Boxed>>> = Arc::default();
        outer.go_any(Spec::here(), {
            let (on_root, slot) = (world.group(), Arc::clone(&slot));
            poll_fn(move |cx| {
                if slot.lock().unwrap().is_some() {
                    return Poll::Ready(());
                }
                let mut opened: Boxed = Box::pin(on_root.group(move |g: Group<'static, Modelled>| {
                    g.go_any(Spec::here(), async { std::panic::resume_unwind(Box::new("inner")) });
                    std::future::pending()
                }));
                assert!(opened.as_mut().poll(cx).is_pending());
                *slot.lock().unwrap() = Some(opened);
                Poll::Pending
            })
        });
        // The task opens the group, the group's panics and wakes the opener.
        world.queue.run_some(2);
        let left = SendBox(slot.lock().unwrap().take().unwrap());
        *slot.lock().unwrap() = Some(Box::pin(std::future::ready(())));
        let dropper = thread::spawn(move || drop(left));
        world.queue.run();
        end(&outer);
        drop(outer);
        dropper.join().unwrap();
        world.end();
    });
}

/// Moves to another thread what rustc cannot see to be `Send`, as a group's future on `Multi` is.
struct SendBox(#[expect(dead_code, reason = "to be dropped")] Boxed);

// SAFETY: nothing in it belongs to a thread.
unsafe impl Send for SendBox {}

// J6, R8: the body is woken on another thread while it ends, and with it the root, which is freed at once.
#[test]
fn model_a_body_wake_against_the_roots_end() {
    check(3, || {
        let world = World::new();
        let happened = Arc::new(AtomicBool::new(false));
        let left: Arc<std::sync::Mutex<Option<Waker>>> = Arc::default();
        let (body, claim) = root::adopt_body(&world.root, {
            let (happened, left) = (Arc::clone(&happened), Arc::clone(&left));
            poll_fn(move |cx: &mut Context<'_>| {
                if left.lock().unwrap().is_none() {
                    let waker = cx.waker().clone();
                    let elsewhere = waker.clone();
                    let happened = Arc::clone(&happened);
                    thread::spawn(move || {
                        happened.store(true, Ordering::Release);
                        elsewhere.wake();
                    });
                    *left.lock().unwrap() = Some(waker);
                }
                if happened.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
            })
        });
        root::drive_body(&world.root, body, PACE, || ());
        // SAFETY: the root has ended; the body gives nothing.
        assert!(unsafe { root::conclude::<Modelled, ()>(&world.root, claim) }.is_ok());
        drop(world);
        drop(left);
    });
}

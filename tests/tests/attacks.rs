//! Programs that broke the runtime, or that a plausible implementation does not survive: awkward company for scopes, roots and
//! handles. What one rule says in ordinary company is tested beside that rule.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Wake, Waker};

use futures::executor::block_on;
use orion_rt::{Chan, Group, TaskError, shield};
use orion_tests::{Count, Then, for_ever, poll_once, watched, workers, yielding};

// P3, R5: the value of a root that nobody waits for any more panics in its destructor; no worker goes down, and the runtime's end is reached.
#[test]
fn p3_the_value_of_a_dropped_root_panics_in_its_destructor() {
    watched(|| {
        let runtime = workers(1);
        let (started, starts) = mpsc::channel();
        let (go, gone) = mpsc::channel();
        let root = runtime.start(async move |_| {
            started.send(()).unwrap();
            gone.recv().unwrap();
            Then(|| panic!("a destructor"))
        });
        starts.recv().unwrap();
        drop(root);
        go.send(()).unwrap();
        assert_eq!(runtime.run(async |s| s.spawn(async { 7 }).get().await), 7);
        drop(runtime);
    });
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a payload's destructor");
    }
}

// P2, P3: the panic of an isolated task, kept by a handle that outlives its root, is nobody's when the handle is dropped; nor is that
// of its payload's destructor.
#[test]
fn p3_a_handle_that_outlives_its_root_drops_a_payload_that_panics() {
    orion_tests::leaks_on_purpose("what a payload's destructor panics with is forgotten");
    watched(|| {
        let runtime = workers(1);
        let root = runtime.start(async |g| {
            let mut task = g.task().isolated().spawn(async { std::panic::panic_any(Bomb) });
            task.finished().await;
            task
        });
        let task = block_on(root).unwrap();
        drop(runtime);
        drop(task);
    });
}

// P1: a group of a started root whose future is polled elsewhere: the root ends first and raises the panic, and the future says so.
#[test]
fn p1_a_group_outlives_the_root_that_raises_its_panic() {
    watched(|| {
        let runtime = workers(1);
        let (handed, group) = mpsc::channel::<Group<'static>>();
        let (keep, kept) = mpsc::channel::<()>();
        let root = runtime.start(async move |g| {
            handed.send(g).unwrap();
            kept.recv().unwrap_err();
        });
        let group = group.recv().unwrap();
        let mut inner = Box::pin(group.group(async |h| {
            h.go(async { panic!("inner") });
            for_ever().await;
        }));
        let wakes = Count::default();
        assert!(poll_once(inner.as_mut(), &wakes).is_pending());
        drop(keep);
        let error = block_on(root).unwrap_err();
        assert!(matches!(error, TaskError::Panicked(panic) if panic.message() == "inner"));
        // The root's end may be seen before that of the group.
        let caught = catch_unwind(AssertUnwindSafe(|| while poll_once(inner.as_mut(), &wakes).is_pending() {}));
        let message = orion_tests::panic_message(caught);
        assert!(message.contains("root"), "{message}");
    });
}

// S2, S4: two groups wait for one whose future was dropped, each polled by another task; both are woken at its end.
#[test]
fn s4_two_tasks_wait_for_one_dropped_group() {
    watched(|| {
        orion_rt::run(async |s| {
            let (gate, moved) = (&Chan::<()>::new(0), Chan::new(1));
            let receiver = moved.clone();
            s.go(async move {
                let inner: Pin<Box<dyn Future<Output = ()>>> = receiver.recv().await.unwrap();
                inner.await;
            });
            let scope = Group::clone(s);
            let gate = gate.clone();
            let open = gate.clone();
            let opener = s.spawn(async move {
                let outer = scope.group(async |outer| {
                    let mut inner: Pin<Box<dyn Future<Output = ()>>> = Box::pin(outer.group(async move |g| {
                        let mut dropped = Box::pin(g.group(async move |h| {
                            h.go(shield(async move { _ = gate.recv().await }));
                            for_ever().await;
                        }));
                        assert!(futures::poll!(dropped.as_mut()).is_pending());
                        yielding(2).await;
                    }));
                    for _ in 0..4 {
                        // The last polls find the group's body gone.
                        assert!(futures::poll!(inner.as_mut()).is_pending());
                        yielding(1).await;
                    }
                    moved.send(inner).await.unwrap();
                });
                outer.await;
            });
            yielding(20).await;
            open.send(()).await.unwrap();
            opener.await.unwrap();
        });
    });
}

/// Does something when it is dropped as a waker.
struct OnDrop(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Wake for OnDrop {
    fn wake(self: Arc<Self>) {}
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(f) = self.0.get_mut().unwrap().take() {
            f();
        }
    }
}

// S4: a group's future is dropped, and meanwhile the one above looks whether everything below has ended; it is told when it has.
#[test]
fn s4_a_group_is_waited_for_while_it_is_dropped() {
    watched(|| {
        let runtime = workers(1);
        let (handed, group) = mpsc::channel::<Group<'static>>();
        let (gate, moved) = (Chan::<()>::new(0), Arc::new(Mutex::new(None)));
        let held = Chan::<()>::new(0);
        let root = runtime.start({
            let held = held.clone();
            async move |g| {
                handed.send(g).unwrap();
                held.recv().await;
            }
        });
        let outer = {
            let (gate, moved) = (gate.clone(), Arc::clone(&moved));
            group.recv().unwrap().group(async move |g| {
                g.go(async move { _ = gate.recv().await });
                let inner = Box::pin(g.group(async |_| for_ever().await));
                *moved.lock().unwrap() = Some(inner as Pin<Box<dyn Future<Output = ()> + Send>>);
            })
        };
        let mut outer: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(outer);
        let wakes = Count::default();
        assert!(poll_once(Pin::new(&mut outer), &wakes).is_pending());
        let mut inner = moved.lock().unwrap().take().unwrap();
        let outer = Arc::new(Mutex::new(outer));
        let look = {
            let (outer, wakes) = (Arc::clone(&outer), wakes.clone());
            move || {
                gate.close();
                while wakes.get() == 0 {
                    std::thread::yield_now();
                }
                assert!(poll_once(Pin::new(&mut *outer.lock().unwrap()), &wakes).is_pending());
            }
        };
        let waker = Waker::from(Arc::new(OnDrop(Mutex::new(Some(Box::new(look))))));
        assert!(inner.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        drop(inner);
        assert_eq!(wakes.get(), 2);
        assert!(poll_once(Pin::new(&mut *outer.lock().unwrap()), &wakes).is_ready());
        held.close();
        block_on(root).unwrap();
    });
}

thread_local! {
    static KEPT: std::cell::RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>> = const { std::cell::RefCell::new(None) };
}

orion_rt::task_local! {
    static LOCAL: u32;
}

// S11, P3: a future with a task-local value is dropped by a thread that ends, after that thread's own values are gone.
#[test]
fn s11_a_task_local_future_is_dropped_by_a_thread_that_ends() {
    std::thread::spawn(|| {
        KEPT.with_borrow_mut(|kept| {
            let future = kept.insert(Box::pin(LOCAL.scope(7, for_ever())));
            assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        });
    })
    .join()
    .unwrap();
}

// S4, R5: futures that were polled half-way are dropped by a thread that ends, after its other values: a group's and a local group's, with
// children that are shielded and have inherited something.
#[test]
fn s4_half_polled_groups_are_dropped_by_a_thread_that_ends() {
    watched(|| {
        let runtime = workers(1);
        let (handed, group) = mpsc::channel::<Group<'static>>();
        let root = runtime.start(async move |g| {
            handed.send(g).unwrap();
            for_ever().await;
        });
        let group = group.recv().unwrap();
        let (gone, there) = (Count::default(), group.clone());
        let counted = gone.clone();
        std::thread::spawn(move || {
            KEPT.with_borrow_mut(|kept| {
                let future = LOCAL.scope(7, async move {
                    let inner = there.clone();
                    let opened = there.group(async move |g| {
                        let (one, two) = (counted.on_drop(), counted.on_drop());
                        g.go(async move {
                            let _one = one;
                            for_ever().await;
                        });
                        inner
                            .local(async |l| {
                                l.go(shield(async move {
                                    let _two = two;
                                    for_ever().await;
                                }));
                                for_ever().await;
                            })
                            .await;
                    });
                    opened.await;
                });
                let future = kept.insert(Box::pin(future));
                assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            });
        })
        .join()
        .unwrap();
        drop(root);
        drop(runtime);
        assert_eq!(gone.get(), 2);
    });
}

// R5: the last handle of a runtime is in the value of a root of its own that nobody waits for: it is dropped by the worker that ends
// that root, which waits for nobody.
#[test]
fn r5_a_runtime_goes_with_the_value_of_its_own_root() {
    watched(|| {
        let runtime = Arc::new(workers(2));
        let inside = Arc::clone(&runtime);
        let (started, starts) = mpsc::channel();
        let (go, gone) = mpsc::channel::<()>();
        let (ended, end) = mpsc::channel::<()>();
        let root = runtime.start(async move |g| {
            started.send(()).unwrap();
            gone.recv().unwrap_err();
            (inside, g, Then(move || ended.send(()).unwrap()))
        });
        starts.recv().unwrap();
        drop(root);
        drop(runtime);
        drop(go);
        end.recv().unwrap();
    });
}

/// Does something each time it is woken.
struct OnWake(Box<dyn Fn() + Send + Sync>);

impl Wake for OnWake {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

// X2, P3: a waker that is woken by a cancellation cancels again, spawns, and drops others that wait for it.
#[test]
fn x2_a_waker_uses_the_scope_that_wakes_it() {
    watched(|| {
        let runtime = workers(1);
        let (handed, group) = mpsc::channel::<Group<'static>>();
        let root = runtime.start(async move |g| {
            handed.send(g.clone()).unwrap();
            g.cancelled().await;
        });
        let group = group.recv().unwrap();
        let others = Arc::new(Mutex::new(Vec::new()));
        let mut first = Box::pin(group.cancelled());
        let waker = Waker::from(Arc::new(OnWake(Box::new({
            let (others, group) = (Arc::clone(&others), group.clone());
            move || {
                group.cancel();
                group.go(async { unreachable!("refused") });
                others.lock().unwrap().clear();
            }
        }))));
        assert!(first.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let wakes = Count::default();
        for _ in 0..3 {
            let mut other = Box::pin(group.cancelled());
            assert!(poll_once(other.as_mut(), &wakes).is_pending());
            others.lock().unwrap().push(other);
        }
        group.cancel();
        assert!(others.lock().unwrap().is_empty());
        assert_eq!(wakes.get(), 3);
        assert!(poll_once(first.as_mut(), &wakes).is_ready());
        block_on(root).unwrap();
    });
}

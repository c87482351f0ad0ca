//! Roots that no thread waits for: `Runtime::start` and `Root`, rules R4 and R5.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use futures::executor::block_on;
use orion_rt::{Chan, Group, JoinHandle, Runtime, TaskError};
use orion_tests::{Count, Then, WORKERS, for_ever, watched, workers};

fn on_workers(test: impl Fn(Runtime)) {
    watched(|| WORKERS.iter().for_each(|&n| test(workers(n))));
}

// R5: the future of a root is ready when every task is gone, in any executor; `async |g| ..` works.
#[test]
fn r5_a_root_is_ready_when_all_its_tasks_are_gone() {
    on_workers(|runtime| {
        let gone = Count::default();
        let counted: Vec<_> = (0..5).map(|_| gone.on_drop()).collect();
        let root = runtime.start(async move |g| {
            for counted in counted {
                let inner = g.clone();
                g.go(async move {
                    inner
                        .group(async move |h| {
                            h.go(async move {
                                orion_rt::yield_now().await;
                                drop(counted);
                            });
                        })
                        .await;
                });
            }
            "value"
        });
        assert_eq!(block_on(root).unwrap(), "value");
        assert_eq!(gone.get(), 5);
    });
}

// R4: roots of `run` and of `start` are independent on the same workers; one is started inside a task of another and awaited there.
#[test]
fn r4_a_root_is_started_inside_another() {
    on_workers(|runtime| {
        let runtime = Arc::new(runtime);
        let inside = Arc::clone(&runtime);
        let sum = runtime.run(async |s| {
            let root = s.spawn(async move {
                let root = inside.start(async |g| g.spawn(async { 40 }).await.unwrap());
                root.await.unwrap() + 2
            });
            root.await.unwrap()
        });
        assert_eq!(sum, 42);
    });
}

// R5: dropping a `Root` asks its tasks and its body to stop and returns at once.
#[test]
fn r5_dropping_a_root_stops_it() {
    on_workers(|runtime| {
        let ended = Chan::new(2);
        let (first, second) = (ended.clone(), ended.clone());
        let started = Chan::new(2);
        let (begun, begun_too) = (started.clone(), started.clone());
        let root = runtime.start(async move |g| {
            let _body = Then(move || first.try_send("body").unwrap());
            g.go(async move {
                let _task = Then(move || second.try_send("task").unwrap());
                begun.send(()).await.unwrap();
                for_ever().await;
            });
            begun_too.send(()).await.unwrap();
            for_ever().await;
        });
        started.recv_blocking();
        started.recv_blocking();
        drop(root);
        let mut both = [ended.recv_blocking().unwrap(), ended.recv_blocking().unwrap()];
        both.sort_unstable();
        assert_eq!(both, ["body", "task"]);
    });
}

// R5: a panic below a started root is its output, payload and all; the siblings and the body are gone by then.
#[test]
fn r5_a_panic_is_the_output() {
    on_workers(|runtime| {
        let gone = Count::default();
        let (task, body) = (gone.on_drop(), gone.on_drop());
        let root = runtime.start(async move |g| {
            g.go(async move {
                let _task = task;
                for_ever().await;
            });
            g.go(async { std::panic::panic_any(17_u8) });
            let _body = body;
            for_ever().await;
        });
        let Err(TaskError::Panicked(panic)) = block_on(root) else { panic!("not a panic") };
        // D7: the payload does not say which task it was.
        let text = panic.to_string();
        assert!(text.starts_with("task 'root' (#") && text.contains("), or a task of it, panicked: "), "{text}");
        assert_eq!(*panic.into_payload().unwrap().downcast::<u8>().unwrap(), 17);
        assert_eq!(gone.get(), 2);
        // The closure's own panic is the body's.
        let root = runtime.start(|_| -> std::future::Ready<()> { panic!("closure") });
        assert!(matches!(block_on(root), Err(TaskError::Panicked(panic)) if panic.message() == "closure"));
    });
}

// R5: dropping a runtime cancels its started roots, waits for their tasks and joins its threads.
#[test]
fn r5_dropping_a_runtime_cancels_its_roots() {
    on_workers(|runtime| {
        let gone = Count::default();
        let roots: Vec<_> = (0..3)
            .map(|_| {
                let (task, started) = (gone.on_drop(), Chan::new(1));
                let begun = started.clone();
                let root = runtime.start(async move |g| {
                    g.go(async move {
                        let _task = task;
                        begun.send(()).await.unwrap();
                        for_ever().await;
                    });
                    for_ever().await;
                });
                started.recv_blocking();
                root
            })
            .collect();
        drop(runtime);
        assert_eq!(gone.get(), 3);
        for root in roots {
            assert!(matches!(block_on(root), Err(TaskError::Cancelled)));
        }
    });
}

// R5: a runtime dropped on one of its own workers does not wait, and ends all the same.
#[test]
fn r5_a_runtime_dropped_on_its_own_worker() {
    on_workers(|runtime| {
        let slot = Arc::new(Mutex::new(None));
        let inside = Arc::clone(&slot);
        let (give, get) = std::sync::mpsc::channel();
        let root = runtime.start(async move |_| {
            let _told = Then(move || give.send(()).unwrap());
            while inside.lock().unwrap().is_none() {
                orion_rt::yield_now().await;
            }
            drop::<Option<Runtime>>(inside.lock().unwrap().take());
            for_ever().await;
        });
        *slot.lock().unwrap() = Some(runtime);
        get.recv().unwrap();
        assert!(matches!(block_on(root), Err(TaskError::Cancelled)));
    });
}

// J6, S2: a handle and a group may outlive a started root: the handle gives its value, the group refuses (S5), even when the
// runtime is gone.
#[test]
fn s2_handles_and_groups_outlive_a_started_root() {
    on_workers(|runtime| {
        type Left = (JoinHandle<'static, String>, Group<'static>);
        let root =
            runtime.start(async |g| -> Left { (g.spawn(async { String::from("kept") }), g.group(async |h| h).await) });
        let (handle, group) = block_on(root).unwrap();
        assert!(handle.is_finished());
        drop(runtime);
        assert!(matches!(block_on(group.spawn(async { 1 }).join()), Err(TaskError::Cancelled)));
        assert!(matches!(block_on(group.task().background().spawn(async { 1 }).join()), Err(TaskError::Cancelled)));
        group.cancel();
        assert_eq!(block_on(handle.join()).unwrap(), "kept");
    });
}

// R5: a root that was polled when it was ready does not give its value twice.
#[test]
fn a_root_is_not_polled_after_it_was_ready() {
    watched(|| {
        let runtime = workers(1);
        let mut root = runtime.start(async |_| 1);
        assert_eq!(block_on(&mut root).unwrap(), 1);
        let again = catch_unwind(AssertUnwindSafe(|| {
            let _ = std::pin::Pin::new(&mut root).poll(&mut Context::from_waker(Waker::noop()));
        }));
        assert!(again.is_err());
    });
}

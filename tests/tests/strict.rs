//! Strict mode: rule J8. C14, its channel half, is at the end.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures::executor::block_on;
use orion_rt::{Chan, JoinHandle, Kind, LocalRuntime, Runtime, TaskError, yield_now};
use orion_tests::{WORKERS, for_ever, panic_message, watched};

fn strict_local() -> LocalRuntime {
    Runtime::builder().strict(true).build_local().unwrap()
}

fn strict_workers(n: usize) -> Runtime {
    Runtime::builder().strict(true).workers(n).build().unwrap()
}

/// The message of a strict root's panic, on every kind of runtime; empty if it did not panic.
macro_rules! messages {
    ($body:expr) => {{
        let mut messages = vec![];
        let mut note = |result: std::thread::Result<()>| {
            messages.push(if result.is_err() { panic_message(result) } else { String::new() });
        };
        note(catch_unwind(AssertUnwindSafe(|| strict_local().run($body))));
        for &n in WORKERS {
            note(catch_unwind(AssertUnwindSafe(|| strict_workers(n).run($body))));
        }
        messages
    }};
}

// J8: a handle that was dropped, early or late, or forgotten, is named with the place of its spawn.
#[test]
fn j8_a_handle_that_was_not_used_is_named() {
    watched(|| {
        let dropped_early = messages!(async |s| drop(s.task().name("early").spawn(async {})));
        let dropped_late = messages!(async |s| {
            let mut task = s.task().name("late").spawn(async {});
            task.finished().await;
            drop(task);
        });
        let forgotten = messages!(async |s| std::mem::forget(s.task().name("forgotten").spawn(async {})));
        let in_a_group = messages!(async |s| {
            s.group(async |g| std::mem::forget(g.task().name("in a group").spawn(async {}))).await;
        });
        let cases =
            [("early", dropped_early), ("late", dropped_late), ("forgotten", forgotten), ("in a group", in_a_group)];
        for (name, messages) in cases {
            for message in messages {
                assert!(message.starts_with("strict mode: 1 thing was left open"), "{name}: {message}");
                assert!(message.contains(&format!("task '{name}'")) && message.contains("strict.rs:"), "{message}");
                assert!(message.contains("neither joined nor released"), "{message}");
            }
        }
        let two = messages!(async |s| {
            drop(s.spawn(async {}));
            drop(s.spawn(async { String::new() }));
        });
        assert!(two.iter().all(|message| message.starts_with("strict mode: 2 things")), "{two:?}");
    });
}

async fn every_way_out<'s, K: Kind>(task: impl Fn() -> JoinHandle<'s, u8, K>) {
    assert_eq!(task().await.unwrap(), 7);
    assert_eq!(task().get().await, 7);
    task().release();
    let mut late = task();
    late.finished().await;
    late.release();
    let cancelled = task();
    cancelled.cancel();
    let _ = cancelled.await;
}

// J8: joined, released, joined after a cancel: nothing is left open.
#[test]
fn j8_a_root_without_loose_ends_returns() {
    watched(|| {
        strict_local().run(async |s| every_way_out(|| s.spawn(async { 7 })).await);
        for &n in WORKERS {
            strict_workers(n).run(async |s| every_way_out(|| s.spawn(async { 7 })).await);
        }
    });
}

// J8, S5: the handle of a task that a cancelled scope refused is a handle like any other.
#[test]
fn j8_a_refused_task_has_a_handle_too() {
    watched(|| {
        let dropped = messages!(async |s| {
            s.group(async |g| {
                g.cancel();
                drop(g.task().name("refused").spawn(async {}));
            })
            .await;
        });
        assert!(dropped.iter().all(|message| message.contains("task 'refused'")), "{dropped:?}");
        let joined = messages!(async |s| {
            s.group(async |g| {
                g.cancel();
                assert!(g.spawn(async {}).await.is_err());
                g.spawn(async {}).release();
            })
            .await;
        });
        assert!(joined.iter().all(String::is_empty), "{joined:?}");
    });
}

// J8, S2: the refused task of a root that is not strict is not named by a strict one that drops its handle, whatever its result.
#[test]
fn j8_a_refused_task_of_another_root_is_not_named() {
    watched(|| {
        let lax = Runtime::builder().workers(1).build().unwrap();
        let group = block_on(lax.start(async |g| g)).unwrap();
        let refused = messages!(async |_| drop(group.spawn(async { String::new() })));
        assert!(refused.iter().all(String::is_empty), "{refused:?}");
    });
}

// J8: a task that was cancelled, or panicked, could not join what it held; and a panic is what a root raises.
#[test]
fn j8_a_teardown_is_excused() {
    watched(|| {
        let cancelled = messages!(async |s| {
            let outer = s;
            let task = s.spawn(async move {
                let _held = outer.spawn(async {});
                for_ever().await;
            });
            yield_now().await;
            task.cancel();
            assert!(!matches!(task.await, Err(TaskError::Panicked(_))));
        });
        assert!(cancelled.iter().all(String::is_empty), "{cancelled:?}");
        let panicked = messages!(async |s| {
            drop(s.spawn(async {}));
            panic!("the panic");
        });
        assert!(panicked.iter().all(|message| message == "the panic"), "{panicked:?}");
    });
}

// J8: a root that is not strict says nothing; one that is says it of `start` as well, and of handles that left it.
#[test]
fn j8_a_started_root_is_checked_too() {
    watched(|| {
        for &n in WORKERS {
            let runtime = strict_workers(n);
            let root = runtime.start(async |g| drop(g.task().name("dropped").spawn(async {})));
            let Err(TaskError::Panicked(panic)) = block_on(root) else { panic!("not a panic") };
            assert!(panic.message().contains("task 'dropped'"), "{}", panic.message());
            let (give, get) = std::sync::mpsc::channel();
            let root = runtime.start(async move |g| give.send(g.task().name("kept").spawn(async { 7 })).unwrap());
            let handle: JoinHandle<'static, u8> = get.recv().unwrap();
            let Err(TaskError::Panicked(panic)) = block_on(root) else { panic!("not a panic") };
            assert!(panic.message().contains("task 'kept'"), "{}", panic.message());
            assert_eq!(block_on(handle.join()).unwrap(), 7);
        }
        orion_rt::run(async |s| drop(s.spawn(async {})));
    });
}

// J8, J7: a join that is dropped half-way has not joined.
#[test]
fn j8_a_join_dropped_half_way_is_named() {
    watched(|| {
        let messages = messages!(async |s| {
            let gate = orion_rt::Chan::<()>::new(0);
            let wait = gate.clone();
            let mut join = Box::pin(s.task().name("half-way").spawn(async move { wait.recv().await }).join());
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(join.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
            drop(join);
            gate.close();
        });
        assert!(messages.iter().all(|message| message.contains("task 'half-way'")), "{messages:?}");
    });
}

// C14: a channel that a task creates or drops last, unclosed and with values inside, is named with J8's list.
#[test]
fn c14_a_channel_dropped_with_values_inside_is_named() {
    watched(|| {
        let created = messages!(async |s| {
            let task = async || {
                let jobs = Chan::new(4).named("jobs");
                jobs.try_send(1).unwrap();
                jobs.send(2).await.unwrap();
                drop(jobs.clone());
            };
            s.spawn(task()).await.unwrap();
            drop(s.task().name("loose").spawn(async {}));
        });
        for message in created {
            assert!(message.starts_with("strict mode: 2 things were left open"), "{message}");
            assert!(message.contains("channel \"jobs\" (#") && message.contains("strict.rs:"), "{message}");
            assert!(message.contains("dropped unclosed with 2 values inside: close it"), "{message}");
            assert!(message.contains("task 'loose'"), "{message}");
        }
        let outside = Chan::new(1);
        let passed_in = messages!(async |s| {
            let (chan, _) = (outside.clone(), outside.try_send(7));
            s.spawn(async move { chan.len() }).await.unwrap();
        });
        assert!(passed_in.iter().all(String::is_empty), "still held outside: {passed_in:?}");
        let dropped = messages!(async |s| {
            // Created by a thread that runs no task.
            let make = || std::thread::spawn(|| Chan::new(1).split()).join().unwrap();
            let (tx, rx) = make();
            tx.try_send(1).unwrap();
            s.spawn(async move { drop(rx) }).await.unwrap();
        });
        assert!(dropped.iter().all(|message| message.contains("with 1 value inside")), "{dropped:?}");
    });
}

// C14: closed, drained or passed on: nothing is left open. What a cancelled task drops is excused.
#[test]
fn c14_a_channel_closed_or_passed_is_not_named() {
    watched(|| {
        let beyond = std::sync::Mutex::new(Vec::new());
        let fine = messages!(async |s| {
            let (tx, rx) = Chan::new(4).split();
            s.go(async move { tx.send(1).await.unwrap() });
            yield_now().await;
            assert_eq!(rx.recv().await, Some(1));
            let closed = Chan::new(4);
            closed.try_send(1).unwrap();
            closed.close();
            let passed = Chan::new(4);
            passed.try_send(1).unwrap();
            beyond.lock().unwrap().push(passed);
            let task = s.spawn(async {
                let cut_short = Chan::new(1);
                cut_short.try_send(1).unwrap();
                for_ever().await;
                drop(cut_short);
            });
            yield_now().await;
            task.cancel();
            assert!(task.await.is_err());
        });
        assert!(fine.iter().all(String::is_empty), "{fine:?}");
    });
}

// C14, R8: a channel of the root that nobody closed, and one that it kept, with values inside when the root ends.
#[test]
fn c14_a_channel_of_the_root_is_named() {
    watched(|| {
        let lost = messages!(async |s| {
            let (lost, closed) = (s.chan(1).named("lost"), s.chan(1));
            lost.try_send(1).unwrap();
            closed.try_send(1).unwrap();
            closed.close();
            s.keep(Chan::new(1).named("kept")).try_send(1).unwrap();
        });
        for message in lost {
            assert!(message.starts_with("strict mode: 2 things"), "{message}");
            assert!(message.contains("channel \"lost\"") && message.contains("channel \"kept\""), "{message}");
        }
    });
}

//! The calls of a handle one by one: J4 to J7, S3, T1. What does not compile is in `ui/`; states and calls crossed are in
//! `handle_matrix.rs`.

use std::future::IntoFuture;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::time::Duration;

use futures::FutureExt;
use orion_rt::{Chan, Group, JoinHandle, LocalGroup, Multi, TaskError, run, select, yield_now};
use orion_tests::{Count, Then, begin, for_ever, on_every_kind, panic_message, poll_once, watched, workers};

const LONG: Duration = Duration::from_secs(3600);

// T1: at the deadline the handle comes back and the task goes on; then it is joined as ever.
on_every_kind!(join_timeout_gives_the_handle_back, async |s| {
    let gate = Chan::<()>::new(0);
    let wait = gate.clone();
    let mut handle = s.spawn(async move {
        wait.recv().await;
        5
    });
    for timeout in [Duration::ZERO, Duration::from_millis(1)] {
        handle = match handle.join_timeout(timeout).await {
            Ok(result) => panic!("{result:?}"),
            Err(handle) => handle,
        };
    }
    gate.close();
    assert_eq!(handle.join_timeout(LONG).await.unwrap().unwrap(), 5);
});

// T1, T3: a task that is complete when the deadline is seen counts as joined, however late that is. By the virtual clock.
#[test]
fn join_timeout_prefers_the_result() {
    let runtime = orion_rt::Runtime::builder().deterministic(true).build_local().unwrap();
    runtime.run(async |s| {
        for complete in [true, false] {
            let gate = Chan::<()>::new(0);
            let wait = gate.clone();
            let handle = s.spawn(async move {
                wait.recv().await;
                5
            });
            let mut join = pin!(handle.join_timeout(Duration::from_millis(1)));
            let wakes = Count::default();
            assert!(poll_once(join.as_mut(), &wakes).is_pending());
            if complete {
                gate.close();
            }
            orion_rt::sleep(Duration::from_millis(5)).await;
            assert_eq!(wakes.get(), if complete { 2 } else { 1 }, "the deadline has passed");
            match join.await {
                Ok(result) => assert!(complete && result.unwrap() == 5),
                Err(handle) => {
                    assert!(!complete);
                    gate.close();
                    assert_eq!(handle.await.unwrap(), 5);
                }
            }
        }
    });
}

// S3: `join`, `finished`, `is_finished` and `join_timeout` wait for the descendants too, though the value is there.
on_every_kind!(s3_every_call_waits_for_descendants, async |s| {
    let gate = Chan::<()>::new(0);
    let returned = Chan::<()>::new(0);
    let (wait, tell) = (gate.clone(), returned.clone());
    let mut handle = s.spawn(async move {
        let mut group = Box::pin(s.group(async move |g| {
            g.go(async move { assert_eq!(wait.recv().await, None) });
            for_ever().await;
        }));
        begin(group.as_mut()).await;
        orion_tests::leaks_on_purpose("forgets a group's future");
        std::mem::forget(group);
        Then(move || {
            let _ = tell.close();
        })
    });
    // The value is dropped with the result only; so look at the dump for the task that ends.
    while !orion_rt::dumper().unwrap().dump().tasks().iter().any(|t| t.state == orion_rt::TaskState::Ending) {
        yield_now().await;
    }
    assert!(!handle.is_finished() && !returned.is_closed());
    begin(pin!(handle.finished())).await;
    let Err(handle) = handle.join_timeout(Duration::ZERO).await else { panic!("its descendant lives") };
    let mut join = handle.join();
    begin(Pin::new(&mut join)).await;
    gate.close();
    drop(join.await.unwrap());
    assert!(returned.is_closed());
});

// J4: every call that waits says so instead of hanging.
on_every_kind!(j4_every_call_that_waits, async |s| {
    for call in 0..4 {
        let group = s.group(async |g| {
            let (give, own) = Chan::new(1).split();
            let task = g.task().name("ouroboros").spawn(async move {
                let mut own: JoinHandle<'_, (), _> = own.recv().await.unwrap();
                match call {
                    0 => drop(own.join().await),
                    1 => own.get().await,
                    2 => own.finished().await,
                    _ => drop(own.join_timeout(LONG).await),
                }
            });
            assert!(give.send(task).await.is_ok());
        });
        let message = panic_message(AssertUnwindSafe(group).catch_unwind().await);
        assert!(message.contains("cannot join itself") && message.contains("ouroboros"), "{call}: {message}");
    }
});

// J7: in a `select!`: `join` that loses discards the value, `finished` leaves the handle.
on_every_kind!(j7_in_a_select, async |s| {
    let n = Count::default();
    let gates = [Chan::<()>::new(0), Chan::<()>::new(0)];
    let [lost, mut kept] = [0, 1].map(|i| {
        let (counted, wait) = (n.on_drop(), gates[i].clone());
        s.spawn(async move {
            wait.recv().await;
            counted
        })
    });
    let ready = Chan::new(1);
    ready.send(1).await.unwrap();
    select! {
        biased;
        _ = lost.join() => unreachable!("it waits for its gate"),
        _ = kept.finished() => unreachable!("it waits for its gate"),
        <-ready => {}
    }
    for gate in &gates {
        gate.close();
    }
    select! {
        _ = kept.finished() => {}
        <-ready => unreachable!("nobody sends"),
    }
    assert!(kept.is_finished());
    let value = kept.await.unwrap();
    while n.get() == 0 {
        yield_now().await;
    }
    assert_eq!(n.get(), 1, "the other is in hand");
    drop(value);
    assert_eq!(n.get(), 2);
});

// J7, C6: a join may be polled by one task and finished by another; only the last waker is woken. J5.
on_every_kind!(a_join_moves_between_tasks, async |s| {
    let gate = Chan::<()>::new(0);
    let wait = gate.clone();
    let mut join = s
        .spawn(async move {
            wait.recv().await;
            String::from("moved")
        })
        .join();
    let first = Count::default();
    assert!(poll_once(Pin::new(&mut join), &first).is_pending());
    begin(Pin::new(&mut join)).await;
    let second = s.spawn(async move {
        begin(Pin::new(&mut join)).await;
        gate.close();
        join.await.unwrap()
    });
    assert_eq!(second.await.unwrap(), "moved");
    assert_eq!(first.get(), 0);
});

// S2, S3: a handle that leaves its group still joins, from another group and after its own has ended.
on_every_kind!(s2_joins_from_another_scope, async |s| {
    let handle = s.group(async |g| g.spawn(async { vec![1] })).await;
    assert_eq!(s.group(async |g| g.spawn(async { handle.await.unwrap() }).get().await).await, [1]);
    let gate = Chan::<()>::new(0);
    let wait = gate.clone();
    let handles = Chan::new(1);
    let give = handles.clone();
    s.go(async move {
        s.group(async |g| {
            let task = g.spawn(async move {
                wait.recv().await;
                2
            });
            assert!(give.send(task).await.is_ok());
        })
        .await;
    });
    let handle = handles.recv().await.unwrap();
    let ((), joined) = futures::join!(async { assert!(gate.close()) }, handle.join());
    assert_eq!(joined.unwrap(), 2);
});

// `get` raises what the task panicked with, if it is there, and names a task that was cancelled.
on_every_kind!(get_raises, async |s| {
    let isolated = s.task().isolated().spawn(async { std::panic::panic_any(3_u8) });
    let raised = AssertUnwindSafe(isolated.get()).catch_unwind().await.unwrap_err();
    assert_eq!(*raised.downcast::<u8>().unwrap(), 3);
    let cancelled = s.task().name("quitter").spawn(for_ever());
    cancelled.cancel();
    let message = panic_message(AssertUnwindSafe(cancelled.get()).catch_unwind().await);
    assert!(message.contains("quitter") && message.contains("handle_calls.rs"), "{message}");
});

// A plain thread blocks for a task: one that is over, one that is not, one that is cancelled meanwhile. J6.
#[test]
fn join_blocking_from_plain_threads() {
    watched(|| {
        let runtime = workers(2);
        for _ in 0..if cfg!(miri) { 3 } else { 100 } {
            let n = Count::default();
            runtime.run(async |s| {
                let gate = Chan::<()>::new(0);
                let wait = gate.clone();
                let (a, b) = (n.on_drop(), n.on_drop());
                let early = s.spawn(async move { a });
                let late = s.spawn(async move {
                    wait.recv().await;
                    b
                });
                let never = s.spawn(for_ever());
                let stop = s.spawn(async {});
                std::thread::scope(|threads| {
                    threads.spawn(|| drop(early.join_blocking().unwrap()));
                    threads.spawn(|| drop(late.join_blocking().unwrap()));
                    threads.spawn(move || {
                        never.cancel();
                        assert!(matches!(never.join_blocking(), Err(TaskError::Cancelled)));
                    });
                    threads.spawn(|| {
                        stop.join_blocking().unwrap();
                        gate.close();
                    });
                });
            });
            assert_eq!(n.get(), 2);
        }
    });
}

// Where it would block a runtime's own thread it panics, and names the way out.
#[test]
fn join_blocking_inside_a_runtime_panics() {
    watched(|| {
        for inside_a_task in [true, false] {
            let message = panic_message(catch_unwind(|| {
                workers(1).run(async |s| {
                    let task = s.spawn(async {});
                    if inside_a_task {
                        s.spawn(async { task.join_blocking().unwrap() }).get().await;
                    } else {
                        task.join_blocking().unwrap();
                    }
                });
            }));
            assert!(message.contains("join_blocking") && message.contains(".await"), "{message}");
        }
        // A root of another runtime is a root all the same.
        let message = panic_message(catch_unwind(|| {
            let runtime = workers(1);
            runtime.run(async |s| {
                let task = s.spawn(async {});
                std::thread::scope(|threads| {
                    let thread = threads.spawn(|| run(async |_| task.join_blocking().unwrap()));
                    if let Err(payload) = thread.join() {
                        std::panic::resume_unwind(payload);
                    }
                });
            });
        }));
        assert!(message.contains("join_blocking"), "{message}");
    });
}

// R1, R2: what a handle gives is `Send` when the handle is, for tasks and for children of local groups.
#[test]
fn send_where_the_handle_is() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    fn is_sync<T: Sync>(_: &T) {}
    fn of_tasks(g: &Group<'_>, mut handle: JoinHandle<'_, std::cell::Cell<u8>>) {
        is_sync(&handle);
        drop(is_send(handle.finished()));
        drop(is_send(handle));
        drop(is_send(g.spawn(async { 1 }).join()));
        drop(is_send(g.spawn(async { 1 }).get()));
        drop(is_send(g.spawn(async { 1 }).into_future()));
        drop(is_send(g.spawn(async { 1 }).join_timeout(LONG)));
        drop(is_send(g.local(async |g| g.spawn(async { 1 }).await)));
    }
    fn of_children(g: &LocalGroup<'_, Multi>) {
        is_sync(g);
        drop(is_send(g.clone()));
        drop(is_send(g.spawn(async { std::cell::Cell::new(1) })));
        drop(is_send(g.spawn(async { 1 }).join()));
    }
    let runtime = workers(1);
    runtime.run(async |s| {
        of_tasks(s, s.spawn(async { std::cell::Cell::new(1) }));
        s.local(async |g| of_children(&g)).await;
    });
}

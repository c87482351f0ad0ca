//! Blocking calls: S10, I2, S1, R6.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use orion_rt::{Chan, Runtime, TaskError, run, task_local, yield_now};
use orion_tests::{Count, Then, gate, on_every_kind, watched};

// S10: the value comes back, on every kind; the call borrows from outside the root, mutably too (S1).
on_every_kind!(s10_a_call_gives_its_value, async |s| {
    let text = String::from("a b c");
    let words = s.spawn_blocking(move || text.split(' ').count());
    assert_eq!(words.await.unwrap(), 3);
});

#[test]
fn s1_a_call_borrows_from_outside_the_root() {
    watched(|| {
        let mut cells = [1, 2, 3, 4];
        let (left, right) = cells.split_at_mut(2);
        run(async |s| {
            let a = s.spawn_blocking(|| left.iter_mut().for_each(|c| *c *= 10));
            let b = s.spawn_blocking(|| right.iter_mut().for_each(|c| *c += 1));
            a.await.unwrap();
            b.await.unwrap();
        });
        assert_eq!(cells, [10, 20, 4, 5]);
    });
}

// I2: the thread of a call is none that runs tasks, and has its name.
#[test]
fn i2_a_call_has_a_thread_of_its_own() {
    watched(|| {
        let runtime = Runtime::builder().workers(1).thread_name("mine").build().unwrap();
        let name = |t: &thread::Thread| t.name().unwrap_or_default().to_owned();
        let (call, task) = runtime.run(async |s| {
            let call = s.spawn_blocking(|| name(&thread::current()));
            let task = s.spawn(async { name(&thread::current()) });
            (call.await.unwrap(), task.await.unwrap())
        });
        assert_eq!((&*call, &*task), ("mine-blocking-0", "mine-0"));
        let here = thread::current().id();
        let (name, id) =
            run(async |s| s.spawn_blocking(|| (name(&thread::current()), thread::current().id())).await.unwrap());
        assert_eq!(name, "orion-blocking-0");
        assert_ne!(id, here);
        let local = Runtime::builder().thread_name("here").build_local().unwrap();
        let name = local.run(async |s| s.spawn_blocking(|| thread::current().name().map(str::to_owned)).await.unwrap());
        assert_eq!(name.as_deref(), Some("here-blocking-0"));
    });
}

// I2: while a call blocks, tasks of the same thread go on.
on_every_kind!(i2_a_call_does_not_block_its_worker, async |s| {
    let (opener, gate) = gate();
    let call = s.spawn_blocking(|| gate.pass());
    opener.begun().await;
    let mut turns = 0;
    for _ in 0..if cfg!(miri) { 5 } else { 100 } {
        yield_now().await;
        turns += s.spawn(async { 1 }).await.unwrap();
    }
    assert!(turns > 0);
    assert!(!call.is_finished());
    drop(opener);
    call.await.unwrap();
});

// S10: what a call has captured is gone when its completion can be seen.
on_every_kind!(s10_captured_values_are_dropped_before_completion, async |s| {
    for _ in 0..if cfg!(miri) { 2 } else { 50 } {
        let drops = Count::default();
        let captured = drops.on_drop();
        s.spawn_blocking(move || drop_at_the_end(&captured)).await.unwrap();
        assert_eq!(drops.get(), 1);
        let captured = drops.on_drop();
        let unused = s.spawn_blocking(move || {
            let _captured = &captured;
        });
        unused.await.unwrap();
        assert_eq!(drops.get(), 2);
    }
});

fn drop_at_the_end(_: &orion_tests::OnDrop) {}

// S10, S5: cancelled before its first turn, a call does not run and is dropped on a thread that runs tasks.
on_every_kind!(s10_a_call_cancelled_before_it_is_queued_does_not_run, async |s| {
    let (ran, drops) = (Count::default(), Count::default());
    s.group(async |g| {
        let (ran2, captured) = (ran.clone(), drops.on_drop());
        g.cancel();
        let call = g.spawn_blocking(move || {
            let _captured = captured;
            ran2.add();
        });
        assert!(matches!(call.await, Err(TaskError::Cancelled)));
    })
    .await;
    assert_eq!((ran.get(), drops.get()), (0, 1));
});

// S10: cancelled while it waits for a thread, a call does not run; its closure is dropped by its task, not by a thread of the pool.
fn cancelled_while_queued(runtime: &Runtime) {
    let (ran, drops) = (Count::default(), Count::default());
    let dropped_on = Mutex::new(None);
    let pool_thread = runtime.run(async |s| {
        let (opener, gate) = gate();
        let busy = s.spawn_blocking(|| {
            gate.pass();
            thread::current().id()
        });
        opener.begun().await;
        let (ran2, captured) = (ran.clone(), drops.on_drop());
        let note = Then(|| *dropped_on.lock().unwrap() = Some(thread::current().id()));
        let queued = s.spawn_blocking(move || {
            let _captured = (captured, note);
            ran2.add();
        });
        let behind = s.spawn_blocking(|| 7);
        // Until both have had their turn, and so stand in the queue behind the first.
        while runtime.dump().to_string().matches("blocking call").count() < 3 {
            yield_now().await;
        }
        queued.cancel();
        assert!(matches!(queued.await, Err(TaskError::Cancelled)));
        assert_eq!((ran.get(), drops.get()), (0, 1));
        assert!(!busy.is_finished() && !behind.is_finished());
        drop(opener);
        assert_eq!(behind.await.unwrap(), 7);
        busy.await.unwrap()
    });
    assert_eq!(ran.get(), 0);
    assert_ne!(dropped_on.lock().unwrap().expect("dropped"), pool_thread);
}

#[test]
fn s10_a_call_cancelled_while_it_is_queued_does_not_run() {
    watched(|| {
        for n in [1, 2, 8] {
            cancelled_while_queued(&Runtime::builder().workers(n).max_blocking_threads(1).build().unwrap());
        }
    });
}

// S10: on one thread the queue's order is known: the second and the fourth call are taken back, the others run in order.
#[test]
fn s10_calls_run_in_order_on_one_thread() {
    watched(|| {
        let local = Runtime::builder().max_blocking_threads(1).build_local().unwrap();
        let order = Mutex::new(Vec::new());
        local.run(async |s| {
            let (opener, gate) = gate();
            s.spawn_blocking(|| gate.pass()).release();
            let mut calls: Vec<_> = (0..6)
                .map(|i| {
                    (
                        i,
                        s.spawn_blocking({
                            let order = &order;
                            move || order.lock().unwrap().push(i)
                        }),
                    )
                })
                .collect();
            opener.begun().await;
            yield_now().await;
            for (i, call) in &calls {
                if [1, 3].contains(i) {
                    call.cancel();
                }
            }
            yield_now().await;
            for i in [3, 1] {
                let (_, call) = calls.remove(i);
                assert!(matches!(call.await, Err(TaskError::Cancelled)));
            }
            drop(opener);
            for (_, call) in calls {
                call.await.unwrap();
            }
        });
        assert_eq!(order.into_inner().unwrap(), [0, 2, 4, 5]);
    });
}

// S10: once started a call runs on, its scope waits, and its value is delivered although it was asked to stop.
on_every_kind!(s10_a_started_call_runs_on, async |s| {
    let finished = Count::default();
    let value = s
        .group(async |g| {
            let (opener, gate) = gate();
            let finished = finished.clone();
            let call = g.spawn_blocking(move || {
                gate.pass();
                finished.add();
                42
            });
            opener.begun().await;
            call.cancel();
            g.cancel();
            for _ in 0..10 {
                yield_now().await;
            }
            assert!(!call.is_finished());
            drop(opener);
            call.await.unwrap()
        })
        .await;
    assert_eq!((value, finished.get()), (42, 1));
});

// C9: a call talks to tasks by the blocking operations of a channel.
on_every_kind!(c9_a_call_and_a_task_share_a_channel, async |s| {
    let (numbers, squares) = (Chan::new(0), Chan::new(0));
    let (input, output) = (numbers.clone(), squares.clone());
    let call = s.spawn_blocking(move || {
        while let Some(n) = input.recv_blocking() {
            let n: u64 = n;
            output.send_blocking(n * n).unwrap();
        }
    });
    for n in 1..=20 {
        numbers.send(n).await.unwrap();
        assert_eq!(squares.recv().await, Some(n * n));
    }
    numbers.close();
    call.await.unwrap();
});

// S10: thousands of calls on few threads, some cancelled at some moment: each value is that of its call, and each closure was run or
// dropped.
fn many(runtime: &Runtime) {
    let n = if cfg!(miri) { 40 } else { 4000 };
    let (ran, drops) = (AtomicUsize::new(0), Count::default());
    let cancelled = runtime.run(async |s| {
        let calls: Vec<_> = (0..n)
            .map(|i| {
                let (ran, captured) = (&ran, drops.on_drop());
                let call = s.spawn_blocking(move || {
                    let _captured = captured;
                    ran.fetch_add(1, Ordering::Relaxed);
                    i
                });
                if i % 3 == 0 {
                    call.cancel();
                }
                call
            })
            .collect();
        let mut cancelled = 0;
        for (i, call) in calls.into_iter().enumerate() {
            if i % 5 == 0 {
                call.cancel();
            }
            match call.await {
                Ok(value) => assert_eq!(value, i),
                Err(TaskError::Cancelled) if i % 3 == 0 || i % 5 == 0 => cancelled += 1,
                Err(error) => panic!("call {i}: {error}"),
            }
        }
        cancelled
    });
    assert_eq!(ran.load(Ordering::Relaxed) + cancelled, n);
    assert_eq!(drops.get(), n);
}

#[test]
fn s10_thousands_of_calls() {
    watched(|| {
        for (workers, threads) in [(1, 1), (2, 4), (8, 2)] {
            many(&Runtime::builder().workers(workers).max_blocking_threads(threads).build().unwrap());
        }
    });
}

// R6: the setting says by its own name what is wrong.
#[test]
fn r6_no_thread_for_calls_is_an_error() {
    let builder = || Runtime::builder().max_blocking_threads(0);
    for error in [builder().build().map(drop).unwrap_err(), builder().build_local().map(drop).unwrap_err()] {
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("max_blocking_threads(0)"), "{error}");
    }
}

// S10: never more threads than allowed, and idle ones are used again.
#[test]
fn s10_threads_are_limited_and_used_again() {
    watched(|| {
        let runtime = Runtime::builder().workers(2).max_blocking_threads(3).build().unwrap();
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let ids = Mutex::new(HashSet::new());
        runtime.run(async |s| {
            for _ in 0..200 {
                s.spawn_blocking(|| {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    ids.lock().unwrap().insert(thread::current().id());
                    thread::yield_now();
                    now.fetch_sub(1, Ordering::SeqCst);
                })
                .release();
            }
        });
        assert!(most.load(Ordering::SeqCst) <= 3);
        assert!(ids.lock().unwrap().len() <= 3);
    });
}

// D5: a dump says what the task of a call waits for, and where it was made.
#[test]
fn d5_a_dump_names_blocking_calls() {
    watched(|| {
        let line = run(async |s| {
            let (opener, gate) = gate();
            let call = s.spawn_blocking(|| gate.pass());
            opener.begun().await;
            let line = orion_rt::dumper().unwrap().dump().to_string();
            drop(opener);
            call.await.unwrap();
            line
        });
        assert!(line.contains("parked, blocking call at") && line.contains("blocking.rs"), "{line}");
    });
}

#[test]
fn wakers_of_calls_may_be_spurious() {
    watched(|| {
        // A join that is polled again and again while the call runs.
        run(async |s| {
            let (opener, gate) = gate();
            let mut call = s.spawn_blocking(|| {
                gate.pass();
                5
            });
            opener.begun().await;
            for _ in 0..3 {
                assert!(futures::poll!(std::pin::pin!(call.finished())).is_pending());
                yield_now().await;
            }
            drop(opener);
            assert_eq!(call.await.unwrap(), 5);
        });
    });
}

task_local! { static REQUEST_ID: u64; }

// A call inherits the task-local values of the place that made it; the pool's thread keeps none.
on_every_kind!(s10_a_call_inherits_task_locals, async |s| {
    let call = REQUEST_ID.scope(7, async { s.spawn_blocking(|| REQUEST_ID.get()) }).await;
    assert_eq!(call.await.unwrap(), 7);
    assert_eq!(s.spawn_blocking(|| REQUEST_ID.try_get()).await.unwrap(), None);
});

// T3: virtual time stands still while a call is outstanding, and then jumps.
#[test]
fn t3_virtual_time_waits_for_calls() {
    watched(|| {
        for seed in 0..20 {
            let local = Runtime::builder().deterministic(true).seed(seed).build_local().unwrap();
            local.run(async |s| {
                let minute = Duration::from_secs(60);
                let start = orion_rt::now();
                let call = s.spawn_blocking(thread::yield_now);
                let timer = s.spawn(async move {
                    orion_rt::sleep(minute).await;
                    orion_rt::now()
                });
                call.await.unwrap();
                assert_eq!(orion_rt::now(), start, "the clock went on while a call was outstanding");
                assert_eq!(timer.await.unwrap(), start + minute);
            });
        }
    });
}

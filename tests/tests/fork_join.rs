//! `fork_join`: S10, R3, R4.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use futures::FutureExt;
use orion_rt::{Chan, Runtime, fork_join, run, task_local, yield_now};
use orion_tests::{Count, Then, WORKERS, for_ever, gate, on_every_kind, panic_message, watched, workers, yielding};

fn fib(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = fork_join(|| fib(n - 1), || fib(n - 2));
    a + b
}

fn quick_sort(values: &mut [u32]) {
    if values.len() < 2 {
        return;
    }
    values.swap(0, values.len() / 2);
    let mut middle = 0;
    for i in 1..values.len() {
        if values[i] < values[0] {
            middle += 1;
            values.swap(middle, i);
        }
    }
    values.swap(0, middle);
    let (left, right) = values.split_at_mut(middle);
    fork_join(|| quick_sort(left), || quick_sort(&mut right[1..]));
}

/// Numbers in no order, always the same.
fn mixed(n: u32) -> Vec<u32> {
    (0..n).map(|i| i.wrapping_mul(2_654_435_761) >> 8).collect()
}

const FIB: (u64, u64) = if cfg!(miri) { (8, 21) } else { (20, 6765) };

// S10: both values, whoever runs the closures; recursively, on every kind of root and in its body.
on_every_kind!(s10_recursive, async |s| {
    assert_eq!(fib(FIB.0), FIB.1);
    assert_eq!(s.spawn(async { fib(FIB.0) }).await.unwrap(), FIB.1);
    assert_eq!(s.spawn_blocking(|| fib(FIB.0)).await.unwrap(), FIB.1);
});

// S10: slices of the caller's stack are borrowed mutably by both sides.
on_every_kind!(s10_borrows_slices_mutably, async |s| {
    let sorted = s.spawn(async {
        let mut values = mixed(if cfg!(miri) { 60 } else { 20_000 });
        quick_sort(&mut values);
        values
    });
    assert!(sorted.await.unwrap().is_sorted());
});

// S10: in many tasks at a time, with tasks that yield between them.
on_every_kind!(s10_in_many_tasks, async |s| {
    let tasks = if cfg!(miri) { 4 } else { 64 };
    let sums: Vec<_> = (0..tasks)
        .map(|i| {
            s.spawn(async move {
                let mut sum = 0;
                for _ in 0..3 {
                    sum += fib(FIB.0 - 6) + i;
                    orion_rt::yield_now().await;
                }
                sum
            })
        })
        .collect();
    s.go(yielding(100));
    let one = fib(FIB.0 - 6);
    for (i, sum) in sums.into_iter().enumerate() {
        assert_eq!(sum.await.unwrap(), 3 * (one + i as u64));
    }
});

// S10: off a runtime's worker it is a, then b, on the caller's thread.
#[test]
fn s10_off_a_worker_it_runs_a_then_b() {
    let a_then_b = || {
        let order = AtomicUsize::new(0);
        let here = thread::current().id();
        let step = || {
            assert_eq!(thread::current().id(), here);
            order.fetch_add(1, Ordering::SeqCst)
        };
        assert_eq!(fork_join(step, step), (0, 1));
    };
    watched(|| {
        a_then_b();
        run(async |s| {
            a_then_b();
            s.spawn(async { a_then_b() }).await.unwrap();
            s.spawn_blocking(a_then_b).await.unwrap();
        });
        workers(2).run(async |s| {
            a_then_b();
            s.spawn_blocking(a_then_b).await.unwrap();
        });
    });
}

/// Worker counts with somebody to steal.
const STEALING: &[usize] = if cfg!(miri) { &[2] } else { &[2, 8] };

/// Waits at `barrier` once per closure: both are under way at the same time, so the second was stolen.
fn both_at_once<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let barrier = Barrier::new(2);
    fork_join(
        || {
            barrier.wait();
            a()
        },
        || {
            barrier.wait();
            b()
        },
    )
}

// S10: an idle worker takes the second closure, also when it sleeps; its value comes back.
#[test]
fn s10_an_idle_worker_steals() {
    watched(|| {
        for &n in STEALING {
            let runtime = workers(n);
            for _ in 0..if cfg!(miri) { 2 } else { 20 } {
                let (a, b) = runtime.run(async |s| {
                    let task = s.spawn(async { both_at_once(|| thread::current().id(), || thread::current().id()) });
                    task.await.unwrap()
                });
                assert_ne!(a, b);
            }
        }
    });
}

// S10: a worker that sleeps because its closure was stolen takes forks that are pushed later, and wakes up when its own is done.
#[test]
fn s10_a_waiting_worker_helps() {
    watched(|| {
        workers(2).run(async |s| {
            let nested = s.spawn(async {
                // The thief of b forks itself: the only other worker is the one that waits for b.
                both_at_once(
                    || thread::current().id(),
                    || both_at_once(|| thread::current().id(), || thread::current().id()),
                )
            });
            let (owner, (thief, helper)) = nested.await.unwrap();
            assert_eq!(owner, helper);
            assert_ne!(owner, thief);
        });
    });
}

// S10: while it waits it runs no task, though one is runnable and nobody else is free.
#[test]
fn s10_a_waiting_worker_runs_no_task() {
    watched(|| {
        let runtime = workers(2);
        let ran = Count::default();
        let (opener, gate) = gate();
        runtime.run(async |s| {
            let count = &ran;
            let forked = s.spawn(async move {
                both_at_once(
                    || (),
                    || {
                        // Both workers are busy now: one here, one waits.
                        gate.pass();
                        count.get()
                    },
                )
            });
            opener.begun().await;
            let tasks: Vec<_> = (0..10).map(|_| s.spawn(async { ran.add() })).collect();
            yielding(1000).await;
            drop(opener);
            assert_eq!(forked.await.unwrap().1, 0, "a task ran on a worker that waits for a fork");
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(ran.get(), 10);
    });
}

// S10: what a worker has woken goes to others while it waits.
#[test]
fn s10_a_waiting_worker_gives_its_tasks_away() {
    watched(|| {
        workers(3).run(async |s| {
            let (signal, done) = (Chan::new(0), Chan::new(1));
            let (told, says) = (signal.clone(), done.clone());
            s.go(async move {
                told.recv().await;
                says.send(()).await.unwrap();
            });
            s.spawn(async move {
                orion_rt::yield_now().await;
                both_at_once(
                    // Wakes the other task, on this worker's own slot.
                    || {
                        while signal.try_send(()).is_err() {
                            thread::yield_now();
                        }
                    },
                    // Ends only when that task has run.
                    || done.recv_blocking().unwrap(),
                )
            })
            .await
            .unwrap();
        });
    });
}

// S10: a panic in a waits for b, is raised, and is the first where both panic.
on_every_kind!(s10_panics_on_each_side, async |s| {
    for both in [false, true] {
        let caught = s.spawn(async move {
            let ended = AtomicUsize::new(0);
            let caught = catch_unwind(AssertUnwindSafe(|| {
                fork_join(
                    || panic!("in a"),
                    || {
                        ended.fetch_add(1, Ordering::SeqCst);
                        assert!(!both, "in b");
                    },
                );
            }));
            (panic_message(caught), ended.into_inner())
        });
        assert_eq!(caught.await.unwrap(), ("in a".to_owned(), 1));
    }
    let caught = s.spawn(async {
        let drops = Count::default();
        let value = drops.on_drop();
        let caught = catch_unwind(AssertUnwindSafe(|| drop(fork_join(move || value, || panic!("in b")))));
        (panic_message(caught), drops.get())
    });
    assert_eq!(caught.await.unwrap(), ("in b".to_owned(), 1));
});

// S10: the same where b was stolen: the stack that both borrow is there until both have ended.
#[test]
fn s10_panics_with_a_stolen_closure() {
    watched(|| {
        for &n in STEALING {
            workers(n).run(async |s| {
                for side in ["a", "b", "both"] {
                    let task = s.spawn(async move {
                        let mut cells = [0_u32; 2];
                        let (x, y) = cells.split_at_mut(1);
                        let caught = catch_unwind(AssertUnwindSafe(|| {
                            both_at_once(
                                || {
                                    x[0] = 1;
                                    assert_eq!(side, "b", "in a");
                                },
                                || {
                                    y[0] = 2;
                                    assert_eq!(side, "a", "in b");
                                },
                            );
                        }));
                        (panic_message(caught), cells)
                    });
                    let (message, cells) = task.await.unwrap();
                    assert!(message.contains(if side == "b" { "in b" } else { "in a" }), "{message}");
                    assert_eq!(cells, [1, 2]);
                }
            });
        }
    });
}

// P1: a panic that is not caught is one of the task.
#[test]
fn p1_an_uncaught_panic_is_the_tasks() {
    watched(|| {
        let caught = catch_unwind(|| {
            workers(2).run(async |s| {
                s.spawn(async { both_at_once(|| (), || panic!("stolen")) }).await.map(drop).unwrap_err();
            });
        });
        assert_eq!(panic_message(caught), "stolen");
    });
}

// S10, R4: inside there is no current task, on the owner's side as on the thief's, and no root.
on_every_kind!(r4_no_task_and_no_root_inside, async |s| {
    s.spawn(async {
        let inside = || {
            assert!(orion_rt::dumper().is_none());
            panic_message(catch_unwind(|| run(async |_| ())))
        };
        let (a, b) = fork_join(inside, inside);
        assert!(a.contains("group") && b.contains("group"), "{a} {b}");
        assert!(orion_rt::dumper().is_some(), "the task is back");
    })
    .await
    .unwrap();
});

// Y2: the closures have no task, so no budget either: futures that they drive themselves come to their end, also when the task has
// spent all of its own, and take nothing from it.
on_every_kind!(y2_closures_have_no_budget, async |s| {
    s.spawn(async {
        let ch = Chan::new(1);
        let spend_all = || {
            let mut operations = 0;
            while pin!(yield_point(&ch)).now_or_never().is_some() {
                operations += 1;
            }
            operations
        };
        let drive = || {
            futures::executor::block_on(async {
                let own = Chan::new(1);
                for i in 0..if cfg!(miri) { 20 } else { 1000 } {
                    own.send(i).await.unwrap();
                    assert_eq!(own.recv().await, Some(i));
                }
            });
        };
        let budget = spend_all();
        fork_join(drive, drive);
        yield_now().await;
        fork_join(drive, drive);
        assert_eq!(spend_all(), budget);
    })
    .await
    .unwrap();
});

/// Takes one or two units of the budget.
async fn yield_point(ch: &Chan<u8>) {
    ch.send(0).await.unwrap();
    ch.try_recv().unwrap();
}

// S10: the tasks of several roots and the forks of several tasks, all at once.
#[test]
fn s10_several_roots() {
    watched(|| {
        for &n in WORKERS {
            let runtime = Runtime::builder().workers(n).build().unwrap();
            thread::scope(|threads| {
                for _ in 0..3 {
                    threads.spawn(|| {
                        runtime.run(async |s| {
                            for _ in 0..4 {
                                s.go(async { assert_eq!(fib(FIB.0), FIB.1) });
                            }
                        });
                    });
                }
            });
        }
    });
}

// C14, J8: what either closure leaves open is raised by the strict root, whoever runs it.
#[test]
fn c14_forks_of_a_strict_root() {
    watched(|| {
        let leave_open = |name: &'static str| move || Chan::new(1).named(name).try_send(1).unwrap();
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let runtime = Runtime::builder().strict(true).workers(2).build().unwrap();
            runtime.run(async |s| {
                s.spawn(async { both_at_once(leave_open("owner's"), leave_open("thief's")) }).await.unwrap();
            });
        }));
        let message = panic_message(caught);
        assert!(message.contains("owner's") && message.contains("thief's"), "{message}");
    });
}

// J8, C14: what is cut short is excused, its forks too, whoever runs them.
#[test]
fn j8_forks_of_a_teardown_are_excused() {
    watched(|| {
        let runtime = Runtime::builder().strict(true).workers(2).build().unwrap();
        runtime.run(async |s| {
            let (begun, has_begun) = Chan::new(1).split();
            let task = s.spawn(async move {
                let _teardown = Then(|| {
                    let leave_open = || Chan::new(1).try_send(1).unwrap();
                    both_at_once(leave_open, leave_open);
                });
                begun.send(()).await.unwrap();
                for_ever().await;
            });
            has_begun.recv().await.unwrap();
            task.cancel();
            assert!(task.await.is_err());
        });
    });
}

task_local! { static DEPTH: u32; }

// Task-local values are those of the task that forks, on whatever thread; a worker that helps keeps its own.
#[test]
fn s10_forks_inherit_task_locals() {
    watched(|| {
        workers(2).run(async |s| {
            let locals = || DEPTH.try_get();
            let task = DEPTH.scope(1, async { s.spawn(async move { (both_at_once(locals, locals), DEPTH.get()) }) });
            assert_eq!(task.await.await.unwrap(), ((Some(1), Some(1)), 1));
            let bare = s.spawn(async move { both_at_once(locals, locals) });
            assert_eq!(bare.await.unwrap(), (None, None));
        });
    });
}

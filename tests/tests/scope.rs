//! Entry, scopes, handles, cancellation and panics: SPEC sections 1 to 5, on every kind of runtime.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use common::{panic_message, watched, workers};
use orion_rt::{Chan, Group, Local, TaskError, run, yield_now};

/// Counts how often it is dropped.
#[derive(Clone)]
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn count() -> (Arc<AtomicUsize>, impl Fn() -> usize) {
    let n = Arc::new(AtomicUsize::new(0));
    let read = Arc::clone(&n);
    (n, move || read.load(Ordering::SeqCst))
}

async fn for_ever() {
    std::future::pending::<()>().await;
}

// R1, R3: the value comes back, and the root waits for tasks nobody joins.
on_every_kind!(r3_the_root_waits_for_every_task, async |s| {
    let (n, read) = count();
    for _ in 0..100 {
        let n = Arc::clone(&n);
        s.go(async move {
            yield_now().await;
            n.fetch_add(1, Ordering::SeqCst);
        });
    }
    let inner = s.spawn(async move { 7 });
    assert_eq!(inner.await.unwrap(), 7);
    s.keep(OnDrop(move || assert_eq!(read(), 100)));
});

struct OnDrop<F: Fn()>(F);
impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

// S1: children borrow from outside the root, mutably too.
#[test]
fn s1_children_borrow_mutably_what_outlives_the_root() {
    let mut cells = vec![0_u64; 64];
    run(async |s| {
        for (i, part) in cells.chunks_mut(16).enumerate() {
            s.go(async move { part.iter_mut().for_each(|c| *c = i as u64) });
        }
    });
    workers(2).run(async |s| {
        for part in cells.chunks_mut(8) {
            s.go(async move { part.iter_mut().for_each(|c| *c += 1) });
        }
    });
    assert_eq!(cells.iter().sum::<u64>(), (0..4).map(|i| 16 * (i + 1)).sum());
}

// S6: on Local, spawn order is run order and the body takes its turn in the same queue.
#[test]
fn s6_local_order_is_first_in_first_out() {
    let order = run(async |s| {
        let order = s.keep(std::cell::RefCell::new(Vec::new()));
        for i in 0..3 {
            s.go(async move {
                order.borrow_mut().push(i);
                yield_now().await;
                order.borrow_mut().push(10 + i);
            });
        }
        yield_now().await;
        order.borrow_mut().push(99);
        yield_now().await;
        yield_now().await;
        order.borrow().clone()
    });
    assert_eq!(order, [0, 1, 2, 99, 10, 11, 12]);
}

// S2, S3: a group waits for all its tasks; a task is complete when its groups are.
on_every_kind!(s3_a_task_is_complete_when_its_descendants_are, async |s| {
    let gate = Chan::<()>::new(0);
    let open = gate.clone();
    let outer = s.clone();
    let (n, read) = count();
    let mut task = s.spawn(async move {
        let _returned = Counted(n);
        // Polled once, then dropped: S4 says the task still waits for the child, which looks at the gate only when cancelled.
        let mut group = Box::pin(outer.group(async |g| {
            g.go(async move {
                let _hold = OnDrop(move || assert!(gate.try_send(()).is_err()));
                for_ever().await;
            });
            for_ever().await;
        }));
        let polled = std::future::poll_fn(|cx| Poll::Ready(group.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        std::mem::forget(group);
        1
    });
    while read() == 0 {
        yield_now().await;
    }
    assert!(!task.is_finished(), "a forgotten group's task keeps its opener incomplete (S3, S4)");
    task.cancel();
    task.finished().await;
    assert_eq!(task.join().await.unwrap(), 1, "X4: it had returned before the request");
    open.close();
});

use std::future::Future;

// S4: dropping a group's future cancels its children; the enclosing task waits for them.
on_every_kind!(s4_dropping_a_group_cancels_its_children, async |s| {
    let (n, read) = count();
    let outer = s.clone();
    s.spawn(async move {
        let mut group = Box::pin(outer.group(async |g: Group<'_, _>| {
            for _ in 0..5 {
                let counted = Counted(Arc::clone(&n));
                g.go(async move {
                    let _counted = counted;
                    for_ever().await;
                });
            }
            for_ever().await;
        }));
        std::future::poll_fn(|cx| {
            assert!(group.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    })
    .join()
    .await
    .unwrap();
    assert_eq!(read(), 5);
});

// S5: spawning into a cancelled scope gives a task that is never polled and joins as Cancelled.
on_every_kind!(s5_a_cancelled_scope_refuses, async |s| {
    let (n, read) = count();
    let g = s.clone();
    let kept = s
        .group(async move |g| {
            g.cancel();
            assert!(g.is_cancelled());
            let counted = Counted(Arc::clone(&n));
            let refused = g.spawn(async move {
                let _counted = counted;
                unreachable!("never polled");
            });
            assert!(matches!(refused.join().await, Err(TaskError::Cancelled)));
            g.go(async { unreachable!("never polled") });
            g.clone()
        })
        .await;
    assert_eq!(read(), 1);
    // S2: a clone that left its group acts as one of a cancelled scope.
    assert!(matches!(kept.spawn(async { 1 }).await, Err(TaskError::Cancelled)));
    assert_eq!(g.spawn(async { 2 }).await.unwrap(), 2);
});

// S2: a handle that left its group still joins.
on_every_kind!(s2_a_handle_outlives_its_group, async |s| {
    let handle = s.group(async |g| g.spawn(async { String::from("kept") })).await;
    assert!(handle.is_finished());
    assert_eq!(handle.join().await.unwrap(), "kept");
});

// S7, R8: kept values are dropped when all tasks are gone, last first.
#[test]
fn r8_kept_values_are_dropped_last_first() {
    let order = std::cell::RefCell::new(Vec::new());
    run(async |s| {
        for i in 0..3 {
            let order = &order;
            s.keep(OnDrop(move || order.borrow_mut().push(i)));
        }
    });
    assert_eq!(order.into_inner(), [2, 1, 0]);
}

// J3: dropping a handle neither detaches nor cancels. J2: release says so.
on_every_kind!(j3_a_dropped_handle_leaves_the_task_running, async |s| {
    let done = Chan::new(2);
    let tell = done.clone();
    drop(s.spawn(async move { tell.send(1).await.unwrap() }));
    let tell = done.clone();
    s.spawn(async move { tell.send(2).await.unwrap() }).release();
    let mut got = [done.recv().await.unwrap(), done.recv().await.unwrap()];
    got.sort_unstable();
    assert_eq!(got, [1, 2]);
});

// J4: joining oneself or an ancestor is a panic, not a hang.
#[test]
fn j4_a_task_cannot_join_itself() {
    watched(|| {
        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                let own = Chan::new(1);
                let get = own.clone();
                let handle = s.task().name("ouroboros").spawn(async move {
                    let handle: orion_rt::JoinHandle<'_, (), Local> = get.recv().await.unwrap();
                    let _ = handle.join().await;
                });
                own.try_send(handle).unwrap();
            });
        }));
        assert!(message.contains("cannot join itself") && message.contains("ouroboros"), "{message}");

        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                let own = Chan::new(1);
                let get = own.clone();
                let outer = (*s).clone();
                let handle = s.spawn(async move {
                    outer
                        .group(async |g| {
                            let handle: orion_rt::JoinHandle<'_, (), Local> = get.recv().await.unwrap();
                            g.go(async move { drop(handle.join().await) });
                        })
                        .await;
                });
                own.try_send(handle).unwrap();
            });
        }));
        assert!(message.contains("cannot join itself"), "{message}");
    });
}

// J5, X1: cancel only asks, join waits until the destructors have run.
on_every_kind!(j5_join_after_cancel_waits_for_the_end, async |s| {
    let (n, read) = count();
    let ready = Chan::new(0);
    let tell = ready.clone();
    let task = s.spawn(async move {
        let _counted = Counted(n);
        tell.send(()).await.unwrap();
        for_ever().await;
    });
    ready.recv().await;
    task.cancel();
    task.cancel();
    assert!(matches!(task.join().await, Err(TaskError::Cancelled)));
    assert_eq!(read(), 1);
});

// J6: the result is dropped exactly once, whoever is too late to want it.
on_every_kind!(j6_results_are_dropped_once, async |s| {
    let (n, read) = count();
    for round in 0..4 {
        let made = Counted(Arc::clone(&n));
        let mut handle = s.spawn(async move { made });
        match round {
            0 => drop(handle),
            1 => drop(handle.await.unwrap()),
            2 => {
                handle.finished().await;
                drop(handle);
            }
            _ => handle.release(),
        }
    }
    while read() < 4 {
        yield_now().await;
    }
    assert_eq!(read(), 4);
});

// J6: the result of a forgotten handle is dropped at the end of the root at the latest; a waker kept beyond never reaches it.
#[test]
fn j6_a_forgotten_handles_result_dies_with_the_root() {
    for n in 0..3 {
        let (dropped, read) = count();
        let kept: Arc<std::sync::Mutex<Option<Waker>>> = Arc::default();
        let keep = Arc::clone(&kept);
        let counted = Counted(dropped);
        let work = async move {
            std::future::poll_fn(|cx| {
                *keep.lock().unwrap() = Some(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            counted
        };
        match n {
            0 => run(async |s| std::mem::forget(s.spawn(work))),
            n => workers(n).run(async |s| std::mem::forget(s.spawn(work))),
        }
        assert_eq!(read(), 1);
        let waker = kept.lock().unwrap().take().unwrap();
        waker.wake_by_ref();
        let other = waker.clone();
        std::thread::spawn(move || other.wake()).join().unwrap();
        drop(waker);
        assert_eq!(read(), 1);
    }
}

// J7: a join that is dropped half-way discards the value and never the task.
on_every_kind!(j7_a_join_dropped_half_way_loses_only_the_value, async |s| {
    let (n, read) = count();
    let gate = Chan::<()>::new(0);
    let wait = gate.clone();
    let counted = Counted(n);
    let handle = s.spawn(async move {
        wait.recv().await;
        counted
    });
    let mut join = handle.join();
    std::future::poll_fn(|cx| {
        assert!(std::pin::Pin::new(&mut join).poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    drop(join);
    assert_eq!(read(), 0);
    gate.send(()).await.unwrap();
    while read() == 0 {
        yield_now().await;
    }
});

// X2: cancel reaches tasks, groups below, and groups opened later; never the scope's own body.
on_every_kind!(x2_cancel_reaches_every_descendant, async |s| {
    let (n, read) = count();
    let started = Chan::new(3);
    let value = s
        .group(async |g| {
            for depth in 0..3 {
                let (g2, n, started) = (g.clone(), Arc::clone(&n), started.clone());
                g.go(async move {
                    let _outer = Counted(Arc::clone(&n));
                    g2.group(async |h| {
                        let counted = Counted(n);
                        h.go(async move {
                            let _inner = counted;
                            started.send(depth).await.unwrap();
                            for_ever().await;
                        });
                    })
                    .await;
                });
            }
            for _ in 0..3 {
                started.recv().await;
            }
            g.cancel();
            yield_now().await;
            let late = g.group(async |h| h.spawn(async { 1 }).await).await;
            assert!(matches!(late, Err(TaskError::Cancelled)));
            "the body goes on"
        })
        .await;
    assert_eq!((value, read()), ("the body goes on", 6));
});

// X6: a cancel from another thread, against tasks that finish and are joined.
#[test]
fn x6_cancel_races_with_finish() {
    watched(|| {
        let runtime = workers(2);
        for _ in 0..if cfg!(miri) { 3 } else { 300 } {
            runtime.run(async |s| {
                let handles: Vec<_> = (0..8)
                    .map(|i| {
                        s.spawn(async move {
                            yield_now().await;
                            Box::new(i)
                        })
                    })
                    .collect();
                std::thread::scope(|threads| {
                    for handle in &handles {
                        threads.spawn(move || handle.cancel());
                    }
                });
                for (i, handle) in handles.into_iter().enumerate() {
                    match handle.await {
                        Ok(value) => assert_eq!(*value, i),
                        Err(TaskError::Cancelled) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
    });
}

// P1: a panic cancels the siblings and the body; when all are gone the first payload is re-raised unchanged.
#[test]
fn p1_a_panic_cancels_all_and_is_raised() {
    watched(|| {
        for n in 0..4 {
            let (dropped, read) = count();
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let body = async |s: &orion_rt::Scope<'_, '_, orion_rt::Multi>| {
                    let counted = Counted(Arc::clone(&dropped));
                    s.go(async move {
                        let _counted = counted;
                        for_ever().await;
                    });
                    s.go(async { panic_any(17_u8) });
                    let _body = Counted(Arc::clone(&dropped));
                    for_ever().await;
                };
                if n == 0 {
                    run(async |s| {
                        let counted = Counted(Arc::clone(&dropped));
                        s.go(async move {
                            let _counted = counted;
                            for_ever().await;
                        });
                        s.go(async { panic_any(17_u8) });
                        let _body = Counted(Arc::clone(&dropped));
                        for_ever().await;
                    });
                } else {
                    workers(n).run(body);
                }
            }));
            assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 17);
            assert_eq!(read(), 2);
        }
    });
}

// P1: a group re-raises in the task that opened it; who is outside can go on.
on_every_kind!(p1_a_group_raises_its_panic_in_the_opener, async |s| {
    let (n, read) = count();
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(s.group(async |g| {
        let counted = Counted(n);
        g.go(async move {
            let _counted = counted;
            for_ever().await;
        });
        g.spawn(async { panic!("in the group") }).release();
        for_ever().await;
    })))
    .await;
    assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"in the group"));
    assert_eq!(read(), 1);
});

// P1: the joiner that is not itself torn down gets the message.
on_every_kind!(p1_the_joiner_gets_the_message, async |s| {
    let outcome = Chan::new(1);
    let tell = outcome.clone();
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(
        s.group(async |g| g.spawn(async { panic!("number {}", 5) })),
    ));
    assert!(result.await.is_err());
    // A handle that left the group before the panic.
    let handle_out = Chan::new(1);
    let give = handle_out.clone();
    let outer = s.clone();
    let watcher = s.spawn(async move {
        let handle: orion_rt::JoinHandle<'_, (), _> = handle_out.recv().await.unwrap();
        let error = handle.await.unwrap_err();
        tell.send(error.to_string()).await.unwrap();
    });
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(outer.group(async move |g| {
        let failing = g.spawn(async {
            yield_now().await;
            panic!("number {}", 6)
        });
        give.send(failing).await.unwrap();
        for_ever().await;
    })));
    assert!(result.await.is_err());
    watcher.await.unwrap();
    assert!(outcome.recv().await.unwrap().contains("number 6"));
});

// P3: a panic in a destructor of a task's future is a panic of that task.
#[test]
fn p3_a_panic_in_a_destructor_is_the_tasks() {
    watched(|| {
        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                let task = s.spawn(async {
                    let _bomb = OnDrop(|| panic!("destructor"));
                    for_ever().await;
                });
                yield_now().await;
                task.cancel();
                let _ = task.await;
            });
        }));
        assert_eq!(message, "destructor");
        let message = panic_message(catch_unwind(|| {
            workers(2).run(async |s| {
                let g = s.clone();
                g.cancel();
                let bomb = OnDrop(|| panic!("refused"));
                g.go(async move {
                    let _bomb = bomb;
                });
            });
        }));
        assert_eq!(message, "refused");
    });
}

// P3: a payload that panics in its own destructor takes nothing down.
#[test]
fn p3_secondary_payloads_are_contained() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("payload");
            }
        }
    }
    watched(|| {
        let caught = catch_unwind(|| {
            workers(2).run(async |s| {
                for _ in 0..8 {
                    s.go(async {
                        yield_now().await;
                        panic_any(Bomb);
                    });
                }
                for_ever().await;
            });
        });
        std::mem::forget(caught.unwrap_err());
    });
}

// P4 is in `abort.rs`: it ends the process.

// R4: a root inside a task is refused with the fix's name; several roots share the workers.
#[test]
fn r4_roots_do_not_nest_and_do_share() {
    watched(|| {
        for nested in [
            (|| run(async |_| run(async |_| ()))) as fn(),
            || run(async |s| s.spawn(async { run(async |_| ()) }).await.unwrap()),
            || workers(1).run(async |_| run(async |_| ())),
            || workers(1).run(async |s| s.spawn(async { workers(1).run(async |_| ()) }).await.unwrap()),
        ] {
            let message = panic_message(catch_unwind(nested));
            assert!(message.contains("group"), "{message}");
        }
        let runtime = workers(2);
        std::thread::scope(|threads| {
            for i in 0..6_u64 {
                let runtime = &runtime;
                threads.spawn(move || {
                    let sum = runtime.run(async |s| {
                        let handles: Vec<_> = (0..100).map(|k| s.spawn(async move { i * k })).collect();
                        let mut sum = 0;
                        for handle in handles {
                            sum += handle.await.unwrap();
                        }
                        sum
                    });
                    assert_eq!(sum, i * 4950);
                });
            }
        });
    });
}

// R6: a bad setting is an error in the setting's own name.
#[test]
fn r6_bad_settings_say_what_to_do() {
    let error = orion_rt::Runtime::builder().workers(0).build().unwrap_err();
    assert!(error.to_string().contains("workers(0)") && error.to_string().contains("build_local"));
    let error = orion_rt::Runtime::builder().workers(3).build_local().unwrap_err();
    assert!(error.to_string().contains("workers") && error.to_string().contains("build_local"));
}

// R1: futures and values need not be Send, for the body of a Multi root too.
#[test]
fn r1_local_futures_need_not_be_send() {
    let value = run(async |s| {
        let rc = std::rc::Rc::new(3);
        let task = s.spawn({
            let rc = std::rc::Rc::clone(&rc);
            async move {
                yield_now().await;
                rc
            }
        });
        task.await.unwrap()
    });
    assert_eq!(*value, 3);
    let value = workers(2).run(async |_| {
        let rc = std::rc::Rc::new(4);
        yield_now().await;
        rc
    });
    assert_eq!(*value, 4);
}

// R3: a Local task woken from other threads, after the root's end too.
#[test]
fn r3_wakers_work_from_any_thread() {
    watched(|| {
        for _ in 0..if cfg!(miri) { 1 } else { 50 } {
            run(async |s| {
                let chan = Chan::new(0);
                let send = chan.clone();
                let thread = std::thread::spawn(move || (0..20).for_each(|i| send.send_blocking(i).unwrap()));
                let task = s.spawn(async move {
                    let mut sum = 0;
                    for _ in 0..20 {
                        sum += chan.recv().await.unwrap();
                    }
                    sum
                });
                assert_eq!(task.await.unwrap(), 190);
                thread.join().unwrap();
            });
        }
    });
}

// No recursion in teardown: deep chains of groups and joins.
#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    fn nest<'s>(g: Group<'s, Local>, depth: usize) -> std::pin::Pin<Box<dyn Future<Output = usize> + 's>> {
        Box::pin(async move {
            if depth == 0 {
                return 0;
            }
            let below = g.spawn({
                let g = g.clone();
                async move { nest(g, depth - 1).await }
            });
            below.await.unwrap() + 1
        })
    }
    let depth = if cfg!(miri) { 100 } else { 100_000 };
    assert_eq!(run(async |s| nest((*s).clone(), depth).await), depth);
    let caught = catch_unwind(|| {
        run(async |s| {
            let g = (*s).clone();
            nest_then(g, if cfg!(miri) { 50 } else { 10_000 }).await
        })
    });
    assert!(caught.is_err());

    fn nest_then<'s>(g: Group<'s, Local>, depth: usize) -> std::pin::Pin<Box<dyn Future<Output = ()> + 's>> {
        Box::pin(async move {
            assert!(depth > 0, "the bottom");
            g.spawn({
                let g = g.clone();
                async move { nest_then(g, depth - 1).await }
            })
            .await
            .unwrap_or_else(|_| resume_unwind(Box::new("above")));
        })
    }
}

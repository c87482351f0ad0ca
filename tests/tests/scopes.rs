//! Scopes and spawning: rules S1 to S7.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use futures::future;
use orion_rt::{Chan, Group, TaskError, run, yield_now};
use orion_tests::{Count, Then, for_ever, leaks_on_purpose, on_every_kind, workers};

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
    leaks_on_purpose("forgets a group's future");
    let gate = Chan::<()>::new(0);
    let open = gate.clone();
    let outer = s;
    let n = Count::default();
    let read = n.clone();
    let mut task = s.spawn(async move {
        let _returned = n.on_drop();
        // Polled once, then dropped: S4 says the task still waits for the child, which looks at the gate only when cancelled.
        let mut group = Box::pin(outer.group(async |g| {
            g.go(async move {
                let _hold = Then(move || assert!(gate.try_send(()).is_err()));
                for_ever().await;
            });
            for_ever().await;
        }));
        let polled = std::future::poll_fn(|cx| Poll::Ready(group.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        std::mem::forget(group);
        1
    });
    while read.get() == 0 {
        yield_now().await;
    }
    assert!(!task.is_finished(), "a forgotten group's task keeps its opener incomplete (S3, S4)");
    task.cancel();
    task.finished().await;
    assert_eq!(task.join().await.unwrap(), 1, "X4: it had returned before the request");
    open.close();
});

// S4: dropping a group's future cancels its children; the enclosing task waits for them.
on_every_kind!(s4_dropping_a_group_cancels_its_children, async |s| {
    let n = Count::default();
    let read = n.clone();
    let outer = s;
    s.spawn(async move {
        let mut group = Box::pin(outer.group(async |g: Group<'_, _>| {
            for _ in 0..5 {
                let counted = n.on_drop();
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
    assert_eq!(read.get(), 5);
});

// S5: spawning into a cancelled scope gives a task that is never polled and joins as Cancelled.
on_every_kind!(s5_a_cancelled_scope_refuses, async |s| {
    let n = Count::default();
    let read = n.clone();
    let g = s;
    let kept = s
        .group(async move |g| {
            g.cancel();
            assert!(g.is_cancelled());
            let counted = n.on_drop();
            let refused = g.spawn(async move {
                let _counted = counted;
                unreachable!("never polled");
            });
            assert!(matches!(refused.join().await, Err(TaskError::Cancelled)));
            g.go(async { unreachable!("never polled") });
            g.clone()
        })
        .await;
    assert_eq!(read.get(), 1);
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

// S9: background tasks do not keep their scope; when the body and all ordinary tasks have ended they are cancelled and waited for.
on_every_kind!(s9_background_tasks_do_not_keep_their_scope, async |s| {
    let gone = Count::default();
    let read = gone.clone();
    s.group(async move |g| {
        for _ in 0..3 {
            let counted = gone.on_drop();
            g.task().background().go(async move {
                let _counted = counted;
                for_ever().await;
            });
        }
        // A background task that ends by itself, and one that is joined.
        g.task().background().go(async {});
        assert_eq!(g.task().background().spawn(async { 7 }).await.unwrap(), 7);
        // An ordinary task keeps the scope after the body, and the background tasks with it.
        let watched = gone.clone();
        g.go(async move {
            for _ in 0..20 {
                yield_now().await;
            }
            assert_eq!(watched.get(), 0);
        });
    })
    .await;
    assert_eq!(read.get(), 3);
    // At the root as well: this one is left running.
    s.task().background().go(async {
        loop {
            yield_now().await;
        }
    });
});

// S9: what the body and an ordinary task are to a scope, so are the tasks of groups that were opened and left.
on_every_kind!(s9_a_background_task_may_spawn_ordinary_ones, async |s| {
    let done = Count::default();
    let read = done.clone();
    s.group(async move |g| {
        let (inner, done) = (g.clone(), done.clone());
        let started = Chan::new(1);
        let begun = started.clone();
        g.task().background().go(async move {
            for _ in 0..3 {
                let counted = done.on_drop();
                inner.go(async move {
                    yield_now().await;
                    drop(counted);
                });
            }
            begun.send(()).await.unwrap();
            for_ever().await;
        });
        started.recv().await;
    })
    .await;
    assert_eq!(read.get(), 3);
});

// S9, P1: a panic of a background task is a panic of the scope.
on_every_kind!(s9_a_background_panic_is_the_scopes, async |s| {
    let result = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(s.group(async |g| {
        g.task().background().go(async { panic!("background") });
        for_ever().await;
    })))
    .await;
    assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"background"));
});

// S9, S5: a background task of a scope that is cancelled or over is refused.
on_every_kind!(s9_a_background_task_is_refused_when_it_is_too_late, async |s| {
    let ended = s
        .group(async |g| {
            g.task().background().go(for_ever());
            g.clone()
        })
        .await;
    assert!(matches!(ended.task().background().spawn(async { 1 }).await, Err(TaskError::Cancelled)));
    let cancelled = s.group(async |g| {
        g.cancel();
        g.task().background().spawn(async { 1 }).await
    });
    assert!(matches!(cancelled.await, Err(TaskError::Cancelled)));
    // X2: a cancel of the scope reaches them while the body goes on.
    let gone = Count::default();
    let read = gone.clone();
    s.group(async move |g| {
        let counted = gone.on_drop();
        let task = g.task().background().spawn(async move {
            let _counted = counted;
            for_ever().await;
        });
        g.cancel();
        assert!(matches!(task.await, Err(TaskError::Cancelled)));
        assert_eq!(gone.get(), 1);
    })
    .await;
    assert_eq!(read.get(), 1);
});

// S6: a group that ends in the turn in which it was opened does not wake the task that opened it: it is running, and looks.
#[test]
fn s6_a_group_that_ends_at_once_gives_its_task_no_turn_of_its_own() {
    let polls = Count::default();
    let counted = polls.clone();
    run(async |s| {
        let gate = Chan::<()>::new(0);
        let wait = gate.clone();
        let outer = s;
        let mut work = Box::pin(async move {
            outer.group(async |_| {}).await;
            wait.recv().await;
        });
        s.go(std::future::poll_fn(move |cx| {
            counted.add();
            work.as_mut().poll(cx)
        }));
        for _ in 0..3 {
            yield_now().await;
        }
        assert_eq!(polls.get(), 1, "it waits at the gate");
        gate.send(()).await.unwrap();
    });
    assert_eq!(polls.get(), 2);
}

// S4, P1: a group is ready when the tasks of groups that its body has dropped, or that were dropped with it, are gone too.
on_every_kind!(s4_a_group_waits_for_what_its_body_has_dropped, async |s| {
    let gone = Count::default();
    let count = gone.clone();
    s.group(async move |g| {
        for _ in 0..3 {
            let (child, started) = (count.on_drop(), Chan::new(1));
            let mut dropped = Box::pin(g.group(async |h| {
                let ready = started.clone();
                h.group(async |below| {
                    below.go(async move {
                        let _child = child;
                        ready.send(()).await.unwrap();
                        orion_rt::shield(async {
                            orion_rt::cancelled().await;
                            yield_now().await;
                        })
                        .await;
                        for_ever().await;
                    });
                })
                .await;
            }));
            std::future::poll_fn(|cx| {
                assert!(dropped.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            })
            .await;
            started.recv().await;
        }
    })
    .await;
    assert_eq!(gone.get(), 3);
});

// S2: the futures of groups are futures like any other: held by others, in a task of a runtime with workers too.
on_every_kind!(s2_other_futures_hold_those_of_groups, async |s| {
    s.go(async move {
        let one = |i: u32| s.group(async move |g| g.spawn(async move { i }).await.unwrap());
        let tried = |i: u32| {
            s.try_group(async move |g| {
                let value = g.spawn(async move { Ok::<_, &str>(i) });
                Ok::<_, &str>(value.await.unwrap())
            })
        };
        let timed = |i: u32| {
            s.group_timeout(Duration::from_secs(3600), async move |g| g.spawn(async move { i }).await.unwrap())
        };
        let local = |i: u32| s.local(async move |g| g.spawn(async move { i }).await.unwrap());
        assert_eq!(futures::join!(one(1), tried(2), timed(3), local(4)), (1, Ok(2), Ok(3), 4));
        assert_eq!(future::join_all((0..4).map(one)).await, [0, 1, 2, 3]);
        assert_eq!(future::try_join_all((0..4).map(tried)).await, Ok(vec![0, 1, 2, 3]));
        assert_eq!(future::try_join_all((0..4).map(timed)).await, Ok(vec![0, 1, 2, 3]));
        assert_eq!(future::join_all((0..4).map(local)).await, [0, 1, 2, 3]);
    });
});

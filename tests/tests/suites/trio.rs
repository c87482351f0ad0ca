//! Trio's `test_run.py` and `test_timeouts.py`: nurseries are groups, cancel scopes groups too. What is different: the first panic is raised, not a
//! collection (P1); a task spawned into a cancelled scope never begins (S5); a cancelled task ends at its first suspension, and
//! tasks below are cancelled with it, shielded or not (X2, X3).

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::time::Duration;

use futures::FutureExt;
use orion_rt::{
    Chan, Group, Local, LocalRuntime, Runtime, TaskError, cancelled, now, run, shield, sleep, timeout, yield_now,
};
use orion_tests::{Count, Then, for_ever, on_every_kind, panic_message, watched};

use crate::receivers_park;

const SECOND: Duration = Duration::from_secs(1);

/// Virtual time, first in, first out.
fn virtual_time() -> LocalRuntime {
    Runtime::builder().deterministic(true).build_local().unwrap()
}

/// What is in `log`, in order.
fn drain<T>(log: &Chan<T>) -> Vec<T> {
    std::iter::from_fn(|| log.try_recv().ok()).collect()
}

// S6, Y1 (test_basic_interleave): two looping tasks take turns.
#[test]
fn loops_interleave() {
    let log = Chan::unbounded();
    run(async |s| {
        for name in ['a', 'b'] {
            let log = log.clone();
            s.go(async move {
                for i in 0..3 {
                    log.send((name, i)).await.unwrap();
                    yield_now().await;
                }
            });
        }
    });
    assert_eq!(drain(&log), [('a', 0), ('b', 0), ('a', 1), ('b', 1), ('a', 2), ('b', 2)]);
}

// P1 (test_initial_task_error, test_task_crash_propagation): a panic of the body or of a task comes out of `run`, when the others have been torn
// down.
#[test]
fn a_crash_comes_out_of_run() {
    watched(|| {
        for by_body in [false, true] {
            let log = Chan::unbounded();
            let result = catch_unwind(AssertUnwindSafe(|| {
                run(async |s| {
                    let at_end = log.clone();
                    s.go(async move {
                        let _end = Then(move || at_end.try_send("looper cancelled").unwrap());
                        loop {
                            yield_now().await;
                        }
                    });
                    yield_now().await;
                    if by_body {
                        panic!("crash");
                    }
                    s.go(async { panic!("crash") });
                });
            }));
            assert_eq!(panic_message(result), "crash");
            assert_eq!(drain(&log), ["looper cancelled"]);
        }
    });
}

// P1 (test_main_and_task_both_crash, test_two_child_crashes): of several panics the first is raised.
#[test]
fn the_first_of_several_crashes_is_raised() {
    watched(|| {
        let both = catch_unwind(|| {
            run(async |s| {
                s.go(async { panic_any(1) });
                panic_any(0);
            });
        });
        assert_eq!(both.unwrap_err().downcast_ref(), Some(&0), "the body's turn came first");
        let children = catch_unwind(|| {
            run(async |s| {
                s.go(async { panic_any(1) });
                s.go(async { panic_any(2) });
                for_ever().await;
            });
        });
        assert_eq!(children.unwrap_err().downcast_ref(), Some(&1));
        // One that panics while it is torn down comes second.
        let teardown = catch_unwind(|| {
            run(async |s| {
                s.go(async {
                    let _second = Then(|| panic_any(2));
                    for_ever().await;
                });
                s.go(async { panic_any(1) });
            });
        });
        assert_eq!(teardown.unwrap_err().downcast_ref(), Some(&1));
    });
}

// P1 (test_child_crash_wakes_parent, test_child_crash_basic, test_nursery_main_block_error_basic): a body that waits for ever is ended by a child's panic, and
// the task around it can go on.
on_every_kind!(a_crash_wakes_the_body, async |s| {
    for by_body in [false, true] {
        let group = s.group(async move |g| {
            if by_body {
                panic!("a crash");
            }
            g.go(async { panic!("a crash") });
            for_ever().await;
        });
        let caught = AssertUnwindSafe(group).catch_unwind().await;
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"a crash"));
    }
});

// X6, X1 (test_cancel_edge_cases): cancelling twice is cancelling once; a cancellation stays, so each wait for it is over at once.
on_every_kind!(a_cancellation_stays, async |s| {
    let (started, log) = (Chan::new(0), Chan::unbounded());
    let (ready, tell) = (started.clone(), log.clone());
    let task = s.spawn(shield(async move {
        ready.send(()).await.unwrap();
        cancelled().await;
        cancelled().await;
        tell.send(orion_rt::is_cancelled()).await.unwrap();
    }));
    started.recv().await;
    task.cancel();
    task.cancel();
    task.await.unwrap();
    assert_eq!(drain(&log), [true]);
    s.group(async |g| {
        g.cancel();
        g.cancel();
        g.cancelled().await;
        g.cancelled().await;
    })
    .await;
});

// P1, X2, S5 (test_cancel_scope_exceptiongroup_filtering): cancelled tasks leave no trace in how a group ends; a panic among them does.
on_every_kind!(cancelled_tasks_do_not_hide_a_crash, async |s| {
    let group = s.group(async move |g| {
        g.go(for_ever());
        g.go(for_ever());
        let crash = shield(async {
            cancelled().await;
            panic!("the one that counts")
        });
        let started = Chan::new(0);
        let ready = started.clone();
        g.go(async move {
            ready.send(()).await.unwrap();
            crash.await;
        });
        started.recv().await;
        // A turn for its shield to begin; without it the task is only cancelled.
        g.clone().group(async |h| h.go(yield_now())).await;
        g.cancel();
        g.go(for_ever());
    });
    let result = AssertUnwindSafe(group).catch_unwind().await;
    // On several workers the cancel may come before the shield.
    if let Err(payload) = result {
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"the one that counts"));
    }
});

// S5, X1 (test_precancelled_task): a task spawned into a cancelled group never begins, unlike Trio's; its future is dropped.
on_every_kind!(a_task_for_a_cancelled_group_never_begins, async |s| {
    let log = Chan::unbounded();
    let tell = log.clone();
    s.group(async move |g| {
        g.cancel();
        let at_end = tell.clone();
        let end = Then(move || at_end.try_send("dropped").unwrap());
        g.go(async move {
            let _end = end;
            tell.send("started").await.unwrap();
        });
    })
    .await;
    assert_eq!(drain(&log), ["dropped"]);
});

// X3 (test_cancel_shielding, test_cancel_scope_nesting): a shield holds against the outside; a group opened and cancelled inside is cancelled all the same.
on_every_kind!(a_shield_holds_against_the_outside_only, async |s| {
    let (started, log) = (Chan::new(0), Chan::unbounded());
    let (ready, tell) = (started.clone(), log.clone());
    let outer = s;
    let task = s.spawn(async move {
        shield(async {
            let inner = outer.group(async |g| {
                let below = g.spawn(for_ever());
                g.cancel();
                below.await
            });
            assert!(matches!(inner.await, Err(TaskError::Cancelled)));
            ready.send(()).await.unwrap();
            cancelled().await;
            yield_now().await;
            tell.send("shielded").await.unwrap();
        })
        .await;
        yield_now().await;
        tell.send("never").await.unwrap();
    });
    started.recv().await;
    task.cancel();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
    assert_eq!(drain(&log), ["shielded"]);
});

// X3, X2 (test_cancel_shield_abort): different from Trio: a group opened within a shield after the cancellation is born cancelled; what is to go
// on below takes a shield of its own, in time.
on_every_kind!(a_group_within_a_shield_is_cancelled_with_its_task, async |s| {
    let (started, log) = (Chan::new(0), Chan::unbounded());
    let (ready, tell) = (started.clone(), log.clone());
    let outer = s;
    let task = s.spawn(shield(async move {
        let before = outer.group(async |g| {
            let (up, at_end) = (Chan::new(0), tell.clone());
            let is_up = up.clone();
            g.go(shield(async move {
                up.send(()).await.unwrap();
                cancelled().await;
                at_end.send("shielded below").await.unwrap();
            }));
            g.go(for_ever());
            is_up.recv().await;
            ready.send(()).await.unwrap();
        });
        before.await;
        let after = outer.group(async |g| g.spawn(async { unreachable!("never begins") }).await);
        let after: Result<(), TaskError> = after.await;
        assert!(matches!(after, Err(TaskError::Cancelled)));
    }));
    started.recv().await;
    task.cancel();
    task.await.unwrap();
    assert_eq!(drain(&log), ["shielded below"]);
});

// X2 (test_cancel_inheritance): a cancellation reaches the leaves of a tree of groups.
on_every_kind!(a_cancellation_reaches_the_leaves, async |s| {
    let (up, ended) = (Chan::new(0), Count::default());
    let read = ended.clone();
    s.group(async |g| {
        for _ in 0..2 {
            let (outer, up, ended) = (g.clone(), up.clone(), ended.clone());
            g.go(async move {
                outer
                    .group(async |h| {
                        for _ in 0..2 {
                            let (up, end) = (up.clone(), ended.on_drop());
                            h.go(async move {
                                let _end = end;
                                up.send(()).await.unwrap();
                                for_ever().await;
                            });
                        }
                    })
                    .await;
            });
        }
        for _ in 0..4 {
            up.recv().await.unwrap();
        }
        g.cancel();
    })
    .await;
    assert_eq!(read.get(), 4);
});

// X1 (test_cancel_points): a cancelled task ends where it suspends, not where it could have.
on_every_kind!(only_a_suspension_ends_a_cancelled_task, async |s| {
    let log = Chan::unbounded();
    let tell = log.clone();
    s.group(async move |g| {
        let inner = g.clone();
        let ready = Chan::new(1);
        g.spawn(async move {
            inner.cancel();
            ready.send(()).await.unwrap();
            ready.recv().await.unwrap();
            tell.send("ready operations suspend nobody").await.unwrap();
            yield_now().await;
            tell.send("never").await.unwrap();
        })
        .release();
    })
    .await;
    assert_eq!(drain(&log), ["ready operations suspend nobody"]);
});

// X1, S3 (test_failed_abort): a stubborn task is not woken to its end by the request; it ends after whatever holds it.
on_every_kind!(a_stubborn_task_ends_when_it_lets_go, async |s| {
    let (sleeping, wake, log) = (Chan::new(0), Chan::new(0), Chan::unbounded());
    s.group(async |g| {
        let (ready, wait, tell) = (sleeping.clone(), wake.clone(), log.clone());
        g.go(async move {
            let at_end = tell.clone();
            let _end = Then(move || at_end.try_send("cancelled").unwrap());
            shield(async {
                ready.send(()).await.unwrap();
                assert_eq!(wait.recv().await, Some(1));
                tell.send("woke").await.unwrap();
            })
            .await;
            for_ever().await;
        });
        sleeping.recv().await;
        receivers_park(&wake, 1).await;
        g.cancel();
        for _ in 0..10 {
            yield_now().await;
        }
        assert!(log.is_empty());
        wake.send(1).await.unwrap();
    })
    .await;
    assert_eq!(drain(&log), ["woke", "cancelled"]);
});

// S2, S5 (test_nursery_closure): a group that has ended takes no more tasks; while a last task runs it does.
on_every_kind!(a_closed_group_takes_no_tasks, async |s| {
    let ended = s
        .group(async |g| {
            let late = g.clone();
            let count = Count::default();
            let read = count.clone();
            g.go(async move {
                yield_now().await;
                late.go(async move { count.add() });
            });
            (g, read)
        })
        .await;
    assert_eq!(ended.1.get(), 1, "the body had returned, a task had not");
    assert!(matches!(ended.0.spawn(async {}).await, Err(TaskError::Cancelled)));
});

// S5, X2, R8 (a nursery's child spawned during the cancellation): what a destructor spawns while its group is torn down is refused and dropped.
on_every_kind!(a_destructor_spawns_during_the_cancellation, async |s| {
    let (up, dropped) = (Chan::new(0), Count::default());
    let read = dropped.clone();
    s.group(async |g| {
        let (ready, late) = (up.clone(), g.clone());
        let counted = std::sync::Mutex::new(Some(dropped.on_drop()));
        g.go(async move {
            let _spawns = Then(move || {
                let counted = counted.lock().unwrap().take();
                late.go(async move {
                    let _counted = counted;
                    unreachable!("never polled");
                });
            });
            ready.send(()).await.unwrap();
            for_ever().await;
        });
        up.recv().await;
        g.cancel();
    })
    .await;
    assert_eq!(read.get(), 1);
});

// X1 (test_locals_destroyed_promptly_on_cancel): the variables of a cancelled task are gone when its group is over.
on_every_kind!(variables_go_before_the_group_is_over, async |s| {
    let dropped = Count::default();
    let read = dropped.clone();
    s.group(async |g| {
        let variable = dropped.on_drop();
        g.go(async move {
            let _variable = variable;
            yield_now().await;
        });
        g.cancel();
    })
    .await;
    assert_eq!(read.get(), 1);
});

// X2 (test_very_deep_cancel_scope_nesting): five thousand groups inside each other, cancelled from the outermost.
#[test]
fn five_thousand_groups_deep() {
    fn nest<'s>(g: Group<'s, Local>, depth: usize, up: Chan<()>) -> Pin<Box<dyn Future<Output = ()> + 's>> {
        Box::pin(async move {
            if depth == 0 {
                up.send(()).await.unwrap();
                return for_ever().await;
            }
            g.group(async move |h| h.clone().go(nest(h, depth - 1, up))).await;
        })
    }
    watched(|| {
        run(async |s| {
            let up = Chan::new(0);
            s.group(async |g| {
                g.go(nest(g.clone(), if cfg!(miri) { 30 } else { 5000 }, up.clone()));
                up.recv().await;
                g.cancel();
            })
            .await;
        });
    });
}

// X2, S4 (test_cancel_scope_nesting): the inner of two groups that are cancelled is over first, the outer's body does not notice.
on_every_kind!(inner_and_outer_are_cancelled_together, async |s| {
    let value = s
        .group(async |outer| {
            let inner = outer
                .group(async |inner| {
                    let task = inner.spawn(for_ever());
                    inner.cancel();
                    outer.cancel();
                    assert!(matches!(task.await, Err(TaskError::Cancelled)));
                    1
                })
                .await;
            assert!(outer.is_cancelled());
            inner + 1
        })
        .await;
    assert_eq!(value, 2);
    // Cancelled and over before anybody waits: the next group knows nothing of it.
    assert_eq!(s.group(async |g| g.spawn(async { 3 }).await.unwrap()).await, 3);
});

// S11, T3 (test_basic_timeout, move_on_after, fail_after, test_cancel_scope_deadline_duplicates): deadlines, moved and moved again.
#[test]
fn deadlines_of_groups() {
    watched(|| {
        virtual_time().run(async |s| {
            let start = now();
            assert!(s.group_timeout(SECOND, async |g| g.go(for_ever())).await.is_err());
            assert_eq!(now() - start, SECOND);
            assert_eq!(s.group_timeout(SECOND, async |_| 7).await, Ok(7));
            assert_eq!(now() - start, SECOND, "the deadline left nothing behind");
            sleep(2 * SECOND).await;

            // The last call wins, earlier or later, however many there were.
            for last in [5, 1, 9] {
                let start = now();
                s.group(async |g| {
                    let task = g.spawn(for_ever());
                    for _ in 0..1000 {
                        g.cancel_after(7 * SECOND);
                        g.cancel_after(3 * SECOND);
                    }
                    g.cancel_after(last * SECOND);
                    assert!(matches!(task.await, Err(TaskError::Cancelled)));
                })
                .await;
                assert_eq!(now() - start, last * SECOND);
            }
        });
    });
}

// T3, X1 (test_yield_briefly_checks_for_timeout): a deadline does not come while tasks run; then it does, at the next suspension.
#[test]
fn a_deadline_comes_when_nobody_runs() {
    watched(|| {
        virtual_time().run(async |s| {
            let turns = Count::default();
            let counted = turns.clone();
            let late = s.group_timeout(SECOND, async |g| {
                g.go(async move {
                    for _ in 0..100 {
                        counted.add();
                        yield_now().await;
                    }
                    for_ever().await;
                });
            });
            assert!(late.await.is_err());
            assert_eq!(turns.get(), 100);
        });
    });
}

// X3, T3 (test_move_on_after_moves_on_even_if_shielded, test_fail_after_fails_even_if_shielded): a timeout around a shield ends it, a group's deadline waits for it, a shield
// around a timeout changes nothing.
#[test]
fn deadlines_and_shields() {
    watched(|| {
        virtual_time().run(async |s| {
            let start = now();
            assert!(timeout(SECOND, shield(for_ever())).await.is_err());
            assert_eq!(now() - start, SECOND);
            assert!(shield(timeout(SECOND, for_ever())).await.is_err());
            assert_eq!(now() - start, 2 * SECOND);
            let late = s.group_timeout(SECOND, async |g| g.spawn(shield(sleep(5 * SECOND))).await);
            assert!(late.await.is_err());
            assert_eq!(now() - start, 7 * SECOND);
        });
    });
}

// S8 (multi-errors, the first only): of several errors the first in time is the group's, and an `Ok` body does not hide it.
on_every_kind!(the_first_error_in_time, async |s| {
    let (second_may, first_is_out) = (Chan::<()>::new(0), Count::default());
    let seen = first_is_out.clone();
    let result: Result<&str, i32> = s
        .try_group(async move |g| {
            let wait = second_may.clone();
            let late = first_is_out.clone();
            g.go(shield(async move {
                wait.recv().await;
                late.add();
                Err(2)
            }));
            receivers_park(&second_may, 1).await;
            g.go(async move {
                // Lets the other fail when this one has.
                let _after = Then(move || _ = second_may.close());
                Err(1)
            });
            Ok("the body was content")
        })
        .await;
    // The destructor runs before the error is seen: on several workers the second may be first.
    assert!(matches!(result, Err(1 | 2)));
    assert_eq!(seen.get(), 1, "the shielded task was waited for");
});

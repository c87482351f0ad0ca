//! Shields: rule X3.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{join, poll_fn};
use orion_rt::{Chan, TaskError, is_cancelled, run, select, shield, timeout, yield_now};
use orion_tests::{Count, Then, for_ever, on_every_kind, panic_message, poll_once, watched, workers};

/// Everything that is in `log`.
fn drain<T>(log: &Chan<T>) -> Vec<T> {
    std::iter::from_fn(|| log.try_recv().ok()).collect()
}

/// Polls `future` once, with the waker of the task.
async fn start<F: Future + Unpin>(future: &mut F) {
    poll_fn(|cx| {
        assert!(Pin::new(&mut *future).poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

// X3, X1: within a shield the task runs on; then it ends at its first suspension, and its destructors run.
on_every_kind!(x3_a_cancelled_task_runs_on_within_a_shield, async |s| {
    let (log, started, go_on) = (Chan::unbounded(), Chan::new(1), Chan::new(0));
    let task = s.spawn({
        let (log, started, go_on) = (log.clone(), started.clone(), go_on.clone());
        async move {
            let at_end = log.clone();
            let _end = Then(move || at_end.try_send("destructor").unwrap());
            shield(async {
                started.send(()).await.unwrap();
                go_on.recv().await;
                yield_now().await;
                log.send("shielded").await.unwrap();
            })
            .await;
            log.send("up to the suspension").await.unwrap();
            yield_now().await;
            log.send("never").await.unwrap();
        }
    });
    started.recv().await;
    task.cancel();
    task.cancel();
    assert!(!task.is_finished());
    go_on.send(()).await.unwrap();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
    assert_eq!(drain(&log), ["shielded", "up to the suspension", "destructor"]);
});

// X3, X4: a task that returns after its shield without another suspension keeps its result.
on_every_kind!(x3_a_task_that_returns_from_its_shield_has_a_result, async |s| {
    let (started, go_on) = (Chan::new(1), Chan::new(0));
    let (ready, wait) = (started.clone(), go_on.clone());
    let task = s.spawn(shield(async move {
        ready.send(()).await.unwrap();
        wait.recv().await.unwrap()
    }));
    started.recv().await;
    task.cancel();
    go_on.send("a result").await.unwrap();
    assert_eq!(task.await.unwrap(), "a result");
});

// X3: while any shield is pending the whole task lives, what is polled beside it too.
on_every_kind!(x3_the_whole_task_lives, async |s| {
    let (started, end, ticks) = (Chan::new(1), Chan::<()>::new(0), Chan::new(0));
    let task = s.spawn({
        let (started, end, ticks) = (started.clone(), end.clone(), ticks.clone());
        async move {
            let beside = async {
                started.send(()).await.unwrap();
                for n in 0.. {
                    ticks.send(n).await.unwrap();
                }
            };
            join(shield(end.recv()), beside).await;
        }
    });
    started.recv().await;
    task.cancel();
    for n in 0..10 {
        assert_eq!(ticks.recv().await, Some(n));
    }
    end.close();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
});

// X3: a shield is pending from its first poll; one that is only there protects nothing.
on_every_kind!(x3_a_shield_that_was_never_polled_protects_nothing, async |s| {
    let started = Chan::new(1);
    let ready = started.clone();
    let task = s.spawn(async move {
        let _shield = Box::pin(shield(for_ever()));
        ready.send(()).await.unwrap();
        for_ever().await;
    });
    started.recv().await;
    task.cancel();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
});

// X3: nested shields: the outer protects when the inner has ended.
on_every_kind!(x3_nested_shields, async |s| {
    let (started, go_on, log) = (Chan::new(1), Chan::new(0), Chan::unbounded());
    let task = s.spawn({
        let (started, go_on, log) = (started.clone(), go_on.clone(), log.clone());
        async move {
            shield(async {
                shield(async {
                    started.send(()).await.unwrap();
                    go_on.recv().await;
                })
                .await;
                yield_now().await;
                log.send("outer").await.unwrap();
            })
            .await;
            for_ever().await;
        }
    });
    started.recv().await;
    task.cancel();
    go_on.send(()).await.unwrap();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
    assert_eq!(drain(&log), ["outer"]);
});

// X3: a shield stops no combinator that drops it: not a select, whose losing arm it is, nor a timeout.
on_every_kind!(x3_combinators_drop_shields, async |s| {
    let (started, go_on, log) = (Chan::new(1), Chan::new(0), Chan::unbounded());
    let task = s.spawn({
        let (started, go_on, log) = (started.clone(), go_on.clone(), log.clone());
        async move {
            started.send(()).await.unwrap();
            select! {
                _ = shield(for_ever()) => unreachable!(),
                _ = <-go_on => log.send("the other arm").await.unwrap(),
            }
            for_ever().await;
        }
    });
    started.recv().await;
    task.cancel();
    // The cancelled task waits in its select still, as the shield in it is pending; or it was cancelled before.
    let _ = go_on.try_send(());
    go_on.close();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
    assert!(timeout(Duration::from_millis(1), shield(for_ever())).await.is_err());
});

// X3, X6: a shield that is moved to another task protects that one from its next poll on, and the first no more, which ends.
on_every_kind!(x3_a_shield_moves_with_its_future, async |s| {
    let (hand_over, parked, end) = (Chan::new(1), Chan::new(1), Chan::new(0));
    let first = s.spawn({
        let (hand_over, end) = (hand_over.clone(), end.clone());
        async move {
            let mut shielded = Box::pin(shield(async move { end.recv().await.unwrap() }));
            start(&mut shielded).await;
            hand_over.send(shielded).await.unwrap();
            for_ever().await;
        }
    });
    let shielded = hand_over.recv().await.unwrap();
    first.cancel();
    yield_now().await;
    assert!(!first.is_finished(), "the shield was polled there last");
    let tell = parked.clone();
    let second = s.spawn(async move {
        let mut shielded = shielded;
        start(&mut shielded).await;
        tell.send(()).await.unwrap();
        shielded.await
    });
    assert!(matches!(first.await, Err(TaskError::Cancelled)), "the second has taken it over");
    parked.recv().await;
    second.cancel();
    end.send("the second's").await.unwrap();
    assert_eq!(second.await.unwrap(), "the second's");
});

// X3: the last shield of a cancelled, parked task is dropped elsewhere: the task is woken to its end.
on_every_kind!(x3_dropping_the_last_shield_elsewhere_ends_the_task, async |s| {
    let hand_over = Chan::new(2);
    let give = hand_over.clone();
    let task = s.spawn(async move {
        for _ in 0..2 {
            let mut shielded = Box::pin(shield(for_ever()));
            start(&mut shielded).await;
            give.send(shielded).await.unwrap();
        }
        for_ever().await;
    });
    let (one, two) = (hand_over.recv().await.unwrap(), hand_over.recv().await.unwrap());
    task.cancel();
    drop(one);
    yield_now().await;
    assert!(!task.is_finished());
    std::thread::spawn(move || drop(two)).join().unwrap();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
});

// X3: a panic inside a shield ends the task as a panic anywhere does.
on_every_kind!(x3_a_panic_goes_through_a_shield, async |s| {
    let group = s.group(async |g| {
        g.go(shield(async { panic!("shielded") }));
        for_ever().await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"shielded"));
});

// X3, P1: a shield in the body of a group holds against the panic of a sibling; the payload is raised afterwards.
on_every_kind!(x3_a_groups_body_is_shielded_from_a_panic_beside_it, async |s| {
    let log = Chan::unbounded();
    let tell = log.clone();
    let group = s.group(async move |g| {
        shield(async {
            let inner = g.clone();
            g.go(async { panic!("beside") });
            inner.cancelled().await;
            yield_now().await;
            tell.send("shielded").await.unwrap();
        })
        .await;
        tell.send("up to the suspension").await.unwrap();
        yield_now().await;
        tell.send("never").await.unwrap();
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"beside"));
    assert_eq!(drain(&log), ["shielded", "up to the suspension"]);
    assert!(!is_cancelled(), "the task around the group goes on");
});

// X3, P1: a shield protects every body around it, up to the task; after it the innermost that is to stop is dropped.
on_every_kind!(x3_a_shield_protects_all_bodies_around_it, async |s| {
    let log = Chan::unbounded();
    let tell = log.clone();
    let group = s.group(async move |g| {
        let outer = g.clone();
        let at_end = tell.clone();
        let _end = Then(move || at_end.try_send("outer body dropped").unwrap());
        g.group(async |h| {
            let at_end = tell.clone();
            let _end = Then(move || at_end.try_send("inner body dropped").unwrap());
            shield(async {
                outer.go(async { panic!("outer") });
                outer.cancelled().await;
                h.cancelled().await;
                yield_now().await;
                tell.send("shielded").await.unwrap();
            })
            .await;
            for_ever().await;
        })
        .await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"outer"));
    assert_eq!(drain(&log), ["shielded", "inner body dropped", "outer body dropped"]);
});

// X3: a shield that has left the body, dropped by another task, lets a body go that is to stop.
on_every_kind!(x3_a_shield_that_left_a_body, async |s| {
    let hand_over = Chan::new(1);
    let (give, fail) = (hand_over.clone(), Chan::<()>::new(0));
    let failing = fail.clone();
    let dropper = s.spawn(async move {
        let shielded = hand_over.recv().await;
        failing.recv().await;
        drop(shielded);
    });
    let gone = Count::default();
    let counted = gone.on_drop();
    let group = s.group(async move |g| {
        let _counted = counted;
        let mut shielded = Box::pin(shield(for_ever()));
        start(&mut shielded).await;
        give.send(shielded).await.unwrap();
        g.go(async move {
            let _end = Then(move || assert!(fail.close()));
            panic!("beside");
        });
        for_ever().await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"beside"));
    assert_eq!(gone.get(), 1);
    dropper.await.unwrap();
});

// X3, P1: the body of a root is a task: a panic below it waits for its shield.
#[test]
fn x3_the_body_of_a_root_is_shielded() {
    watched(|| {
        let log = Chan::unbounded();
        for n in 0..3 {
            let body = || async {
                shield(async {
                    orion_rt::cancelled().await;
                    assert!(is_cancelled());
                    yield_now().await;
                    log.send("shielded").await.unwrap();
                })
                .await;
                for_ever().await;
            };
            let caught = catch_unwind(AssertUnwindSafe(|| match n {
                0 => run(async |s| {
                    s.go(async { panic!("below") });
                    body().await;
                }),
                n => workers(n).run(async |s| {
                    s.go(async { panic!("below") });
                    body().await;
                }),
            }));
            assert_eq!(panic_message(caught), "below");
            assert_eq!(drain(&log), ["shielded"]);
        }
    });
}

// X3, X2: tasks below a cancelled one are cancelled, those of a group that the shield waits for too, opened later included.
on_every_kind!(x3_a_shield_protects_no_other_task, async |s| {
    let (started, log) = (Chan::new(1), Chan::unbounded());
    let task = s.spawn({
        let (g, started, log) = ((*s).clone(), started.clone(), log.clone());
        async move {
            shield(async {
                let below = g.group(async |h| {
                    let started = started.clone();
                    let child = h.spawn(async move {
                        started.send(()).await.unwrap();
                        for_ever().await;
                    });
                    child.await
                });
                log.send(below.await.is_err()).await.unwrap();
                let later = g.group(async |h| h.spawn(async {}).await);
                log.send(later.await.is_err()).await.unwrap();
            })
            .await;
        }
    });
    started.recv().await;
    task.cancel();
    let _ = task.await;
    assert_eq!(drain(&log), [true, true]);
});

// X3, X5, L6: a cancelled join in a select in a timeout in a group in a shield: each gives way to the next one out.
on_every_kind!(x3_a_cancelled_join_inside_everything, async |s| {
    let (started, quit, log) = (Chan::new(1), Chan::<()>::new(0), Chan::unbounded());
    let slow = s.spawn(async {
        for_ever().await;
    });
    let task = s.spawn({
        let (g, started, log, never) = ((*s).clone(), started.clone(), log.clone(), quit.clone());
        let slow = slow;
        async move {
            let mut slow = slow;
            shield(async {
                let from_group = g.group(async |h| {
                    let raced = timeout(Duration::from_secs(3600), async {
                        started.send(()).await.unwrap();
                        select! {
                            _ = slow.finished() => "joined",
                            _ = <-never => "quit",
                            _ = h.cancelled() => "cancelled",
                        }
                    });
                    raced.await.unwrap()
                });
                log.send(from_group.await).await.unwrap();
            })
            .await;
            // The slow task is not below this one: it is joined by nobody, and cancelled by its scope.
            slow.cancel();
            for_ever().await;
        }
    });
    started.recv().await;
    task.cancel();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
    assert_eq!(drain(&log), ["cancelled"]);
});

// X3: outside tasks a shield is its future.
#[test]
fn x3_a_shield_outside_tasks() {
    assert_eq!(futures::executor::block_on(shield(async { 5 })), 5);
    let wakes = Count::default();
    let mut pending = Box::pin(shield(for_ever()));
    assert!(poll_once(pending.as_mut(), &wakes).is_pending());
    drop(pending);
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    drop(assert_send(shield(async {})));
}

// X3: a shield that is forgotten is pending for ever; its task may still return.
on_every_kind!(x3_a_forgotten_shield, async |s| {
    let (started, go_on) = (Chan::new(1), Chan::new(0));
    let (ready, wait) = (started.clone(), go_on.clone());
    let task = s.spawn(async move {
        let mut shielded = Box::pin(shield(for_ever()));
        start(&mut shielded).await;
        orion_tests::leaks_on_purpose("forgets a shield");
        std::mem::forget(shielded);
        ready.send(()).await.unwrap();
        wait.recv().await.unwrap();
        yield_now().await;
        "returned"
    });
    started.recv().await;
    task.cancel();
    go_on.send(()).await.unwrap();
    assert_eq!(task.await.unwrap(), "returned");
});

// X3, X6: shields that come and go on one thread, cancels on another: every task ends, and none of them inside its shield.
#[test]
fn x3_cancel_races_with_shields() {
    watched(|| {
        let runtime = workers(2);
        let (entered, left) = (Count::default(), Count::default());
        for _ in 0..if cfg!(miri) { 3 } else { 300 } {
            runtime.run(async |s| {
                let handles: Vec<_> = (0..8)
                    .map(|_| {
                        let (entered, left) = (entered.clone(), left.clone());
                        s.spawn(async move {
                            loop {
                                shield(async {
                                    entered.add();
                                    yield_now().await;
                                    left.add();
                                })
                                .await;
                                yield_now().await;
                            }
                        })
                    })
                    .collect();
                yield_now().await;
                std::thread::scope(|threads| {
                    for handle in &handles {
                        threads.spawn(move || handle.cancel());
                    }
                });
                for handle in handles {
                    assert!(matches!(handle.await, Err(TaskError::Cancelled)));
                }
            });
        }
        assert_eq!(entered.get(), left.get());
    });
}

// X3, P1: a body that is to end and goes from one shield into the next has no reason for another turn.
#[test]
fn x3_a_shield_that_ends_in_the_bodys_own_turn_wakes_nobody() {
    watched(|| {
        let (turns, chan) = (Count::default(), Chan::<()>::new(0));
        run(async |s| {
            let wait = chan.clone();
            let group = s.group(async move |g| {
                g.go(async { panic!("the body is to end") });
                shield(yield_now()).await;
                shield(wait.recv()).await;
            });
            let mut group = Box::pin(AssertUnwindSafe(group).catch_unwind());
            let counted = turns.clone();
            let task = s.spawn(poll_fn(move |cx| {
                counted.add();
                group.as_mut().poll(cx)
            }));
            for _ in 0..10 {
                yield_now().await;
            }
            let before = turns.get();
            chan.close();
            assert_eq!(panic_message(task.await.unwrap()), "the body is to end");
            assert_eq!(before, 2, "until the first shield, and on into the second");
        });
    });
}

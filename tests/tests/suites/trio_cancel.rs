//! Trio's `test_run.py`: cancel scopes are groups too. What is different: a cancelled task ends at its first suspension, and tasks
//! below are cancelled with it, shielded or not (X2, X3).

use std::future::Future;
use std::pin::Pin;

use orion_rt::{Chan, Group, Local, TaskError, cancelled, run, shield, yield_now};
use orion_tests::{Count, Then, for_ever, on_every_kind, watched};

use crate::{drain, receivers_park};

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

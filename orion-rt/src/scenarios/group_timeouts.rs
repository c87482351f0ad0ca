//! Groups with a deadline, which comes while the group returns, panics, or is cancelled.

use super::*;
use crate::{Elapsed, now, shield, sleep};

// S2, T1: the value, or `Elapsed` and not early: nothing that was started in the group is left then.
#[test]
fn a_value_against_the_deadline() {
    explore(|| {
        let census = Census::new();
        runtime(1 + choose(2) as usize).run(async |s| {
            let task = s.spawn({
                let (s, census) = ((*s).clone(), Arc::clone(&census));
                async move {
                    let due = now() + MS;
                    let inside = Arc::clone(&census);
                    let group: Boxed<'_, Result<Counted, Elapsed>> = Box::pin(s.group_timeout(MS, async move |g| {
                        let (alive, value) = (inside.enter(1), inside.enter(0));
                        g.go(async move {
                            let _alive = alive;
                            sleep(choose(3) * MS).await;
                        });
                        sleep(choose(2) * MS).await;
                        value
                    }));
                    let result = group.await;
                    match result {
                        Ok(value) => {
                            assert_eq!(value.id, 0);
                            assert_eq!(census.alive(), 1);
                        }
                        Err(_) => {
                            assert!(now() >= due);
                            census.assert_empty();
                        }
                    }
                }
            });
            task.join().await.unwrap();
        });
        census.assert_empty();
    });
}

// P1: a panic that happens is raised, also where the deadline has come first; else the time is up.
#[test]
fn a_panic_against_the_deadline() {
    explore(|| {
        let (census, panicked) = (Census::new(), Census::new());
        let body_waits = choose(2) == 0;
        let runtime = runtime(2);
        let raised = payload_of(|| {
            runtime.run(async |s| {
                let result = s.group_timeout(MS, async |g| {
                    let (alive, panicked) = (census.enter(0), Arc::clone(&panicked));
                    g.go(async move {
                        let _alive = alive;
                        sleep(MS).await;
                        drop(panicked.enter(0));
                        raise("inner");
                    });
                    let alive = census.enter(1);
                    g.go(async move {
                        let _alive = alive;
                        for_ever().await;
                    });
                    if body_waits {
                        for_ever().await;
                    }
                });
                assert!(result.await.is_err());
                census.assert_empty();
            });
        });
        assert_eq!(raised, (panicked.born() == 1).then_some("inner"));
        census.assert_empty();
    });
}

// X2, S3: the task that waits for the group is cancelled when the deadline comes: it is over when all below it are gone.
#[test]
fn a_cancel_against_the_deadline() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let task = s.spawn({
                let (s, census) = ((*s).clone(), Arc::clone(&census));
                async move {
                    let due = now() + MS;
                    let inside = Arc::clone(&census);
                    let group: Boxed<'_, Result<(), Elapsed>> = Box::pin(s.group_timeout(MS, async move |g| {
                        let alive = inside.enter(0);
                        g.go(async move {
                            let _alive = alive;
                            for_ever().await;
                        });
                        let alive = inside.enter(1);
                        let below: Boxed<'_> = Box::pin(g.group(async move |inner| {
                            inner.go(async move {
                                let _alive = alive;
                                for_ever().await;
                            });
                            for_ever().await;
                        }));
                        below.await;
                    }));
                    assert!(group.await.is_err() && now() >= due);
                    census.assert_empty();
                }
            });
            sleep(choose(3) * MS).await;
            task.cancel();
            let _ = task.join().await;
            census.assert_empty();
        });
    });
}

// X3: a body in a shield goes on beyond the deadline, to the shield's end and no further, and its group waits for it.
#[test]
fn a_shield_against_the_deadline() {
    explore(|| {
        let (begun, done, beyond) = (Census::new(), Census::new(), Census::new());
        runtime(2).run(async |s| {
            let result = s.group_timeout(MS, async |g| {
                shield(async {
                    drop(begun.enter(0));
                    g.go(for_ever());
                    sleep(2 * MS).await;
                    crate::yield_now().await;
                    drop(done.enter(0));
                })
                .await;
                for_ever().await;
                drop(beyond.enter(0));
            });
            assert!(result.await.is_err());
            assert_eq!((begun.born(), done.born(), beyond.born()), (1, 1, 0));
        });
    });
}

//! `join_timeout` and `finished`, against the end of the task and a cancel.

use super::*;
use crate::{Chan, Group, JoinHandle, TaskError, now, sleep};

// J1, J6, T1: a join gives up, not early, or has the value; the handle it gives back has it later.
#[test]
fn a_join_with_a_timeout_loses_no_value() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let value = census.enter(7);
            let task = s.spawn(async move {
                sleep(choose(3) * MS).await;
                value
            });
            let joins = s.spawn(async move {
                let due = now() + MS;
                match task.join_timeout(MS).await {
                    Ok(joined) => joined.unwrap(),
                    Err(task) => {
                        assert!(now() >= due);
                        task.join().await.unwrap()
                    }
                }
            });
            let value = joins.join().await.unwrap();
            assert_eq!((value.id, census.alive()), (7, 1));
        });
        census.assert_empty();
    });
}

// J5, S3, J6: the task is cancelled when the time is up: it joins with its value or as `Cancelled`, once, and all below it
// are gone.
#[test]
fn a_cancel_against_a_join_with_a_timeout() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            s.group(async |g| {
                let (value, below) = (census.enter(0), census.enter(1));
                let task = g.spawn({
                    let g = g.clone();
                    async move {
                        let inner: Boxed<'_> = Box::pin(g.group(async move |inner| {
                            inner.go(async move {
                                let _below = below;
                                sleep(MS).await;
                            });
                        }));
                        inner.await;
                        value
                    }
                });
                let cancels = g.clone();
                s.go(async move {
                    sleep(MS).await;
                    cancels.cancel();
                });
                let joined = match task.join_timeout(MS).await {
                    Ok(joined) => joined,
                    Err(task) => {
                        task.cancel();
                        task.join().await
                    }
                };
                match joined {
                    Ok(value) => assert_eq!((value.id, census.alive()), (0, 1)),
                    Err(TaskError::Cancelled) => census.assert_empty(),
                    Err(error) => panic!("{error}"),
                }
            })
            .await;
        });
        census.assert_empty();
    });
}

// J6, J7: a join with a timeout is dropped, with its task or alone, while the task ends: the value is dropped once.
#[test]
fn a_join_with_a_timeout_is_dropped() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let value = census.enter(0);
            let task = s.spawn(async move {
                crate::yield_now().await;
                value
            });
            let joins = s.spawn(async move {
                let _ = at_most(1 + choose(3), Box::pin(task.join_timeout(MS))).await;
            });
            if choose(2) == 0 {
                joins.cancel();
            }
            let _ = joins.join().await;
        });
        census.assert_empty();
    });
}

// J7, J5: `finished` is waited for by one task after the other while the task ends or is cancelled: whoever waits is woken,
// and the join is immediate then.
#[test]
fn finished_is_waited_for_by_several() {
    explore(|| {
        let census = Census::new();
        let cancels = choose(2) == 0;
        runtime(2).run(async |s| {
            s.group(async |g| {
                let value = census.enter(0);
                let mut task = g.spawn(async move {
                    crate::yield_now().await;
                    value
                });
                if cancels {
                    let g = g.clone();
                    s.go(async move { g.cancel() });
                }
                let _ = at_most(choose(3), task.finished()).await;
                let hand_over = Chan::new(1);
                let waits = s.spawn({
                    let hand_over = hand_over.clone();
                    async move {
                        let mut task: JoinHandle<'_, Counted> = hand_over.recv().await.unwrap();
                        task.finished().await;
                        assert!(task.is_finished());
                        let Poll::Ready(joined) = poll_once(Box::pin(task.join()).as_mut()).await else {
                            panic!("the join of a task that has finished waits")
                        };
                        joined
                    }
                });
                hand_over.send(task).await.map_err(|_| "closed").unwrap();
                match waits.join().await.unwrap() {
                    Ok(value) => assert_eq!((value.id, census.alive()), (0, 1)),
                    Err(TaskError::Cancelled) => assert!(cancels && census.alive() == 0),
                    Err(error) => panic!("{error}"),
                }
            })
            .await;
        });
        census.assert_empty();
    });
}

// X1, X2: a cancellation comes to a task before it comes to the one that joins it: that one is dropped, too, and makes no panic of what it
// sees. The scope is cancelled, or the task that has opened a group with both.
#[test]
fn a_cancellation_that_meets_who_joins_makes_no_panic() {
    explore(|| {
        let by_handle = choose(2) == 0;
        runtime(2).run(async |s| {
            let both = async |g: Group<'_>| {
                let first = g.spawn(for_ever());
                g.go(async move { first.get().await });
            };
            if by_handle {
                let above = s.spawn(s.group(both));
                turns(choose(4)).await;
                above.cancel();
                let _ = above.await;
            } else {
                both((**s).clone()).await;
                turns(choose(4)).await;
                s.cancel();
            }
        });
    });
}

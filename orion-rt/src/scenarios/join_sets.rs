//! `JoinSet`: completions on other workers while somebody waits for the next, gives the set up, or cancels.

use super::*;
use crate::{Group, JoinSet, TaskError, sleep};
use std::mem;

/// A task that returns `value`, some turns later or when a group it has opened is over.
fn returns<'s>(g: &'s Group<'s>, value: Counted) -> Boxed<'s, Counted> {
    let opens = choose(3) == 0;
    Box::pin(async move {
        if opens {
            let below: Boxed<'_> = Box::pin(g.group(async |inner| inner.go(crate::yield_now())));
            below.await;
        }
        turns(choose(2)).await;
        value
    })
}

// J6, S3: each value comes out once, however the waits for them are cut short; then there is none.
#[test]
fn each_value_comes_out_once() {
    explore(|| {
        let census = Census::new();
        runtime(1 + choose(3) as usize).run(async |s| {
            let mut set = s.join_set();
            let mut came = [0; 4];
            for id in 0..3 {
                set.spawn(returns(s, census.enter(id)));
            }
            if let Some(next) = at_most(1 + choose(2), set.next()).await {
                let value = next.unwrap().unwrap();
                came[value.id] += 1;
            }
            set.spawn(returns(s, census.enter(3)));
            while let Some(value) = set.next().await {
                came[value.unwrap().id] += 1;
                assert_eq!(set.len(), 4 - came.iter().sum::<usize>());
            }
            assert_eq!(came, [1; 4]);
            census.assert_empty();
        });
    });
}

// J2, J3, J6: the set is dropped or forgotten while its tasks complete: they run on, and their values are dropped once.
#[test]
fn a_set_is_given_up_while_tasks_complete() {
    explore(|| {
        let (census, ran) = (Census::new(), Census::new());
        let forgets = choose(2) == 0;
        runtime(2).run(async |s| {
            s.group(async |g| {
                let mut set: JoinSet<'_, Counted> = g.join_set();
                for id in 0..3 {
                    let (value, ran) = (census.enter(id), Arc::clone(&ran));
                    set.spawn(async move {
                        crate::yield_now().await;
                        drop(ran.enter(id));
                        value
                    });
                }
                let _ = at_most(choose(3), set.next()).await;
                if forgets { mem::forget(set) } else { drop(set) }
            })
            .await;
            assert_eq!(ran.born(), 3);
            if !forgets {
                census.assert_empty();
            }
        });
        census.assert_empty();
    });
}

// X2, J5: the scope is cancelled, by a call or a deadline, while the next is waited for: each task comes out once, and
// who waits, the scope's body, goes on.
#[test]
fn the_scope_is_cancelled_while_the_next_is_waited_for() {
    explore(|| {
        let census = Census::new();
        let by_deadline = choose(2) == 0;
        runtime(2).run(async |s| {
            s.group(async |g| {
                let mut set = g.join_set();
                for id in 0..3 {
                    let alive = census.enter(id);
                    set.spawn(async move {
                        if alive.id == 0 {
                            sleep(choose(2) * MS).await;
                        } else {
                            for_ever().await;
                        }
                        alive
                    });
                }
                if by_deadline {
                    g.cancel_after(MS);
                } else {
                    let g = g.clone();
                    s.go(async move {
                        turns(choose(4)).await;
                        g.cancel();
                    });
                }
                let mut cancelled = 0;
                while let Some(next) = set.next().await {
                    match next {
                        Ok(value) => assert_eq!(value.id, 0),
                        Err(TaskError::Cancelled) => cancelled += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                assert!(matches!(cancelled, 2 | 3));
                census.assert_empty();
                // S5: one that comes too late comes out too.
                set.spawn(async { unreachable!("the scope is cancelled") });
                assert!(matches!(set.next().await, Some(Err(TaskError::Cancelled))));
            })
            .await;
        });
    });
}

// J6, X1: the task that waits for the next is itself cancelled, and the set dropped with it.
#[test]
fn who_waits_for_the_next_is_cancelled() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let waits = s.spawn({
                let (s, census) = ((*s).clone(), Arc::clone(&census));
                async move {
                    let mut set = s.join_set();
                    for id in 0..2 {
                        let value = census.enter(id);
                        set.spawn(async move {
                            crate::yield_now().await;
                            value
                        });
                    }
                    let mut came = 0;
                    while let Some(value) = set.next().await {
                        came += usize::from(value.is_ok());
                    }
                    came
                }
            });
            turns(choose(8)).await;
            waits.cancel();
            assert!(matches!(waits.join().await, Ok(2) | Err(TaskError::Cancelled)));
        });
        census.assert_empty();
    });
}

// J1, S3: a set that goes from task to task while its tasks complete wakes who waits now.
#[test]
fn a_set_moves_while_tasks_complete() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let mut set = s.join_set();
            for id in 0..2 {
                set.spawn(returns(s, census.enter(id)));
            }
            let came = at_most(1, set.next()).await.is_some();
            let waits = s.spawn(async move {
                let mut more = 0;
                while let Some(value) = set.next().await {
                    drop(value.unwrap());
                    more += 1;
                }
                more
            });
            assert_eq!(waits.join().await.unwrap() + usize::from(came), 2);
            census.assert_empty();
        });
    });
}

// R1, J6: the same set on one thread, whose tasks another thread wakes.
#[test]
fn a_set_of_a_local_root_is_woken_from_elsewhere() {
    explore(|| {
        let census = Census::new();
        let event = Arc::<Event>::default();
        let elsewhere = happens_elsewhere(&event);
        crate::run(async |s| {
            let mut set = s.join_set();
            for id in 0..2 {
                let (event, value) = (Arc::clone(&event), census.enter(id));
                set.spawn(async move {
                    event.wait().await;
                    value
                });
            }
            let cancels = choose(3) == 0;
            if cancels {
                set.cancel();
            }
            let mut came = 0;
            while let Some(next) = set.next().await {
                assert!(next.is_ok() || cancels);
                came += 1;
            }
            assert_eq!(came, 2);
            census.assert_empty();
        });
        event.wake();
        elsewhere.join().unwrap();
    });
}

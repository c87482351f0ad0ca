//! `try_group`: errors from several workers, against each other, a cancel, and the end of the group.

use super::*;
use crate::{Chan, TaskError, TryGroup, shield};

// S8: two tasks fail at once though the body returns `Ok`: one of the two errors is returned, the other is dropped, both
// joiners get `Cancelled`, and everything is gone.
#[test]
fn of_two_errors_one_is_returned() {
    explore(|| {
        let (census, errors) = (Census::new(), Census::new());
        let body_fails = choose(3) == 0;
        runtime(2).run(async |s| {
            let result = s.try_group(async |g| {
                let alive = census.enter(0);
                g.go(async move {
                    let _alive = alive;
                    for_ever().await;
                    Ok(())
                });
                for id in 1..3 {
                    let (alive, errors) = (census.enter(id), Arc::clone(&errors));
                    let fails = g.spawn(async move {
                        let _alive = alive;
                        Err::<(), _>(errors.enter(id))
                    });
                    s.go(async move { assert!(matches!(fails.join().await, Err(TaskError::Cancelled))) });
                }
                if body_fails { Err(errors.enter(3)) } else { Ok(census.enter(3)) }
            });
            let Err(first) = result.await else { panic!("an error is returned") };
            assert!(first.id < 3 || body_fails);
            census.assert_empty();
            assert_eq!(errors.alive(), 1, "of {} errors", errors.born());
        });
        errors.assert_empty();
    });
}

// S8, X3: an error that is there because of another comes later: it is not returned, wherever the two are polled.
#[test]
fn the_first_error_in_time_is_returned() {
    explore(|| {
        let body_fails = choose(2) == 0;
        runtime(2).run(async |s| {
            let result = s.try_group(async |g| {
                let watched = g.clone();
                g.go(shield(async move {
                    watched.cancelled().await;
                    Err("second")
                }));
                if body_fails {
                    crate::yield_now().await;
                    return Err("first");
                }
                g.go(async { Err("first") });
                Ok(())
            });
            assert_eq!(result.await, Err("first"));
        });
    });
}

// S8, X2: the tasks are cancelled from outside, through a handle, when one fails: an error that was made is returned; if
// none was, the body's value is.
#[test]
fn an_error_against_a_cancel_from_outside() {
    explore(|| {
        let (census, errors) = (Census::new(), Census::new());
        runtime(2).run(async |s| {
            let result = s.try_group(async |g| {
                let cancels = g.clone();
                s.go(async move {
                    turns(choose(4)).await;
                    cancels.cancel();
                });
                let (alive, errors) = (census.enter(0), Arc::clone(&errors));
                g.go(async move {
                    let _alive = alive;
                    turns(choose(2)).await;
                    Err(errors.enter(0))
                });
                let alive = census.enter(1);
                g.go(async move {
                    let _alive = alive;
                    for_ever().await;
                    Ok(())
                });
                crate::yield_now().await;
                Ok(7)
            });
            let result = result.await;
            census.assert_empty();
            assert_eq!(errors.alive(), isize::from(result.is_err()));
            match result {
                Ok(value) => assert_eq!((value, errors.born()), (7, 0)),
                Err(error) => drop(error),
            }
        });
        errors.assert_empty();
    });
}

// S8, S3, X1: the task that waits for the group is cancelled when a task of it fails: the error is returned or dropped, and at
// the end of the join nothing is left.
#[test]
fn an_error_against_a_cancel_of_who_waits() {
    explore(|| {
        let (census, errors) = (Census::new(), Census::new());
        runtime(2).run(async |s| {
            let waits = s.spawn({
                let (s, census, errors) = ((*s).clone(), Arc::clone(&census), Arc::clone(&errors));
                async move {
                    let group: Boxed<'_, Result<(), Counted>> = Box::pin(s.try_group(async move |g| {
                        for id in 0..2 {
                            let (alive, errors) = (census.enter(id), Arc::clone(&errors));
                            g.go(async move {
                                let _alive = alive;
                                Err(errors.enter(id))
                            });
                        }
                        for_ever().await;
                        Ok(())
                    }));
                    group.await.is_err()
                }
            });
            turns(choose(6)).await;
            waits.cancel();
            assert!(matches!(waits.join().await, Ok(true) | Err(TaskError::Cancelled)));
            census.assert_empty();
            errors.assert_empty();
        });
    });
}

// S2, S5, S8: a handle that has left the group spawns a task that fails while the group ends: refused, or the group waits for
// it and returns its error.
#[test]
fn a_late_spawn_fails_in_time_or_never() {
    explore(|| {
        let (census, errors) = (Census::new(), Census::new());
        runtime(2).run(async |s| {
            let left = Chan::new(1);
            let late = s.spawn({
                let (left, census, errors) = (left.clone(), Arc::clone(&census), Arc::clone(&errors));
                async move {
                    let g: TryGroup<'_, Counted> = left.recv().await.unwrap();
                    let alive = census.enter(0);
                    let task = g.spawn(async move {
                        let _alive = alive;
                        crate::yield_now().await;
                        Err::<(), _>(errors.enter(0))
                    });
                    assert!(matches!(task.join().await, Err(TaskError::Cancelled)));
                }
            });
            let result = s.try_group(async |g| {
                left.send(g.clone()).await.unwrap();
                turns(choose(2)).await;
                Ok(())
            });
            let result = result.await;
            assert_eq!(errors.born(), usize::from(result.is_err()));
            late.join().await.unwrap();
            assert_eq!(errors.born(), usize::from(result.is_err()));
            census.assert_empty();
        });
        errors.assert_empty();
    });
}

// S8, X1: whoever joins the task that fails, the body, a group inside it or a task beside it, adds no panic of its own.
#[test]
fn who_joins_the_task_that_fails_does_not_fail_for_it() {
    explore(|| {
        let place = choose(3);
        runtime(2).run(async |s| {
            let result = s.try_group(async |g| {
                let fails = g.spawn(async { Err::<u8, _>("first") });
                match place {
                    0 => Ok(fails.get().await),
                    1 => Ok(g.group(async |_| fails.join().await.unwrap()).await),
                    _ => {
                        g.go(async move {
                            fails.get().await;
                            Ok(())
                        });
                        Ok(0)
                    }
                }
            });
            assert_eq!(result.await, Err("first"));
        });
    });
}

//! A request to stop that meets a task, or a body, in the middle of its turn (X1): what the request has made of others is no reason to fail.

use std::time::Duration;

use orion_rt::{Chan, JoinHandle, Runtime, Sender, TaskError, is_cancelled, shield, sleep, yield_now};
use orion_tests::{for_ever, watched, workers};

const HOUR: Duration = Duration::from_secs(3600);

/// Keeps its worker until the task behind `handle` is complete.
fn until_finished<T>(handle: &JoinHandle<'_, T>) {
    while !handle.is_finished() {
        std::thread::yield_now();
    }
}

/// Joins `first` in the turn in which it has seen its end.
async fn joins_late(first: JoinHandle<'_, ()>, begun: Sender<()>) {
    begun.try_send(()).unwrap();
    until_finished(&first);
    first.get().await;
}

/// Runs `test` on runtimes whose workers are enough for a task that keeps one.
fn on_several_workers(test: impl Fn(&Runtime)) {
    watched(|| [2, 8].iter().for_each(|&n| test(&workers(n))));
}

// S8, X1: the body of a try group joins the task that has failed, in the turn in which it is stopped: the error is the group's, also where
// there is a group in between, or several tasks wait for each other.
#[test]
fn s8_a_body_that_joins_the_task_that_failed() {
    on_several_workers(|runtime| {
        let get = runtime.run(async |s| {
            s.try_group(async |g| {
                let failed = g.spawn(async { Err::<u8, _>("first") });
                until_finished(&failed);
                Ok(failed.get().await)
            })
            .await
        });
        assert_eq!(get, Err("first"));
        let join = runtime.run(async |s| {
            s.try_group(async |g| {
                let failed = g.spawn(async { Err::<u8, _>("first") });
                let inside = g.group(async |_| {
                    until_finished(&failed);
                    failed.join().await.unwrap()
                });
                Ok(inside.await)
            })
            .await
        });
        assert_eq!(join, Err("first"));
        let set = runtime.run(async |s| {
            s.try_group(async |g| {
                let mut set = g.join_set();
                set.spawn(for_ever());
                let failed = g.spawn(async { Err::<u8, _>("first") });
                until_finished(&failed);
                let value: () = set.next().await.unwrap().unwrap();
                Ok(value)
            })
            .await
        });
        assert_eq!(set, Err("first"));
        let timed = runtime.run(async |s| {
            s.try_group(async |g| {
                let failed = g.spawn(async { Err::<u8, _>("first") });
                until_finished(&failed);
                Ok(failed.join_timeout(HOUR).await.unwrap().unwrap())
            })
            .await
        });
        assert_eq!(timed, Err("first"));
    });
}

// X1, X2: a task that a cancellation meets in its turn, after another that it joins, ends there and makes no panic of it.
#[test]
fn x1_a_task_that_joins_one_that_was_cancelled_before_it() {
    on_several_workers(|runtime| {
        runtime.run(async |s| {
            let (begun, begins) = Chan::new(1).split();
            let first = s.spawn(sleep(HOUR));
            s.go(joins_late(first, begun));
            begins.recv().await.unwrap();
            s.cancel();
        });
        // Cancelled by its handle, down to the tasks of its group.
        runtime.run(async |s| {
            let (begun, begins) = Chan::new(1).split();
            let above = s.spawn(s.group(async move |g| {
                let first = g.spawn(sleep(HOUR));
                g.go(joins_late(first, begun));
            }));
            begins.recv().await.unwrap();
            above.cancel();
            assert!(matches!(above.await, Err(TaskError::Cancelled)));
        });
    });
}

// P1, X1: the first panic is raised, and the body that joins the task of it in the same turn adds none.
#[test]
fn p1_a_body_that_joins_the_task_that_panicked() {
    on_several_workers(|runtime| {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            runtime.run(async |s| {
                s.group(async |g| {
                    let failed = g.spawn(async { std::panic::resume_unwind(Box::new(5_u8)) });
                    until_finished(&failed);
                    failed.get().await
                })
                .await
            });
        }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&5_u8));
    });
}

// X2, X3, J5: who goes on sees how the task has ended: the body of a scope that was cancelled, a shielded task, one that has made the
// request itself.
#[test]
fn x2_who_goes_on_sees_the_cancellation() {
    on_several_workers(|runtime| {
        runtime.run(async |s| {
            s.group(async |g| {
                let first = g.spawn(sleep(HOUR));
                let (begun, begins) = Chan::new(1).split();
                let other = g.clone();
                s.go(async move {
                    begins.recv().await.unwrap();
                    other.cancel();
                });
                begun.try_send(()).unwrap();
                until_finished(&first);
                assert!(matches!(first.await, Err(TaskError::Cancelled)));
            })
            .await;
            let (begun, begins) = Chan::new(1).split();
            let first = s.spawn(sleep(HOUR));
            let other = s.spawn(async move {
                shield(async {
                    begun.try_send(()).unwrap();
                    until_finished(&first);
                    let seen = first.await;
                    yield_now().await;
                    assert!(is_cancelled() && matches!(seen, Err(TaskError::Cancelled)));
                    begun.try_send(()).unwrap();
                })
                .await;
            });
            begins.recv().await.unwrap();
            s.cancel();
            other.await.expect("it has come to its end without another suspension");
            assert_eq!(begins.recv().await, Some(()), "the shield has run to its end");
        });
        let itself = runtime.run(async |s| {
            let group = s.group(async |g| {
                let own = g.clone();
                g.spawn(async move {
                    own.cancel();
                    own.spawn(async {}).await.is_err()
                })
                .await
            });
            group.await
        });
        assert!(itself.unwrap(), "it has seen what it asked for, and returned before a suspension");
    });
}

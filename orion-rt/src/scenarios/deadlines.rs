//! `cancel_after`: put off, overtaken by a cancel or by the end of its scope, set from outside.

use super::*;
use crate::{Chan, Group, TaskError, now, sleep};
use shuttle::future::block_on;
use std::sync::OnceLock;
use std::time::Instant;

/// Writes down when it is dropped.
struct Until(Arc<OnceLock<Instant>>);

impl Drop for Until {
    fn drop(&mut self) {
        self.0.set(now()).expect("dropped once");
    }
}

// S11, T1: the last call wins: a deadline that is put off, or brought forward, before it has come does not come any more.
#[test]
fn a_deadline_is_put_off() {
    explore(|| {
        let ended = Arc::<OnceLock<_>>::default();
        runtime(2).run(async |s| {
            let due = s.group(async |g| {
                let first = now() + 2 * MS;
                g.cancel_after(2 * MS);
                let until = Until(Arc::clone(&ended));
                g.go(async move {
                    let _until = until;
                    for_ever().await;
                });
                let again = s.spawn({
                    let g = g.clone();
                    async move {
                        sleep(choose(3) * MS).await;
                        let after = (1 + choose(4)) * MS;
                        let second = now() + after;
                        g.cancel_after(after);
                        if now() < first { second } else { first.min(second) }
                    }
                });
                again.join().await.unwrap()
            });
            let due = due.await;
            let at = *ended.get().expect("the group waits until its tasks are gone");
            assert!(at >= due, "{:?} early", due - at);
        });
    });
}

// S11: two set deadlines at the same time; one is in force, and comes, and neither comes early.
#[test]
fn two_deadlines_are_set_at_once() {
    explore(|| {
        let ended = Arc::<OnceLock<_>>::default();
        runtime(2).run(async |s| {
            let begin = now();
            s.group(async |g| {
                let until = Until(Arc::clone(&ended));
                g.go(async move {
                    let _until = until;
                    for_ever().await;
                });
                for after in 1..3 {
                    let g = g.clone();
                    s.go(async move { g.cancel_after(after * MS) });
                }
            })
            .await;
            assert!(*ended.get().expect("the group waits until its tasks are gone") >= begin + MS);
        });
    });
}

// S11, R3, J5: a deadline comes while the last task of its scope ends and the scope is freed, or a handle of it is kept: the
// task has ended either way, and a scope that was not cancelled by then is not cancelled later.
#[test]
fn a_deadline_against_the_end_of_its_scope() {
    explore(|| {
        let census = Census::new();
        let keeps = choose(2) == 0;
        runtime(2).run(async |s| {
            let left = Chan::new(1);
            let task = s.group(async |g| {
                g.cancel_after(MS);
                let alive = census.enter(0);
                let task = g.spawn(async move {
                    let _alive = alive;
                    sleep(choose(3) * MS).await;
                });
                if keeps {
                    left.send(g).await.unwrap();
                }
                task
            });
            let task = task.await;
            census.assert_empty();
            assert!(task.is_finished());
            let joined = task.join().await;
            assert!(matches!(joined, Ok(()) | Err(TaskError::Cancelled)));
            if let Ok(g) = left.try_recv() {
                let was_cancelled = g.is_cancelled();
                assert!(was_cancelled || joined.is_ok());
                sleep(2 * MS).await;
                assert_eq!(g.is_cancelled(), was_cancelled);
                s.go(async move { drop(g) });
            }
        });
    });
}

/// Keeps the thread, which is the root's own, until `due`: the worker that has moved the clock fires what was set for then.
fn wait_for(due: Instant) {
    while now() < due {
        thread::yield_now();
    }
}

// S11, X2: a deadline fires while the body ends its scope, of which a handle is left: what has ended uncancelled stays so.
#[test]
fn a_scope_that_has_ended_is_not_cancelled() {
    explore(|| {
        runtime(1).run(async |s| {
            let due = now() + MS;
            let g = s.group(async |g| {
                g.cancel_after(MS);
                wait_for(due);
                turns(choose(3)).await;
                g
            });
            let g = g.await;
            let was_cancelled = g.is_cancelled();
            turns(4).await;
            assert_eq!(g.is_cancelled(), was_cancelled);
        });
    });
}

// S11, R3: the same, with no handle left: the scope is freed while its deadline fires.
#[test]
fn a_deadline_fires_while_its_scope_is_freed() {
    explore(|| {
        runtime(1).run(async |s| {
            let due = now() + MS;
            let group = s.group(async |g| {
                g.cancel_after(MS);
                wait_for(due);
                turns(choose(3)).await;
            });
            group.await;
            turns(4).await;
        });
    });
}

// S11, X2, J5: a deadline and a cancel at once: everything below is gone, and who waits for the cancellation learns of it.
#[test]
fn a_deadline_and_a_cancel() {
    explore(|| {
        let census = Census::new();
        let cancels = choose(2) == 0;
        runtime(1 + choose(2) as usize).run(async |s| {
            s.group(async |g| {
                let alive = census.enter(0);
                let waits = g.spawn(async move {
                    let _alive = alive;
                    for_ever().await;
                });
                let opens = g.spawn({
                    let (g, alive) = (g.clone(), census.enter(1));
                    async move {
                        let below: Boxed<'_> = Box::pin(g.group(async move |inner| {
                            inner.go(async move {
                                let _alive = alive;
                                for_ever().await;
                            });
                            for_ever().await;
                        }));
                        below.await;
                    }
                });
                g.cancel_after(MS);
                if cancels {
                    let g = g.clone();
                    s.go(async move {
                        sleep(choose(2) * MS).await;
                        g.cancel();
                    });
                }
                g.cancelled().await;
                assert!(g.is_cancelled());
                for task in [waits, opens] {
                    assert!(matches!(task.join().await, Err(TaskError::Cancelled)));
                }
                census.assert_empty();
            })
            .await;
        });
    });
}

// S11, R5: deadlines set from another thread on a started root, which ends by them and nothing else, and once more while it
// ends or has ended. None keeps the root or its runtime.
#[test]
fn a_deadline_from_outside_ends_a_started_root() {
    explore(|| {
        let census = Census::new();
        let runtime = runtime(1 + choose(2) as usize);
        let left = Chan::new(1);
        let root = runtime.start({
            let (left, census) = (left.clone(), Arc::clone(&census));
            async move |g: Group<'static>| {
                let alive = census.enter(0);
                g.go(async move {
                    let _alive = alive;
                    for_ever().await;
                });
                left.send(g).await.unwrap();
            }
        });
        let outside = thread::spawn(move || {
            let g = left.recv_blocking().expect("the body sends it");
            g.cancel_after(MS);
            for _ in 0..choose(3) {
                g.cancel_after(choose(3) * MS);
            }
        });
        block_on(root).unwrap();
        drop(runtime);
        census.assert_empty();
        outside.join().unwrap();
    });
}

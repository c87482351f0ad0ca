//! Trees of tasks and groups that are joined, cancelled and dropped half-way.

use super::*;
use crate::{Chan, Group};
use std::mem;

/// A task with two children below it, in a group or beside it, some of which it joins, cancels or gives up.
fn node<'s>(g: Group<'s>, depth: u32, census: Arc<Census>) -> Boxed<'s, usize> {
    Box::pin(async move {
        let _alive = census.enter(0);
        if depth == 0 {
            crate::yield_now().await;
            return 1;
        }
        let below: Boxed<'_, usize> = Box::pin(g.group(async move |inner| {
            let kept = inner.spawn(node(inner.clone(), depth - 1, Arc::clone(&census)));
            let other = inner.spawn(node(inner.clone(), depth - 1, Arc::clone(&census)));
            match choose(4) {
                0 => other.cancel(),
                1 => inner.cancel(),
                2 => other.release(),
                _ => {
                    let _ = other.join().await;
                }
            }
            kept.join().await.unwrap_or(0)
        }));
        1 + at_most(3, below).await.unwrap_or(0)
    })
}

// S2, S3, X2, R3: whatever is joined, cancelled or dropped, a tree ends, and every future is dropped before the root is.
#[test]
fn a_tree_ends_whatever_is_cancelled() {
    explore(|| {
        let census = Census::new();
        let runtime = runtime(1 + choose(3) as usize);
        runtime.run(async |s| {
            let tree = s.spawn(node((*s).clone(), 2, Arc::clone(&census)));
            if choose(2) == 0 {
                crate::yield_now().await;
                s.cancel();
            }
            let _ = tree.join().await;
        });
        census.assert_empty();
    });
}

// S3, S4: a group's future is dropped half-way: its opener is complete only when the tasks are gone.
#[test]
fn a_dropped_group_still_counts_for_its_opener() {
    explore(|| {
        let census = Census::new();
        let runtime = runtime(2);
        runtime.run(async |s| {
            let opener = s.spawn({
                let (s, census) = ((*s).clone(), Arc::clone(&census));
                async move {
                    let group: Boxed<'_> = Box::pin(s.group(async move |g| {
                        for id in 0..2 {
                            let alive = census.enter(id);
                            g.go(async move {
                                let _alive = alive;
                                crate::yield_now().await;
                                for_ever().await;
                            });
                        }
                        for_ever().await;
                    }));
                    at_most(1 + choose(2), group).await;
                }
            });
            let cancels = choose(2) == 0;
            if cancels {
                opener.cancel();
            }
            let joined = opener.join().await;
            assert!(joined.is_ok() || cancels);
            census.assert_empty();
        });
    });
}

// X2, X4: a request reaches the group that a task opens while it is made, though the group's future is forgotten and the
// task's own returns.
#[test]
fn a_cancel_finds_the_group_that_is_being_opened() {
    explore(|| {
        let census = Census::new();
        let through_scope = choose(2) == 0;
        runtime(1 + choose(2) as usize).run(async |s| {
            s.group(async |outer| {
                let opener = outer.spawn({
                    let (s, census) = ((*s).clone(), Arc::clone(&census));
                    async move {
                        let mut group: Boxed<'_> = Box::pin(s.group(async move |g| {
                            let alive = census.enter(0);
                            g.go(async move {
                                let _alive = alive;
                                for_ever().await;
                            });
                            for_ever().await;
                        }));
                        assert!(poll_once(group.as_mut()).await.is_pending());
                        mem::forget(group);
                    }
                });
                if through_scope {
                    outer.cancel();
                } else {
                    opener.cancel();
                }
                let _ = opener.join().await;
            })
            .await;
        });
        census.assert_empty();
    });
}

// S5: a spawn against the cancel of its scope: the task is refused, or found and cancelled.
#[test]
fn a_spawn_against_a_cancel_is_refused_or_found() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            s.group(async |g| {
                let spawner = {
                    let (g, census) = (g.clone(), Arc::clone(&census));
                    async move {
                        let alive = census.enter(0);
                        let task = g.spawn(async move {
                            let _alive = alive;
                            for_ever().await;
                        });
                        task.join().await.is_err()
                    }
                };
                let spawner = s.spawn(spawner);
                g.cancel();
                assert!(spawner.join().await.unwrap());
            })
            .await;
        });
        census.assert_empty();
    });
}

// S2: a spawn through a handle that has left its group against the group's end: refused, or the group waits for it.
#[test]
fn a_spawn_against_the_end_of_its_group() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let left = Chan::new(1);
            // No step of the model.
            let is_over = Arc::new(std::sync::atomic::AtomicBool::new(false));
            let late = s.spawn({
                let (left, census, is_over) = (left.clone(), Arc::clone(&census), Arc::clone(&is_over));
                async move {
                    let g: Group<'_> = left.recv().await.unwrap();
                    let alive = census.enter(0);
                    g.spawn(async move {
                        let _alive = alive;
                        crate::yield_now().await;
                        assert!(!is_over.load(Ordering::Relaxed), "a task outlived its group");
                    })
                    .join()
                    .await
                    .is_ok()
                }
            });
            s.group(async move |g| {
                left.send(g.clone()).await.unwrap();
                g.spawn(async {}).join().await.unwrap();
            })
            .await;
            is_over.store(true, Ordering::Relaxed);
            let _ = late.join().await.unwrap();
        });
        census.assert_empty();
    });
}

//! Task-locals between workers: inherited at the spawn, kept apart, there for destructors, and dropped with the last task.

use super::*;
use crate::{Chan, Group, TaskError};

crate::task_local! {
    static ID: usize;
    static VALUE: Arc<Counted>;
}

/// Yields and looks, turn after turn.
async fn sees(id: Option<usize>) {
    for _ in 0..2 {
        assert_eq!(ID.try_get(), id);
        crate::yield_now().await;
    }
    assert_eq!(ID.try_get(), id);
}

// Tasks with values of their own and without take turns on the same workers: each sees its own, wherever it goes on, and what
// it spawns from there inherits it, through groups too.
#[test]
fn each_task_sees_its_own() {
    explore(|| {
        runtime(1 + choose(2) as usize).run(async |s| {
            let tasks: Vec<_> = (0..3)
                .map(|id| {
                    let g = (*s).clone();
                    let works = async move {
                        let own = (id > 0).then_some(id);
                        sees(own).await;
                        let inherits = g.spawn(sees(own));
                        let below: Boxed<'_> = Box::pin(s.group(async |g: Group<'_>| g.go(sees(own))));
                        below.await;
                        inherits.join().await.unwrap();
                    };
                    let works: Boxed<'_> = if id == 0 { Box::pin(works) } else { Box::pin(ID.scope(id, works)) };
                    s.spawn(works)
                })
                .collect();
            for task in tasks {
                task.join().await.unwrap();
            }
            assert_eq!(ID.try_get(), None);
        });
    });
}

/// Looks when it is dropped.
struct Looks {
    expects: Option<usize>,
    looked: Arc<AtomicUsize>,
}

impl Drop for Looks {
    fn drop(&mut self) {
        assert_eq!(ID.try_get(), self.expects);
        self.looked.fetch_add(1, Ordering::Relaxed);
    }
}

// X1, S5: a task is cancelled while it is queued, runs, waits, or is spawned: its destructors see its own values, and not
// those of whoever drops it.
#[test]
fn destructors_of_a_cancelled_task_see_its_own() {
    explore(|| {
        let looked = Arc::<AtomicUsize>::default();
        runtime(2).run(async |s| {
            s.group(async |g| {
                let cancels = g.clone();
                s.go(ID.scope(9, async move { cancels.cancel() }));
                for id in 0..3 {
                    let expects = (id > 0).then_some(id);
                    let looks = Looks { expects, looked: Arc::clone(&looked) };
                    let task = async move {
                        let _looks = looks;
                        crate::yield_now().await;
                        for_ever().await;
                    };
                    if id == 0 {
                        g.go(task);
                    } else {
                        // One that inherits.
                        ID.scope(id, async { g.go(task) }).await;
                    }
                }
            })
            .await;
            assert_eq!(looked.load(Ordering::Relaxed), 3);
        });
    });
}

// The value goes with the last task that has inherited it, joined, cancelled, refused or never joined, on whatever worker: at
// the end of the group none holds it.
#[test]
fn a_value_goes_with_the_last_that_has_it() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            s.group(async |g| {
                let value = Arc::new(census.enter(0));
                VALUE
                    .scope(value, async {
                        let joined = g.spawn(async {
                            crate::yield_now().await;
                            VALUE.with(|value| value.id)
                        });
                        let cancelled = g.spawn(async {
                            crate::yield_now().await;
                            for_ever().await;
                        });
                        let below = g.clone();
                        g.go(async move { below.spawn(sees(None)).release() });
                        cancelled.cancel();
                        assert_eq!(joined.join().await.unwrap(), 0);
                        assert!(matches!(cancelled.join().await, Err(TaskError::Cancelled)));
                    })
                    .await;
            })
            .await;
            census.assert_empty();
        });
    });
}

// A future with a value is polled in one task, moved, and polled or dropped in another with a value of its own: it sees its
// own.
#[test]
fn a_future_with_a_value_moves_between_tasks() {
    explore(|| {
        let looked = Arc::<AtomicUsize>::default();
        runtime(2).run(async |s| {
            let hand_over = Chan::new(1);
            let takes = s.spawn(ID.scope(2, {
                let hand_over = hand_over.clone();
                async move {
                    let moved: Boxed<'_> = hand_over.recv().await.unwrap();
                    if choose(2) == 0 {
                        moved.await;
                    } else {
                        drop(moved);
                    }
                    assert_eq!(ID.get(), 2);
                }
            }));
            let looks = Looks { expects: Some(1), looked: Arc::clone(&looked) };
            let mut moves: Boxed<'_> = Box::pin(ID.scope(1, async move {
                let _looks = looks;
                sees(Some(1)).await;
            }));
            assert!(poll_once(moves.as_mut()).await.is_pending());
            assert_eq!(ID.try_get(), None);
            hand_over.send(moves).await.map_err(|_| "closed").unwrap();
            takes.join().await.unwrap();
            assert_eq!(looked.load(Ordering::Relaxed), 1);
        });
    });
}

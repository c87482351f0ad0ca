//! Panics among tasks that work together.

use super::*;
use crate::{Chan, TaskError};

// P1, C7: a task panics while others send and receive: they are cancelled, no value is lost or dropped twice, the root raises
// the panic.
#[test]
fn a_panic_among_senders_and_receivers() {
    explore(|| {
        let census = Census::new();
        let capacity = choose(2) as usize;
        let runtime = runtime(2);
        let raised = payload_of(|| {
            runtime.run(async |s| {
                let ch = Chan::new(capacity);
                for part in 0..2 {
                    let (ch, census) = (ch.clone(), Arc::clone(&census));
                    s.go(async move {
                        for id in 0..3 {
                            if ch.send(census.enter(10 * part + id)).await.is_err() {
                                return;
                            }
                        }
                    });
                }
                s.go({
                    let ch = ch.clone();
                    async move { while ch.recv().await.is_some() {} }
                });
                s.go(async {
                    crate::yield_now().await;
                    raise("bomb");
                });
                for_ever().await;
            });
        });
        assert_eq!(raised, Some("bomb"));
        census.assert_empty();
    });
}

// P1: two panics at once: one is raised, once; the joiner of the other gets `Panicked` or goes with the rest.
#[test]
fn of_two_panics_one_is_raised() {
    explore(|| {
        let runtime = runtime(2);
        let raised = payload_of(|| {
            runtime.run(async |s| {
                let inner = s.group(async |g| {
                    g.go(async { raise("one") });
                    g.go(async { raise("two") });
                    for_ever().await;
                });
                inner.await;
            });
        });
        assert!(matches!(raised, Some("one" | "two")), "{raised:?}");
    });
}

// P1: the future of a group with a panic inside is dropped by another task than the one that opened it, which is just ending,
// and with it the scope that is to raise the panic.
#[test]
fn a_panic_is_handed_on_while_the_opener_ends() {
    explore(|| {
        let runtime = runtime(2);
        // Dropped early, the group cancels the task before it has panicked.
        let panicked = Census::new();
        let raised = payload_of(|| {
            runtime.run(async |s| {
                let hand_over = Chan::new(1);
                s.go({
                    let hand_over = hand_over.clone();
                    async move {
                        let group: Boxed<'_> = hand_over.recv().await.unwrap();
                        drop(group);
                    }
                });
                s.group(async |outer| {
                    outer.go({
                        let (s, panicked) = ((*s).clone(), Arc::clone(&panicked));
                        async move {
                            let mut group: Boxed<'_> = Box::pin(s.group(async move |g| {
                                g.go(async move {
                                    drop(panicked.enter(0));
                                    raise("inner");
                                });
                                for_ever().await;
                            }));
                            assert!(poll_once(group.as_mut()).await.is_pending());
                            let _ = hand_over.send(group).await;
                        }
                    });
                })
                .await;
            });
        });
        assert_eq!(raised, (panicked.born() == 1).then_some("inner"));
    });
}

// P2: an isolated task's panic goes to its joiner, or to the scope when the handle is dropped at the same time, and not to both.
#[test]
fn an_isolated_panic_against_its_handle() {
    explore(|| {
        let joins = choose(2) == 0;
        let runtime = runtime(2);
        let raised = payload_of(|| {
            runtime.run(async |s| {
                let task = s.task().isolated().spawn(async { raise("alone") });
                if joins {
                    let Err(TaskError::Panicked(panic)) = task.join().await else { panic!("it panicked") };
                    assert_eq!(panic.message(), "alone");
                } else {
                    drop(task);
                }
            });
        });
        assert_eq!(raised, (!joins).then_some("alone"));
    });
}

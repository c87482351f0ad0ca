//! Children of local groups that are asked to stop: S5, X1 to X4, X6.

use orion_rt::{Chan, JoinHandle, TaskError, shield, yield_now};
use orion_tests::{Count, for_ever, on_every_kind, ready_after, watched, workers};

// X1: a cancelled child is dropped at its next suspension, never polled again. X6: asking twice is asking once.
on_every_kind!(x1_a_cancelled_child_is_not_polled_again, async |s| {
    let (dropped, polls) = (Count::default(), Count::default());
    s.local(async |g| {
        let counted = dropped.on_drop();
        let child = g.spawn(async {
            let _counted = counted;
            ready_after(usize::MAX, polls.clone()).await
        });
        yield_now().await;
        child.cancel();
        child.cancel();
        let before = polls.get();
        assert!(before > 0);
        assert!(matches!(child.join().await, Err(TaskError::Cancelled)));
        assert_eq!((polls.get(), dropped.get()), (before, 1));
        // By itself, while it is polled: to the next suspension.
        let (give, own) = Chan::new(1).split();
        let reached = Count::default();
        let child = g.spawn({
            let reached = reached.clone();
            async move {
                let own: JoinHandle<'_, (), _> = own.recv().await.unwrap();
                own.cancel();
                reached.add();
                own.release();
                yield_now().await;
                reached.add();
            }
        });
        assert!(give.send(child).await.is_ok());
        while reached.get() == 0 {
            yield_now().await;
        }
        yield_now().await;
        yield_now().await;
        assert_eq!(reached.get(), 1);
    })
    .await;
});

// X2: `cancel` of the group reaches all children and never the body. S5: later ones are refused. X4: a value that is there stays.
on_every_kind!(x2_cancel_reaches_children_and_not_the_body, async |s| {
    let (dropped, polls) = (Count::default(), Count::default());
    let value = s
        .local(async |g| {
            let done = g.spawn(async { 5 });
            for _ in 0..3 {
                let counted = dropped.on_drop();
                g.go(async move {
                    let _counted = counted;
                    for_ever().await;
                });
            }
            yield_now().await;
            g.cancel();
            g.cancel();
            let counted = dropped.on_drop();
            let refused = g.spawn(async {
                polls.add();
                drop(counted);
            });
            assert_eq!(dropped.get(), 1, "a refused child is dropped at once");
            assert!(refused.is_finished());
            assert!(matches!(refused.await, Err(TaskError::Cancelled)));
            yield_now().await;
            assert_eq!((dropped.get(), polls.get()), (4, 0));
            done.await.unwrap()
        })
        .await;
    assert_eq!(value, 5);
});

// S5: a local group opened on a cancelled scope is a cancelled one; its body runs.
on_every_kind!(s5_a_local_group_of_a_cancelled_scope, async |s| {
    let polls = Count::default();
    let value = s
        .group(async |group| {
            group.cancel();
            let inner = group.local(async |g| {
                let refused = g.spawn(async { polls.add() });
                assert!(matches!(refused.await, Err(TaskError::Cancelled)));
                3
            });
            inner.await
        })
        .await;
    assert_eq!((value, polls.get()), (3, 0));
});

// X6: a child is cancelled and joined by plain threads while its group runs.
#[test]
fn x6_threads_cancel_and_join_children() {
    watched(|| {
        let runtime = workers(1);
        for _ in 0..if cfg!(miri) { 3 } else { 200 } {
            runtime.run(async |s| {
                let stop = Chan::<()>::new(1);
                s.local(async |g| {
                    let endless = g.spawn(for_ever());
                    let value = g.spawn(async {
                        yield_now().await;
                        Box::new(7)
                    });
                    let waiting = g.spawn(async { stop.recv().await });
                    std::thread::scope(|threads| {
                        threads.spawn(|| stop.close());
                        threads.spawn(|| endless.cancel());
                        threads.spawn(|| endless.cancel());
                    });
                    assert!(matches!(endless.join().await, Err(TaskError::Cancelled)));
                    assert_eq!(*value.await.unwrap(), 7);
                    assert_eq!(waiting.await.unwrap(), None);
                })
                .await;
            });
        }
    });
}

// X2: a cancel of the scope that the group was opened on reaches its children, and not the bodies.
on_every_kind!(x2_a_cancel_of_the_scope_reaches_children, async |s| {
    let n = Count::default();
    let value = s
        .group(async |scope| {
            let inner = scope.local(async |g| {
                let counted = n.on_drop();
                let child = g.spawn(async move {
                    let _counted = counted;
                    for_ever().await;
                });
                yield_now().await;
                scope.cancel();
                assert!(matches!(child.await, Err(TaskError::Cancelled)));
                assert!(matches!(g.spawn(async {}).await, Err(TaskError::Cancelled)));
                3
            });
            inner.await
        })
        .await;
    assert_eq!((value, n.get()), (3, 1));
});

// X3: a child with a pending shield runs on until the shielded future ends, then ends at its first suspension. Its siblings
// end at once.
on_every_kind!(x3_a_shield_in_a_child, async |s| {
    let (gate, n) = (Chan::<()>::new(0), Count::default());
    let flushed = Count::default();
    s.local(async |g| {
        let counted = n.on_drop();
        let sibling = g.spawn(async move {
            let _counted = counted;
            for_ever().await;
        });
        let child = g.spawn(async {
            shield(async {
                assert_eq!(gate.recv().await, None);
                yield_now().await;
                flushed.add();
            })
            .await;
            flushed.add();
            yield_now().await;
            flushed.add();
        });
        yield_now().await;
        g.cancel();
        assert!(matches!(sibling.await, Err(TaskError::Cancelled)));
        assert_eq!(n.get(), 1);
        for _ in 0..5 {
            yield_now().await;
        }
        assert!(!child.is_finished());
        gate.close();
        assert!(matches!(child.await, Err(TaskError::Cancelled)));
        assert_eq!(flushed.get(), 2);
    })
    .await;
});

// X3, P1: a panic asks shielded children, and a shielded body, to stop; the group ends when their shields have.
on_every_kind!(x3_a_panic_waits_for_shields, async |s| {
    for in_the_body in [true, false] {
        let (gate, flushed) = (Chan::<()>::new(0), Count::default());
        let opener = gate.clone();
        s.go(async move {
            for _ in 0..20 {
                yield_now().await;
            }
            opener.close();
        });
        let flush = async || {
            shield(async {
                assert_eq!(gate.recv().await, None);
                flushed.add();
            })
            .await;
            for_ever().await;
        };
        let group = s.local(async |g| {
            let flushing = flush();
            g.go(async {
                yield_now().await;
                std::panic::panic_any(5_u8);
            });
            if in_the_body {
                flushing.await;
            } else {
                g.go(flushing);
                for_ever().await;
            }
        });
        let payload = futures::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(group)).await.unwrap_err();
        assert_eq!((*payload.downcast::<u8>().unwrap(), flushed.get()), (5, 1));
    }
});

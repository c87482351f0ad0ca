//! What is proven: a deadlock that ends its root.

use super::*;

// D1: a root whose tasks wait at its own channels, or for nothing at all, is ended and says so.
#[test]
fn d1_waits_that_nobody_can_end() {
    for deadlock in stuck!(async |s| s.chan::<u8>(0).recv().await) {
        assert_eq!(deadlock.tasks().len(), 1);
        assert!(deadlock.cycle().is_empty() && !deadlock.to_string().contains("cycle"));
    }
    stuck!(async |s| s.chan::<u8>(0).send(1).await);
    stuck!(async |_| pending::<()>().await);
    stuck!(async |s| s.group(async |_| pending::<()>().await).await);
    stuck!(async |s| {
        let (one, other) = (s.chan::<u8>(0), s.chan::<u8>(0));
        select! { _ = <-one => (), _ = <-other => () }
    });
    stuck!(async |s| s.spawn(pending::<()>()).await);
    stuck!(async |s| s.cancelled().await);
    stuck!(async |s| {
        let mut set = s.join_set();
        set.spawn(pending::<()>());
        set.next().await
    });
}

// D1: the body has ended, and only a child is stuck.
#[test]
fn d1_a_child_alone_is_stuck() {
    for deadlock in stuck!(async |s| s.task().name("left behind").go(pending())) {
        assert_eq!(deadlock.tasks().len(), 1);
        assert!(deadlock.to_string().contains("'left behind'"), "{deadlock}");
    }
}

// L9: a select without arms waits for ever.
#[test]
fn l9_a_select_without_arms_is_a_deadlock() {
    for deadlock in stuck!(async |_| Select::<u8>::new().wait().await) {
        assert!(deadlock.to_string().contains("select at "), "{deadlock}");
    }
}

// J4, D1, D4: a cycle of joins is a deadlock; the report names the tasks and the cycle.
#[test]
fn j4_a_cycle_of_joins_is_a_deadlock() {
    for deadlock in stuck!(async |s| join_each_other!(s)) {
        assert_eq!((deadlock.tasks().len(), deadlock.cycle().len()), (2, 2));
        let report = deadlock.to_string();
        for part in ["deadlock: 2 tasks wait", "'one'", "'two'", "join on task #", "cycle: #", " 'one' -> #", file!()] {
            assert!(report.contains(part), "{part} in\n{report}");
        }
    }
}

// D1, D4: a cycle that goes through the end of a group.
#[test]
fn d4_a_cycle_through_a_group() {
    let deadlocks = stuck!(async |s| {
        let (handle, other) = (s.chan(1), s.chan(1));
        let joins = s.spawn(async move { joined(other.recv().await.unwrap()).await });
        let opens = s.spawn(s.group(async move |g| {
            g.go(async move { joined(handle.recv().await.unwrap()).await });
        }));
        handle.send(joins).await.unwrap();
        other.send(opens).await.unwrap();
    });
    for deadlock in deadlocks {
        assert_eq!(deadlock.cycle().len(), 3, "{deadlock}");
        assert!(deadlock.to_string().contains(", in a group of #"), "{deadlock}");
    }
}

// D1: what a task has waited on before does not matter.
#[test]
fn d1_channels_used_before_do_not_hide_it() {
    stuck!(async |s| {
        let jobs = Chan::new(0);
        let other = jobs.clone();
        s.go(async move {
            for job in 0..3 {
                other.send(job).await.unwrap();
            }
        });
        for job in 0..3 {
            let stop = Chan::<()>::new(0);
            let received = select! { value = <-jobs => value, _ = <-stop => None };
            assert_eq!(received, Some(job));
            assert!(timeout(Duration::from_micros(1), stop.recv()).await.is_err());
        }
        join_each_other!(s);
    });
    // In the very turn in which the last of them was given up.
    stuck!(async |s| {
        let stop = Chan::<()>::new(0);
        assert!(timeout(Duration::from_millis(1), stop.recv()).await.is_err());
        s.spawn(pending::<()>()).await
    });
}

// D1, P1: `run` panics with the report as its payload.
#[test]
fn d1_run_panics_with_the_report() {
    watched(|| {
        let caught = catch_unwind(|| run(async |s| s.chan::<u8>(0).recv().await));
        let payload = caught.expect_err("a deadlock");
        assert!(payload.downcast_ref::<Deadlock>().expect("a deadlock").to_string().contains("recv on channel"));
    });
}

// D1, R8: every task is dropped, and its destructors run.
#[test]
fn d1_everything_is_dropped() {
    let gone = Count::default();
    stuck!(async |s| {
        let channel = s.chan::<u8>(0);
        for _ in 0..3 {
            let there = gone.on_drop();
            s.go(async move {
                let _there = there;
                channel.recv().await;
            });
        }
        let _there = gone.on_drop();
        s.group(async |_| pending::<()>().await).await;
    });
    assert_eq!(gone.get(), 4 * (1 + WORKERS.len()));
}

// D1: a root is judged by itself: it is stuck though another on the same workers is busy.
#[test]
fn d1_a_root_is_stuck_beside_a_busy_one() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Off);
        let runtime = builder.workers(2).build().unwrap();
        let ended = AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                runtime.run(async |s| {
                    for _ in 0..2 {
                        s.go(async {
                            while !ended.load(Ordering::Relaxed) {
                                yield_now().await;
                            }
                        });
                    }
                });
            });
            let stuck = runtime.try_run(async |s| join_each_other!(s));
            ended.store(true, Ordering::Relaxed);
            assert_eq!(found(stuck, &told).cycle().len(), 2);
        });
    });
}

// D1: children of a local group are in their task: who could wake them could wake it.
#[test]
fn d1_children_of_a_local_group_are_stuck() {
    for deadlock in stuck!(async |s| {
        let (one, other) = (s.chan::<u8>(0), s.chan::<u8>(0));
        s.local(async |g| {
            g.go(async { assert_eq!(one.recv().await, None) });
            g.go(async {
                select! { _ = <-other => (), _ = <-one => () }
            });
            g.spawn(pending::<()>()).await.unwrap();
        })
        .await;
    }) {
        assert_eq!(deadlock.tasks().len(), 1);
    }
    // One inside another, the outer one's scope watched.
    stuck!(async |s| {
        s.group(async |g| {
            g.local(async |outer| {
                outer.go(async { g.local(async |inner| inner.go(pending())).await });
                outer.spawn(pending::<()>()).await.unwrap();
            })
            .await;
        })
        .await;
    });
    // What children have waited on before does not matter once all of it is over.
    stuck!(async |s| {
        s.local(async |g| {
            g.go(async {
                let jobs = Chan::<u8>::new(0);
                assert!(timeout(Duration::from_micros(1), jobs.recv()).await.is_err());
                pending().await
            });
        })
        .await;
    });
}

//! Shields, when nothing can go on any more.

use super::*;

// X3, D1: a teardown that has gone quiet goes through shields.
#[test]
fn x3_a_quiet_teardown_goes_through_shields() {
    watched(|| {
        let gone = Count::default();
        let there = gone.on_drop();
        let caught = catch_unwind(AssertUnwindSafe(|| {
            run(async move |s| {
                s.go(shield(async move {
                    let _there = there;
                    pending::<()>().await;
                }));
                yield_now().await;
                panic!("the first");
            });
        }));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the first"), "the panic that came before the deadlock");
        assert_eq!(gone.get(), 1);
    });
    // The teardown of a deadlock.
    for deadlock in stuck!(async |s| s.spawn(shield(pending::<()>())).await) {
        assert_eq!(deadlock.tasks().len(), 2);
    }
}

// X3, D1: what was asked to stop, and waits inside a shield for what nobody will do, is no deadlock: it ends.
#[test]
fn x3_what_is_to_end_and_is_stuck_in_a_shield_ends() {
    // A task, twice: one after the other.
    goes_on!(async |s| {
        for _ in 0..2 {
            let task = s.spawn(shield(pending::<()>()));
            yield_now().await;
            task.cancel();
            assert!(matches!(task.await, Err(TaskError::Cancelled)));
        }
    });
    // A group's tasks, one of them at a channel whose sender waits for the end of the group.
    goes_on!(async |s| {
        let answers = s.chan::<u8>(0);
        s.group(async |g| {
            g.go(shield(pending()));
            g.go(shield(async move { assert_eq!(answers.recv().await, None) }));
            yield_now().await;
            g.cancel();
        })
        .await;
    });
    // The bodies of groups that an error, or a deadline, has ended; their task goes on, and its own shields stand.
    goes_on!(async |s| {
        for _ in 0..2 {
            let failed = s.try_group(async |g| {
                g.go(async { Err("an error") });
                shield(pending::<()>()).await;
                Ok(())
            });
            assert_eq!(shield(failed).await, Err("an error"));
            let late = s.group_timeout(Duration::from_millis(1), async |_| shield(pending::<()>()).await);
            assert!(late.await.is_err());
        }
    });
}

// X3, D1: a body that is to end, of a group that nobody polls any more, does not keep the deadlock from being found.
#[test]
fn x3_a_group_that_is_not_polled_any_more() {
    stuck!(async |s| {
        let mut group = Box::pin(s.try_group(async |g| {
            g.go(async { Err("an error") });
            shield(pending::<()>()).await;
            Ok(())
        }));
        assert!(timeout(Duration::from_millis(1), &mut group).await.is_err());
        pending::<()>().await;
    });
}

// X3, D1: the same in local groups: a group in a child whose body is to end, a child that is cancelled alone, one whose group is.
#[test]
fn x3_what_is_to_end_in_a_local_group_ends() {
    goes_on!(async |s| {
        s.local(async |l| {
            let late = s.group_timeout(Duration::from_millis(5), async |_| shield(pending::<()>()).await);
            assert!(l.spawn(late).await.unwrap().is_err());
            let failed = l.spawn(s.try_group(async |g| {
                g.go(async { Err("an error") });
                shield(pending::<()>()).await;
                Ok(())
            }));
            assert_eq!(failed.await.unwrap(), Err("an error"));
        })
        .await;
    });
    goes_on!(async |s| {
        s.local(async |l| {
            let child = l.spawn(shield(pending::<()>()));
            yield_now().await;
            child.cancel();
            assert!(matches!(child.await, Err(TaskError::Cancelled)));
            l.go(shield(pending()));
            yield_now().await;
            l.cancel();
        })
        .await;
    });
}

// X3, S9, S11: a graceful shutdown that comes to a standstill: after the deadline, and of a background task at the end of the others.
#[test]
fn x3_a_shutdown_goes_through_shields() {
    goes_on!(async |s| {
        s.go(shield(pending()));
        s.cancel_after(Duration::from_millis(10));
    });
    goes_on!(async |s| {
        s.task().background().go(shield(pending()));
        yield_now().await;
    });
    // A deadline that has come is none that could help.
    stuck!(async |s| {
        s.cancel_after(Duration::from_millis(1));
        s.cancelled().await;
        pending::<()>().await;
    });
}

// X3, D2: shields stand against a mere suspicion; what is done about that is told.
#[test]
fn x3_a_suspicion_goes_through_no_shield() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Panic);
        let runtime = builder.deterministic(true).build_local().unwrap();
        let jobs = Chan::<u8>::new(0);
        let ended = runtime.try_run(async |s| {
            s.go(shield(async { assert_eq!(jobs.recv().await, None) }));
            yield_now().await;
            s.cancel();
        });
        assert!(found(ended, &told).to_string().starts_with("suspected deadlock: a task waits"));
    });
}

// X3, R5: nobody can help a started root that was asked to stop: what is stuck in its shields ends, and its runtime can be dropped.
#[test]
fn x3_a_started_root_that_is_to_stop() {
    watched(|| {
        let runtime = workers(1);
        let root = runtime.start(async |g| {
            g.go(shield(pending()));
            shield(pending::<()>()).await;
        });
        std::thread::park_timeout(Duration::from_millis(20));
        drop(root);
        drop(runtime);
    });
}

// X3, S11: of a started root whose body has returned the tasks that were cancelled, at once or by a deadline, are all there is to be asked: a shield
// that waits for what nobody can do ends.
#[test]
fn x3_a_started_root_whose_body_has_returned() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Off);
        let runtime = builder.workers(2).build().unwrap();
        for deadline in [Duration::ZERO, Duration::from_millis(20)] {
            let root = runtime.start(async move |g| {
                g.go(shield(pending()));
                yield_now().await;
                g.cancel_after(deadline);
            });
            futures::executor::block_on(root).unwrap();
        }
        assert!(told.lock().unwrap().is_empty());
    });
}

//! Trio's `test_run.py`: nurseries are groups. What is different: the first panic is raised, not a collection (P1); a task spawned
//! into a cancelled group never begins (S5).

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

use futures::FutureExt;
use orion_rt::{Chan, TaskError, cancelled, run, shield, yield_now};
use orion_tests::{Count, Then, for_ever, on_every_kind, panic_message, watched};

use crate::{drain, receivers_park};

// S6, Y1 (test_basic_interleave): two looping tasks take turns.
#[test]
fn loops_interleave() {
    let log = Chan::unbounded();
    run(async |s| {
        for name in ['a', 'b'] {
            let log = log.clone();
            s.go(async move {
                for i in 0..3 {
                    log.send((name, i)).await.unwrap();
                    yield_now().await;
                }
            });
        }
    });
    assert_eq!(drain(&log), [('a', 0), ('b', 0), ('a', 1), ('b', 1), ('a', 2), ('b', 2)]);
}

// S2, S5 (test_nursery_closure): a group that has ended takes no more tasks; while a last task runs it does.
on_every_kind!(a_closed_group_takes_no_tasks, async |s| {
    let ended = s
        .group(async |g| {
            let late = g.clone();
            let count = Count::default();
            let read = count.clone();
            g.go(async move {
                yield_now().await;
                late.go(async move { count.add() });
            });
            (g, read)
        })
        .await;
    assert_eq!(ended.1.get(), 1, "the body had returned, a task had not");
    assert!(matches!(ended.0.spawn(async {}).await, Err(TaskError::Cancelled)));
});

// S5, X1 (test_precancelled_task): a task spawned into a cancelled group never begins, unlike Trio's; its future is dropped.
on_every_kind!(a_task_for_a_cancelled_group_never_begins, async |s| {
    let log = Chan::unbounded();
    let tell = log.clone();
    s.group(async move |g| {
        g.cancel();
        let at_end = tell.clone();
        let end = Then(move || at_end.try_send("dropped").unwrap());
        g.go(async move {
            let _end = end;
            tell.send("started").await.unwrap();
        });
    })
    .await;
    assert_eq!(drain(&log), ["dropped"]);
});

// S5, X2, R8 (a nursery's child spawned during the cancellation): what a destructor spawns while its group is torn down is refused and dropped.
on_every_kind!(a_destructor_spawns_during_the_cancellation, async |s| {
    let (up, dropped) = (Chan::new(0), Count::default());
    let read = dropped.clone();
    s.group(async |g| {
        let (ready, late) = (up.clone(), g.clone());
        let counted = std::sync::Mutex::new(Some(dropped.on_drop()));
        g.go(async move {
            let _spawns = Then(move || {
                let counted = counted.lock().unwrap().take();
                late.go(async move {
                    let _counted = counted;
                    unreachable!("never polled");
                });
            });
            ready.send(()).await.unwrap();
            for_ever().await;
        });
        up.recv().await;
        g.cancel();
    })
    .await;
    assert_eq!(read.get(), 1);
});

// P1 (test_initial_task_error, test_task_crash_propagation): a panic of the body or of a task comes out of `run`, when the others have been torn
// down.
#[test]
fn a_crash_comes_out_of_run() {
    watched(|| {
        for by_body in [false, true] {
            let log = Chan::unbounded();
            let result = catch_unwind(AssertUnwindSafe(|| {
                run(async |s| {
                    let at_end = log.clone();
                    s.go(async move {
                        let _end = Then(move || at_end.try_send("looper cancelled").unwrap());
                        loop {
                            yield_now().await;
                        }
                    });
                    yield_now().await;
                    if by_body {
                        panic!("crash");
                    }
                    s.go(async { panic!("crash") });
                });
            }));
            assert_eq!(panic_message(result), "crash");
            assert_eq!(drain(&log), ["looper cancelled"]);
        }
    });
}

// P1 (test_main_and_task_both_crash, test_two_child_crashes): of several panics the first is raised.
#[test]
fn the_first_of_several_crashes_is_raised() {
    watched(|| {
        let both = catch_unwind(|| {
            run(async |s| {
                s.go(async { panic_any(1) });
                panic_any(0);
            });
        });
        assert_eq!(both.unwrap_err().downcast_ref(), Some(&0), "the body's turn came first");
        let children = catch_unwind(|| {
            run(async |s| {
                s.go(async { panic_any(1) });
                s.go(async { panic_any(2) });
                for_ever().await;
            });
        });
        assert_eq!(children.unwrap_err().downcast_ref(), Some(&1));
        // One that panics while it is torn down comes second.
        let teardown = catch_unwind(|| {
            run(async |s| {
                s.go(async {
                    let _second = Then(|| panic_any(2));
                    for_ever().await;
                });
                s.go(async { panic_any(1) });
            });
        });
        assert_eq!(teardown.unwrap_err().downcast_ref(), Some(&1));
    });
}

// P1 (test_child_crash_wakes_parent, test_child_crash_basic, test_nursery_main_block_error_basic): a body that waits for ever is ended by a child's panic, and
// the task around it can go on.
on_every_kind!(a_crash_wakes_the_body, async |s| {
    for by_body in [false, true] {
        let group = s.group(async move |g| {
            if by_body {
                panic!("a crash");
            }
            g.go(async { panic!("a crash") });
            for_ever().await;
        });
        let caught = AssertUnwindSafe(group).catch_unwind().await;
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"a crash"));
    }
});

// P1, X2, S5 (test_cancel_scope_exceptiongroup_filtering): cancelled tasks leave no trace in how a group ends; a panic among them does.
on_every_kind!(cancelled_tasks_do_not_hide_a_crash, async |s| {
    let group = s.group(async move |g| {
        g.go(for_ever());
        g.go(for_ever());
        let crash = shield(async {
            cancelled().await;
            panic!("the one that counts")
        });
        let started = Chan::new(0);
        let ready = started.clone();
        g.go(async move {
            ready.send(()).await.unwrap();
            crash.await;
        });
        started.recv().await;
        // A turn for its shield to begin; without it the task is only cancelled.
        g.clone().group(async |h| h.go(yield_now())).await;
        g.cancel();
        g.go(for_ever());
    });
    let result = AssertUnwindSafe(group).catch_unwind().await;
    // On several workers the cancel may come before the shield.
    if let Err(payload) = result {
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"the one that counts"));
    }
});

// S8 (multi-errors, the first only): of several errors the first in time is the group's, and an `Ok` body does not hide it.
on_every_kind!(the_first_error_in_time, async |s| {
    let (second_may, first_is_out) = (Chan::<()>::new(0), Count::default());
    let seen = first_is_out.clone();
    let result: Result<&str, i32> = s
        .try_group(async move |g| {
            let wait = second_may.clone();
            let late = first_is_out.clone();
            g.go(shield(async move {
                wait.recv().await;
                late.add();
                Err(2)
            }));
            receivers_park(&second_may, 1).await;
            g.go(async move {
                // Lets the other fail when this one has.
                let _after = Then(move || _ = second_may.close());
                Err(1)
            });
            Ok("the body was content")
        })
        .await;
    // The destructor runs before the error is seen: on several workers the second may be first.
    assert!(matches!(result, Err(1 | 2)));
    assert_eq!(seen.get(), 1, "the shielded task was waited for");
});

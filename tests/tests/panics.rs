//! Panics: rules P1 and P3. P4 ends the process: `abort.rs`.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

use orion_rt::{Chan, TaskError, run, yield_now};
use orion_tests::{Count, Then, for_ever, leaks_on_purpose, on_every_kind, panic_message, watched, workers};

// P1: a panic cancels the siblings and the body; when all are gone the first payload is re-raised unchanged.
#[test]
fn p1_a_panic_cancels_all_and_is_raised() {
    watched(|| {
        for n in 0..4 {
            let dropped = Count::default();
            let read = dropped.clone();
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let body = async |s: &orion_rt::Scope<'_, '_, orion_rt::Multi>| {
                    let counted = dropped.on_drop();
                    s.go(async move {
                        let _counted = counted;
                        for_ever().await;
                    });
                    s.go(async { panic_any(17_u8) });
                    let _body = dropped.on_drop();
                    for_ever().await;
                };
                if n == 0 {
                    run(async |s| {
                        let counted = dropped.on_drop();
                        s.go(async move {
                            let _counted = counted;
                            for_ever().await;
                        });
                        s.go(async { panic_any(17_u8) });
                        let _body = dropped.on_drop();
                        for_ever().await;
                    });
                } else {
                    workers(n).run(body);
                }
            }));
            assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 17);
            assert_eq!(read.get(), 2);
        }
    });
}

// P1: a group re-raises in the task that opened it; who is outside can go on.
on_every_kind!(p1_a_group_raises_its_panic_in_the_opener, async |s| {
    let n = Count::default();
    let read = n.clone();
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(s.group(async |g| {
        let counted = n.on_drop();
        g.go(async move {
            let _counted = counted;
            for_ever().await;
        });
        g.spawn(async { panic!("in the group") }).release();
        for_ever().await;
    })))
    .await;
    assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"in the group"));
    assert_eq!(read.get(), 1);
});

// P1: the joiner that is not itself torn down gets the message.
on_every_kind!(p1_the_joiner_gets_the_message, async |s| {
    let outcome = Chan::new(1);
    let tell = outcome.clone();
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(
        s.group(async |g| g.spawn(async { panic!("number {}", 5) })),
    ));
    assert!(result.await.is_err());
    // A handle that left the group before the panic.
    let handle_out = Chan::new(1);
    let give = handle_out.clone();
    let outer = s;
    let watcher = s.spawn(async move {
        let handle: orion_rt::JoinHandle<'_, (), _> = handle_out.recv().await.unwrap();
        let error = handle.await.unwrap_err();
        tell.send(error.to_string()).await.unwrap();
    });
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(outer.group(async move |g| {
        let failing = g.spawn(async {
            yield_now().await;
            panic!("number {}", 6)
        });
        give.send(failing).await.unwrap();
        for_ever().await;
    })));
    assert!(result.await.is_err());
    watcher.await.unwrap();
    assert!(outcome.recv().await.unwrap().contains("number 6"));
});

// P1: a panic of the closure that makes a group's body is a panic of the body.
on_every_kind!(p1_a_panic_of_the_closure_is_the_bodys, async |s| {
    let n = Count::default();
    let group = s.group(|g| {
        let counted = n.on_drop();
        g.go(async move {
            let _counted = counted;
            for_ever().await;
        });
        if n.get() == 0 {
            panic!("closure");
        }
        std::future::ready(())
    });
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(group)).await;
    assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"closure"));
    assert_eq!(n.get(), 1, "the group ends after its tasks");
});

// P3: a panic in a destructor of a task's future is a panic of that task.
#[test]
fn p3_a_panic_in_a_destructor_is_the_tasks() {
    watched(|| {
        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                let task = s.spawn(async {
                    let _bomb = Then(|| panic!("destructor"));
                    for_ever().await;
                });
                yield_now().await;
                task.cancel();
                let _ = task.await;
            });
        }));
        assert_eq!(message, "destructor");
        let message = panic_message(catch_unwind(|| {
            workers(2).run(async |s| {
                let g = s;
                g.cancel();
                let bomb = Then(|| panic!("refused"));
                g.go(async move {
                    let _bomb = bomb;
                });
            });
        }));
        assert_eq!(message, "refused");
    });
}

// P3: a payload that panics in its own destructor takes nothing down.
#[test]
fn p3_secondary_payloads_are_contained() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                // What the runtime has to forget of this takes no memory.
                panic_any(());
            }
        }
    }
    watched(|| {
        let caught = catch_unwind(|| {
            workers(2).run(async |s| {
                for _ in 0..8 {
                    s.go(async {
                        yield_now().await;
                        panic_any(Bomb);
                    });
                }
                for_ever().await;
            });
        });
        std::mem::forget(caught.unwrap_err());
    });
}

// P1: nobody is left to raise the panic of a group whose future was forgotten, or is over; an enclosing scope does.
#[test]
fn p1_no_panic_of_a_group_is_lost() {
    leaks_on_purpose("forgets a group's future");
    watched(|| {
        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                let mut group = Box::pin(s.group(async |g| {
                    g.go(async { panic!("forgotten") });
                    for_ever().await;
                }));
                std::future::poll_fn(|cx| {
                    assert!(group.as_mut().poll(cx).is_pending());
                    std::task::Poll::Ready(())
                })
                .await;
                std::mem::forget(group);
            });
        }));
        assert_eq!(message, "forgotten");
        let message = panic_message(catch_unwind(|| {
            workers(1).run(async |s| {
                let ended = s.group(async |g| g.clone()).await;
                let bomb = Then(|| panic!("refused"));
                ended.go(async move {
                    let _bomb = bomb;
                });
            });
        }));
        assert_eq!(message, "refused");
    });
}

// P3: in a destructor the panic of a foreign waker is discarded.
#[test]
fn p3_a_waker_that_panics_in_a_destructor() {
    struct Bomb;
    impl std::task::Wake for Bomb {
        fn wake(self: std::sync::Arc<Self>) {}
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("waker");
        }
    }
    fn poll_with_a_bomb(future: std::pin::Pin<&mut impl Future>) {
        let waker = std::task::Waker::from(std::sync::Arc::new(Bomb));
        assert!(future.poll(&mut std::task::Context::from_waker(&waker)).is_pending());
    }
    run(async |s| {
        let mut sleep = Box::pin(orion_rt::sleep(std::time::Duration::MAX));
        poll_with_a_bomb(sleep.as_mut());
        drop(sleep);
        let mut group = Box::pin(s.group(async |_| for_ever().await));
        poll_with_a_bomb(group.as_mut());
        drop(group);
        let mut join = Box::pin(s.spawn(async {}).join());
        poll_with_a_bomb(join.as_mut());
        drop(join);
    });
}

// P2: an isolated task keeps its panic to itself; the joiner gets the payload, the siblings go on.
on_every_kind!(p2_the_joiner_of_an_isolated_task_gets_the_payload, async |s| {
    let sibling = s.spawn(async {
        yield_now().await;
        "goes on"
    });
    let task = s.task().name("alone").isolated().spawn(async { panic_any(17_u8) });
    match task.await {
        Err(TaskError::Panicked(panic)) => assert_eq!(*panic.into_payload().unwrap().downcast::<u8>().unwrap(), 17),
        other => panic!("{other:?}"),
    }
    assert_eq!(sibling.await.unwrap(), "goes on");
    // A panic of its destructor is the task's as well (P3).
    let task = s.task().isolated().spawn(async {
        let _bomb = Then(|| panic!("destructor"));
        for_ever().await;
    });
    yield_now().await;
    task.cancel();
    match task.await {
        Err(TaskError::Panicked(panic)) => assert_eq!(panic.message(), "destructor"),
        // Not polled yet when it was cancelled: there was no destructor to run.
        Err(TaskError::Cancelled) => {}
        other => panic!("{other:?}"),
    }
});

// P2: of a task without a handle, and of a released one, only the panic hook learns.
on_every_kind!(p2_nobody_is_told_of_a_released_isolated_task, async |s| {
    s.group(async |g| {
        g.task().isolated().go(async { panic!("nobody is told") });
        g.task().isolated().spawn(async { panic!("nobody is told") }).release();
        let mut late = g.task().isolated().spawn(async { panic!("nobody is told") });
        late.finished().await;
        late.release();
    })
    .await;
});

// P2: where the handle was dropped instead, early, late, or with a join, the scope raises the panic at its end, not before.
on_every_kind!(p2_an_unjoined_panic_is_raised_at_the_end, async |s| {
    for when in 0..3 {
        let gate = Chan::<()>::new(0);
        let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(s.group(async move |g| {
            let wait = gate.clone();
            let mut task = g.task().isolated().spawn(async move {
                wait.recv().await;
                panic!("at the end")
            });
            match when {
                0 => drop(task),
                1 => {
                    gate.close();
                    task.finished().await;
                    drop(task);
                }
                _ => {
                    let mut join = Box::pin(task.join());
                    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(join.as_mut().poll(cx))).await;
                    assert!(polled.is_pending());
                }
            }
            gate.close();
            for _ in 0..4 {
                // Not cancelled: the siblings and the body go on.
                assert_eq!(g.spawn(async { 1 }).await.unwrap(), 1);
                yield_now().await;
            }
            assert!(!g.is_cancelled());
        })))
        .await;
        assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"at the end"), "{when}");
    }
});

// P2, J6: the panic behind a forgotten handle is found at the root's end.
#[test]
fn p2_a_forgotten_isolated_panic_is_raised_by_the_root() {
    watched(|| {
        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                let mut task = s.task().isolated().spawn(async { panic!("forgotten") });
                task.finished().await;
                std::mem::forget(task);
            });
        }));
        assert_eq!(message, "forgotten");
        // The first one is kept.
        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                drop(s.task().isolated().spawn(async { panic!("first") }));
                drop(s.task().isolated().spawn(async { panic!("second") }));
            });
        }));
        assert_eq!(message, "first");
    });
}

// P1, S5: a task that is refused by a group that has ended, whose opener is complete, panics in its destructor: the root raises it.
// (The opener's count of descendants was taken below zero.)
#[test]
fn p1_a_panic_below_a_complete_opener_reaches_the_root() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("of a refused task");
        }
    }
    watched(|| {
        for root in [
            || {
                run(async |s| {
                    let (g, bomb) = (orion_rt::Group::clone(s), Bomb);
                    let left = s.spawn(async move { g.group(async |h| h).await }).await.unwrap();
                    left.go(async move { drop(bomb) });
                });
            },
            || {
                workers(2).run(async |s| {
                    let (g, bomb) = (orion_rt::Group::clone(s), Bomb);
                    let left = s.spawn(async move { g.group(async |h| h).await }).await.unwrap();
                    left.go(async move { drop(bomb) });
                });
            },
        ] as [fn(); 2]
        {
            assert_eq!(panic_message(std::panic::catch_unwind(root)), "of a refused task");
        }
    });
}

// D7: an error says which task it speaks of, by name, identity and the place of its spawn; a timeout says where it was set.
on_every_kind!(d7_errors_name_the_task_and_the_place, async |s| {
    let task = s.task().name("reader").isolated().spawn(async { panic!("no input") });
    let id = task.id();
    let text = task.await.unwrap_err().to_string();
    assert!(text.starts_with(&format!("task 'reader' ({id}, spawned at {}:", file!())), "{text}");
    assert!(text.ends_with("panicked: no input"), "{text}");
    let elapsed = orion_rt::timeout(std::time::Duration::ZERO, for_ever()).await.unwrap_err();
    assert!(elapsed.to_string().contains(file!()), "{elapsed}");
    let elapsed = s.group_timeout(std::time::Duration::ZERO, async |_| for_ever().await).await.unwrap_err();
    assert_eq!(elapsed.location().file(), file!());
});

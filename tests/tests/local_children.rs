//! Children of local groups: handles and panics (S2, S4, P1, P3, and J1 to J7 for children).
//! Those that are asked to stop: `local_cancel.rs`.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::time::Duration;

use futures::FutureExt;
use orion_rt::{Chan, JoinHandle, TaskError, run, yield_now};
use orion_tests::{Count, Then, begin, for_ever, on_every_kind, panic_message, poll_once};

// P1: the first panic, of a child or of the body, ends all and is raised unchanged when they are gone.
on_every_kind!(p1_a_childs_panic_cancels_siblings_and_body, async |s| {
    let dropped = Count::default();
    for who in 0..3 {
        let n = dropped.clone();
        let group = s.local(async |g| {
            let counted = n.on_drop();
            g.go(async move {
                let _counted = counted;
                for_ever().await;
            });
            let late = Then(|| panic!("a later panic goes to the hook only"));
            g.go(async move {
                let _late = late;
                for_ever().await;
            });
            if who == 0 {
                g.go(async { panic_any(17_u8) });
            } else if who == 1 {
                let failing = g.spawn(async {
                    yield_now().await;
                    panic_any(17_u8)
                });
                g.go(async move { drop::<Result<(), _>>(failing.await) });
            }
            let _body = n.on_drop();
            yield_now().await;
            if who == 2 {
                panic_any(17_u8);
            }
            for_ever().await;
        });
        let payload = AssertUnwindSafe(group).catch_unwind().await.unwrap_err();
        assert_eq!(*payload.downcast::<u8>().unwrap(), 17);
        assert_eq!(dropped.get(), 2 * (who + 1));
    }
});

// P1: a panic of the closure that makes the body is the body's; what it spawned is dropped.
on_every_kind!(p1_a_panic_of_the_closure, async |s| {
    let n = Count::default();
    let group = s.local(|g| {
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
    let payload = AssertUnwindSafe(group).catch_unwind().await.unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"closure"));
    assert_eq!(n.get(), 1);
});

// P1: who joins a panicked child from outside gets the message. P3: a panic in a destructor is the child's.
on_every_kind!(p3_a_joiner_outside_learns_of_the_panic, async |s| {
    for polled in [true, false] {
        let (give, take) = Chan::new(1).split();
        let watcher = s.spawn(async move {
            let handle: JoinHandle<'_, (), _> = take.recv().await.unwrap();
            handle.await.unwrap_err().to_string()
        });
        let group = s.local(async move |g| {
            let bomb = Then(|| panic!("in a destructor"));
            let child = g.spawn(async move {
                let _bomb = bomb;
                if !polled {
                    for_ever().await;
                }
            });
            if !polled {
                yield_now().await;
                child.cancel();
            }
            assert!(give.send(child).await.is_ok());
            for_ever().await;
        });
        assert!(AssertUnwindSafe(group).catch_unwind().await.is_err());
        assert!(watcher.await.unwrap().contains("in a destructor"));
    }
});

// S4: dropping the future drops children and body at once; what their destructors spawn is refused.
on_every_kind!(s4_dropping_the_future_drops_the_children, async |s| {
    let (dropped, polls) = (Count::default(), Count::default());
    let outcome = Mutex::new(Vec::new());
    {
        let mut group = pin!(s.local(async |g| {
            for _ in 0..2 {
                let (again, counted, late) = (g.clone(), dropped.on_drop(), dropped.clone());
                let (outcome, polls) = (&outcome, &polls);
                g.go(async move {
                    let _then = Then(move || {
                        let (polled, counted) = (polls.clone(), late.on_drop());
                        let refused = again.spawn(async move {
                            polled.add();
                            drop(counted);
                        });
                        outcome.lock().unwrap().push(refused.is_finished());
                    });
                    let _counted = counted;
                    for_ever().await;
                });
            }
            let _counted = dropped.on_drop();
            for_ever().await;
        }));
        begin(group.as_mut()).await;
        assert_eq!(dropped.get(), 0);
    }
    assert_eq!((dropped.get(), polls.get()), (5, 0));
    assert_eq!(*outcome.lock().unwrap(), [true, true]);
});

// S4, P3: a destructor that panics while the future is dropped: everything else is dropped, and the panic goes on to the task.
on_every_kind!(s4_a_panic_while_the_future_is_dropped, async |s| {
    let n = Count::default();
    let dropped = n.clone();
    let result = AssertUnwindSafe(s.group(async move |outer| {
        let inner = outer.clone();
        let (tell, ready) = Chan::new(1).split();
        let task = outer.spawn(async move {
            inner
                .local(async move |g| {
                    let bomb = Then(|| panic!("in a child's destructor"));
                    g.go(async move {
                        let _bomb = bomb;
                        for_ever().await;
                    });
                    let counted = dropped.on_drop();
                    g.go(async move {
                        let _counted = counted;
                        for_ever().await;
                    });
                    let _counted = dropped.on_drop();
                    g.go(async move { tell.send(()).await.unwrap() });
                    for_ever().await;
                })
                .await;
        });
        ready.recv().await;
        task.cancel();
        drop(task.await);
    }))
    .catch_unwind()
    .await;
    assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"in a child's destructor"));
    assert_eq!(n.get(), 2);
});

// S2, S5: a handle of the group that leaves it spawns nothing afterwards; children that hold one do not keep the group alive.
on_every_kind!(s2_a_group_that_is_over_refuses, async |s| {
    let n = Count::default();
    let escaped = s
        .local(async |g| {
            let (inner, counted) = (g.clone(), n.on_drop());
            g.go(async move {
                yield_now().await;
                inner.go(async move { drop(counted) });
            });
            g.clone()
        })
        .await;
    assert_eq!(n.get(), 1, "a child spawned by a child is waited for");
    let counted = n.on_drop();
    let refused = escaped.spawn(async move { drop(counted) });
    assert_eq!(n.get(), 2);
    escaped.cancel();
    assert!(matches!(refused.join().await, Err(TaskError::Cancelled)));
});

// J4: a child that joins itself, or a child it runs inside of, or its own task, gets a panic.
on_every_kind!(j4_a_child_cannot_join_what_it_runs_inside_of, async |s| {
    for nested in [false, true] {
        let group = AssertUnwindSafe(s.local(async |g| {
            let (give, own) = Chan::new(1).split();
            let child = g.spawn(async move {
                let own: JoinHandle<'_, (), _> = own.recv().await.unwrap();
                if nested {
                    s.local(async move |inner| inner.go(async move { drop(own.await) })).await;
                } else {
                    drop(own.await);
                }
            });
            assert!(give.send(child).await.is_ok());
        }));
        let message = panic_message(group.catch_unwind().await);
        assert!(message.contains("cannot join itself") && message.contains("local_children.rs"), "{message}");
    }
    let group = s.group(async move |outer| {
        let (give, own) = Chan::new(1).split();
        let inner = outer.clone();
        let task = outer.spawn(async move {
            let own: JoinHandle<'_, (), _> = own.recv().await.unwrap();
            inner.local(async move |g| g.go(async move { drop(own.await) })).await;
        });
        assert!(give.send(task).await.is_ok());
    });
    let message = panic_message(AssertUnwindSafe(group).catch_unwind().await);
    assert!(message.contains("cannot join itself"), "{message}");
});

// J3, J6: whatever becomes of a child and its handle, the result is dropped once.
on_every_kind!(j6_a_childs_result_is_dropped_once, async |s| {
    let n = Count::default();
    s.local(async |g| {
        for handle_first in [true, false] {
            for how in 0..7 {
                let before = n.get();
                let made = n.on_drop();
                let mut handle = g.spawn(async move {
                    yield_now().await;
                    made
                });
                if !handle_first {
                    handle.finished().await;
                    assert!(handle.is_finished());
                    assert_eq!(n.get(), before);
                }
                match how {
                    0 => drop(handle),
                    1 => handle.release(),
                    2 => drop(handle.join().await.unwrap()),
                    3 => drop(handle.get().await),
                    4 => {
                        handle.cancel();
                        drop(handle.join().await);
                    }
                    5 => {
                        let mut join = handle.join();
                        drop(poll_once(Pin::new(&mut join), &Count::default()));
                        drop(join);
                    }
                    _ => {
                        assert!(handle.join_timeout(Duration::from_secs(60)).await.unwrap().is_ok());
                    }
                }
                while n.get() == before {
                    yield_now().await;
                }
                yield_now().await;
                assert_eq!(n.get(), before + 1, "{how}");
            }
        }
    })
    .await;
});

// J7: a join of a child that loses a race discards the value; `finished` keeps it. J1: `id` and `name` are there.
on_every_kind!(j7_a_lost_join_of_a_child, async |s| {
    s.local(async |g| {
        let gate = Chan::<()>::new(1);
        let (n, wait) = (Count::default(), gate.clone());
        let counted = n.on_drop();
        let mut child = g.spawn(async move {
            wait.recv().await;
            counted
        });
        assert_eq!(child.name(), None);
        assert_ne!(child.id(), g.spawn(async {}).id());
        orion_rt::select! {
            biased;
            () = child.finished() => unreachable!("it waits"),
            () = std::future::ready(()) => {}
        }
        orion_rt::select! {
            biased;
            _ = child.join() => unreachable!("it waits"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(n.get(), 0);
        gate.send(()).await.unwrap();
        while n.get() == 0 {
            yield_now().await;
        }
    })
    .await;
});

// A child may be joined by a task of the root, on another worker, and by another executor.
on_every_kind!(a_child_is_joined_from_elsewhere, async |s| {
    let (give, take) = Chan::new(2).split();
    let joiner = s.spawn(async move {
        let a: JoinHandle<'_, u32, _> = take.recv().await.unwrap();
        a.await.unwrap() + take.recv().await.unwrap().get().await
    });
    s.local(async |g| {
        for _ in 0..2 {
            let child = g.spawn(async {
                yield_now().await;
                4
            });
            assert!(give.send(child).await.is_ok());
        }
    })
    .await;
    assert_eq!(joiner.await.unwrap(), 8);
});

// P1: a panic inside a group that is polled by another executor unwinds there.
#[test]
fn p1_a_panic_reaches_whoever_polls() {
    let caught = catch_unwind(|| {
        run(async |s| {
            let mut group = pin!(s.local(async |g| g.go(async { panic_any(3_u8) })));
            let _ = group.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        });
    });
    assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 3);
}

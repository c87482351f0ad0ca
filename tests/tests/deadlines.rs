//! `cancel_after`: rule S11.

use std::time::Duration;

use orion_rt::{Chan, Group, Local, Runtime, TaskError, now, run, sleep, yield_now};
use orion_tests::{Count, for_ever, on_every_kind, watched, workers};

const TICK: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(3600);

fn virtual_time() -> orion_rt::LocalRuntime {
    Runtime::builder().deterministic(true).build_local().unwrap()
}

// S11: stop accepting, `cancel_after`, leave the body: what ends in time ends well, the rest is cancelled.
on_every_kind!(s11_a_graceful_shutdown, async |s| {
    let jobs = Chan::new(4);
    let intake = jobs.clone();
    let stuck = s
        .group(async |g| {
            let worker = jobs.clone();
            let served = Count::default();
            let seen = served.clone();
            let worker = g.spawn(async move {
                while let Some(()) = worker.recv().await {
                    seen.add();
                }
                seen.get()
            });
            let stuck = g.spawn(for_ever());
            for _ in 0..4 {
                intake.send(()).await.unwrap();
            }
            // Stop accepting.
            intake.close();
            g.cancel_after(TICK * 5);
            drop(worker);
            stuck
        })
        .await;
    assert!(matches!(stuck.await, Err(TaskError::Cancelled)));
});

// S11, X2: a root's deadline reaches tasks and groups below, those opened later included, and not the body.
on_every_kind!(s11_a_deadline_reaches_what_cancel_reaches, async |s| {
    let gone = Count::default();
    s.cancel_after(TICK);
    for _ in 0..3 {
        // Made here: the deadline may come before the task's first turn.
        let (g, outer, inner) = (Group::clone(s), gone.on_drop(), gone.on_drop());
        s.go(async move {
            let _outer = outer;
            g.group(async move |h| {
                h.go(async move {
                    let _inner = inner;
                    for_ever().await;
                });
            })
            .await;
        });
    }
    let last = s.spawn(for_ever());
    assert!(matches!(last.await, Err(TaskError::Cancelled)));
    assert!(s.is_cancelled());
    yield_now().await;
    // S5
    assert!(matches!(s.spawn(async {}).await, Err(TaskError::Cancelled)));
    while gone.get() < 6 {
        yield_now().await;
    }
});

// S11: the last call wins: an earlier deadline takes the place of a later one.
on_every_kind!(s11_the_last_call_wins, async |s| {
    s.group(async |g| {
        g.cancel_after(LONG);
        g.cancel_after(TICK);
        assert!(matches!(g.spawn(for_ever()).await, Err(TaskError::Cancelled)));
    })
    .await;
});

// S11: and a later one that of an earlier.
#[test]
fn s11_a_deadline_is_put_off() {
    virtual_time().run(async |s| {
        let start = now();
        s.group(async |g| {
            g.cancel_after(TICK);
            for _ in 0..5 {
                g.cancel_after(LONG);
                g.spawn(sleep(LONG - TICK)).await.unwrap();
            }
            assert!(matches!(g.spawn(sleep(LONG)).await, Err(TaskError::Cancelled)));
        })
        .await;
        assert_eq!(now() - start, LONG * 5 - TICK * 4);
    });
}

// S11: nothing waits for a deadline, and nothing is kept by it.
on_every_kind!(s11_a_deadline_keeps_nothing, async |s| {
    let drops = Count::default();
    for _ in 0..10 {
        let kept = drops.on_drop();
        s.group(async |g| {
            g.cancel_after(LONG);
            g.spawn(async move { drop(kept) }).await.unwrap();
        })
        .await;
    }
    assert_eq!(drops.get(), 10);
    s.cancel_after(LONG);
});

// S11: a zero duration cancels within the call, a huge one never comes.
on_every_kind!(s11_the_extremes, async |s| {
    s.group(async |g| {
        g.cancel_after(Duration::MAX);
        g.spawn(async { yield_now().await }).await.unwrap();
        assert!(!g.is_cancelled());
        g.cancel_after(Duration::ZERO);
        assert!(g.is_cancelled());
        g.cancel_after(LONG);
        assert!(matches!(g.spawn(async {}).await, Err(TaskError::Cancelled)));
    })
    .await;
});

// S2, S11: a handle that has left its group does nothing to it.
on_every_kind!(s11_a_scope_that_has_ended, async |s| {
    let left = s.group(async |g| g).await;
    left.cancel_after(TICK);
    sleep(TICK * 5).await;
    assert!(!left.is_cancelled());
    left.cancel_after(Duration::ZERO);
    assert!(!left.is_cancelled());
});

// S4, S11: tasks of a group whose future was forgotten end at its deadline; the root would wait for them for ever.
on_every_kind!(s4_s11_a_forgotten_group_has_its_deadline, async |s| {
    let g = Group::clone(s);
    s.go(async move {
        let mut group = Box::pin(g.group(async |h| {
            h.go(for_ever());
            h.cancel_after(TICK);
            for_ever().await;
        }));
        assert!(futures::poll!(group.as_mut()).is_pending());
        orion_tests::leaks_on_purpose("forgets a group's future");
        std::mem::forget(group);
    });
});

// S11: from a plain thread, too.
#[test]
fn s11_a_deadline_set_by_another_thread() {
    watched(|| {
        workers(2).run(async |s| {
            s.group(async |g| {
                let task = g.spawn(for_ever());
                std::thread::scope(|threads| {
                    for _ in 0..4 {
                        threads.spawn(|| g.cancel_after(TICK));
                    }
                });
                assert!(matches!(task.await, Err(TaskError::Cancelled)));
            })
            .await;
        });
    });
}

// S11, T3: at its moment, and not before.
#[test]
fn s11_a_deadline_by_the_virtual_clock() {
    virtual_time().run(async |s| {
        let start = now();
        s.group(async |g| {
            g.cancel_after(LONG);
            let task = g.spawn(sleep(LONG * 2));
            let in_time = g.spawn(sleep(LONG - TICK));
            in_time.await.unwrap();
            assert!(matches!(task.await, Err(TaskError::Cancelled)));
        })
        .await;
        assert_eq!(now() - start, LONG);
    });
}

// S11, T3: a deadline of a scope that has ended, or was given another, is no timer any more.
#[test]
fn s11_time_does_not_jump_to_a_deadline_that_is_gone() {
    virtual_time().run(async |s| {
        let start = now();
        let left = s
            .group(async |g| {
                g.cancel_after(LONG);
                g.cancel_after(LONG * 2);
                g.spawn(async {}).await.unwrap();
                g
            })
            .await;
        left.cancel_after(TICK);
        let dropped = s.group(async |g| {
            g.cancel_after(LONG);
            for_ever().await;
        });
        assert!(orion_rt::timeout(TICK, dropped).await.is_err());
        sleep(LONG * 5).await;
        assert_eq!(now() - start, LONG * 5 + TICK);
        assert!(!left.is_cancelled());
    });
}

// S11, T3: a deadline that its scope's end has called off is no timer any more: while a root waits for another thread the virtual
// clock does not jump to it.
#[test]
fn s11_a_deadline_that_is_gone_is_no_timer() {
    virtual_time().run(async |s| {
        let start = now();
        let left = s
            .group(async |g| {
                g.cancel_after(LONG);
                g
            })
            .await;
        let (wake, woken) = Chan::new(1).split();
        let dumper = orion_rt::dumper().unwrap();
        let other = std::thread::spawn(move || {
            // Answered when this root has nothing to run.
            (0..3).for_each(|_| drop(dumper.dump()));
            wake.send_blocking(()).unwrap();
        });
        woken.recv().await.unwrap();
        assert_eq!(now(), start);
        other.join().unwrap();
        drop(left);
    });
}

// S11: a local root that ends before its deadline leaves nothing to the next root of its runtime.
#[test]
fn s11_a_deadline_ends_with_its_root() {
    let runtime = virtual_time();
    let start = runtime.run(async |s| {
        s.cancel_after(LONG);
        now()
    });
    let end = runtime.run(async |s: &orion_rt::Scope<'_, '_, Local>| {
        s.spawn(sleep(LONG * 2)).await.unwrap();
        now()
    });
    assert_eq!(end - start, LONG * 2);
    run(async |s| s.cancel_after(LONG));
}

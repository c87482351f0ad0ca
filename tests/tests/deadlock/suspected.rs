//! What is suspected: waits that somebody could end, and background tasks that could.

use super::*;

// D2: a channel whose handles may be anywhere makes it a suspicion; it is reported once, however often the thread is roused, and goes on.
#[test]
fn d2_a_suspicion_is_reported_once() {
    let check = |deterministic| {
        let (report, reported) = mpsc::channel();
        let runtime = Runtime::builder().on_deadlock(move |deadlock| report.send(deadlock.to_string()).unwrap());
        let runtime = runtime.deterministic(deterministic).build_local().unwrap();
        let jobs = Chan::<u8>::new(0);
        let (sender, dumper) = (jobs.clone(), runtime.dumper());
        let thread = std::thread::spawn(move || {
            let report = reported.recv().unwrap();
            assert!(report.starts_with("suspected deadlock: a task waits"), "{report}");
            for _ in 0..3 {
                assert_eq!(dumper.dump().tasks().len(), 1);
            }
            sender.send_blocking(1).unwrap();
            reported
        });
        assert_eq!(runtime.run(async |_| jobs.recv().await), Some(1));
        assert!(thread.join().unwrap().try_recv().is_err(), "once");
    };
    watched(|| check(false));
    watched(|| check(true));
}

// D2: as a policy says it is as good as proven; under virtual time at once.
#[test]
fn d2_a_suspicion_may_end_the_root() {
    watched(|| {
        let builder = || Runtime::builder().deterministic(true).deadlock(DeadlockPolicy::Panic);
        let runtime = builder().build_local().unwrap();
        let deadlock = runtime.try_run(async |_| Chan::<u8>::new(0).recv().await).unwrap_err();
        assert!(deadlock.to_string().starts_with("suspected deadlock: a task waits"), "{deadlock}");
        let ended = runtime.try_run(async |_| sleep(Duration::from_secs(3600)).await);
        assert!(ended.is_ok());
    });
}

// D2: a channel that a plain thread has used, or another root, is an idle server's.
#[test]
fn d2_a_channel_that_others_have_used_is_none() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Panic);
        let runtime = builder.build_local().unwrap();
        let jobs = Chan::<u8>::new(1);
        jobs.try_send(1).unwrap();
        let thread = sends_late(&jobs, 2, Duration::from_millis(1200));
        runtime.run(async |_| {
            assert_eq!(jobs.recv().await, Some(1));
            assert_eq!(jobs.recv().await, Some(2));
        });
        thread.join().unwrap();
        assert!(told.lock().unwrap().is_empty());
    });
}

// D2: in a test a suspicion is enough.
#[orion_rt::test]
#[should_panic]
async fn d2_a_test_fails_of_a_suspected_deadlock() {
    Chan::<u8>::new(0).recv().await;
}

// R5, D1: of a started root it is a suspicion, as its groups and handles may be anywhere; where that is enough, its `Root` has the report.
#[test]
fn r5_a_started_root_is_stuck() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Panic);
        let runtime = builder.workers(1).build().unwrap();
        let root = runtime.start(async |g| g.spawn(pending::<()>()).join().await);
        let Err(TaskError::Panicked(panic)) = futures::executor::block_on(root) else {
            panic!("it has ended by itself")
        };
        assert!(panic.message().starts_with("suspected deadlock: 2 tasks wait"), "{panic}");
        let payload = panic.into_payload().expect("the first to ask");
        assert!(
            payload.downcast_ref::<Deadlock>().unwrap().to_string().starts_with("suspected deadlock: 2 tasks wait")
        );
        assert_eq!(told.lock().unwrap().len(), 1);
    });
}

// S9, D2: the timers of background tasks do not hide that the others wait in vain; that is a suspicion, as they may still do something about it.
#[test]
fn s9_background_timers_do_not_hide_a_deadlock() {
    async fn ticks() {
        loop {
            sleep(Duration::from_millis(20)).await;
        }
    }
    watched(|| {
        let builder = || Runtime::builder().deadlock(DeadlockPolicy::Panic);
        let local = builder().deterministic(true).build_local().unwrap();
        let deadlock = local.try_run(async |s| {
            s.task().background().go(async {
                sleep(Duration::from_millis(60)).await;
                s.task().background().go(ticks());
                ticks().await;
            });
            s.task().background().go(s.local(async |g| g.go(ticks())));
            s.chan::<u8>(0).recv().await
        });
        let report = deadlock.unwrap_err().to_string();
        assert!(report.starts_with("suspected deadlock: 4 tasks wait"), "{report}");
        let multi = builder().workers(2).build().unwrap();
        let deadlock = multi.try_run(async |s| {
            s.task().background().go(ticks());
            s.task().background().go(s.group(async |g| g.go(ticks())));
            s.chan::<u8>(0).recv().await
        });
        let report = deadlock.unwrap_err().to_string();
        assert!(report.starts_with("suspected deadlock: 4 tasks wait"), "{report}");
    });
}

// S9, D1: a background task may set the others going: with its first tick or its second, by a cancel, or when it is woken from outside.
#[test]
fn s9_a_background_task_may_set_others_going() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Panic);
        // However long it takes: time is virtual.
        let runtime = builder.deterministic(true).build_local().unwrap();
        let tick = Duration::from_secs(3600);
        runtime.run(async |s| {
            let ticks = s.chan(0);
            s.task().background().go(async move {
                for n in 0.. {
                    sleep(tick).await;
                    if n % 2 == 1 {
                        ticks.send(n).await.unwrap();
                    }
                }
            });
            for n in [1, 3, 5] {
                assert_eq!(ticks.recv().await, Some(n));
            }
            s.group(async |g| {
                let watchdog = g.clone();
                g.go(pending());
                s.task().background().go(async move {
                    sleep(tick).await;
                    watchdog.cancel();
                });
            })
            .await;
        });
        let (later, waits) = futures::channel::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            std::thread::park_timeout(Duration::from_millis(40));
            later.send(()).unwrap();
        });
        runtime.run(async |s| {
            let woken = s.chan(0);
            s.task().background().go(async move {
                waits.await.unwrap();
                woken.send(()).await.unwrap();
            });
            woken.recv().await.unwrap();
        });
        thread.join().unwrap();
        assert!(told.lock().unwrap().is_empty());
    });
}

// S9, D1: one that itself waits for nobody is part of the deadlock.
#[test]
fn s9_a_background_task_may_be_stuck_too() {
    for deadlock in stuck!(async |s| {
        s.task().background().go(pending());
        s.chan::<u8>(0).recv().await
    }) {
        assert_eq!(deadlock.tasks().len(), 2);
    }
}

// S9, D2: a ticker that opens a group for each tick does not hide it either.
#[test]
fn s9_a_ticker_with_a_group_for_each_tick() {
    watched(|| {
        let runtime = Runtime::builder().deterministic(true).deadlock(DeadlockPolicy::Panic).build_local().unwrap();
        let ended = runtime.try_run(async |s| {
            s.task().background().go(async {
                loop {
                    s.group(async |g| g.go(sleep(Duration::from_millis(20)))).await;
                }
            });
            s.chan::<u8>(0).recv().await
        });
        assert!(ended.is_err());
    });
}

// S9, D2: who joins a background task waits for its timers; and one that cleans up after the end of the others is waited for.
#[test]
fn s9_background_tasks_that_are_waited_for() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Panic);
        let runtime = builder.deterministic(true).build_local().unwrap();
        let ticks = async || {
            for _ in 0..20 {
                sleep(Duration::from_millis(100)).await;
            }
            7
        };
        assert_eq!(runtime.run(async |s| s.task().background().spawn(ticks()).await.unwrap()), 7);
        let cleaned = Count::default();
        runtime.run(async |s| {
            s.task().background().go(shield(async {
                ticks().await;
                cleaned.add();
            }));
            yield_now().await;
        });
        assert_eq!(cleaned.get(), 1);
        assert!(told.lock().unwrap().is_empty());
    });
}

// D2, C12: a task that is cancelled while it waits is no other user of its channel, and to look at a channel is no use of it.
#[test]
fn d2_what_is_no_use_of_a_channel() {
    watched(|| {
        let builder = Runtime::builder().deterministic(true).deadlock(DeadlockPolicy::Panic);
        let runtime = builder.build_local().unwrap();
        let jobs = Chan::<u8>::new(0);
        let ended = runtime.try_run(async |s| {
            let waits = s.spawn(async { jobs.recv().await });
            yield_now().await;
            waits.cancel();
            assert!(waits.await.is_err());
            std::thread::scope(|threads| {
                threads.spawn(|| (jobs.len(), jobs.inspect(), jobs.is_closed(), jobs.is_full()));
            });
            jobs.recv().await
        });
        assert!(ended.is_err());
    });
}

// R5, D1: a hook may drop the runtime whose deadlock it is told of.
#[test]
fn r5_a_hook_that_drops_the_runtime() {
    watched(|| {
        let place = Arc::new(Mutex::new(None::<Runtime>));
        let taken = Arc::clone(&place);
        let hook = move |_: &Deadlock| drop(taken.lock().unwrap().take());
        let builder = Runtime::builder().workers(1).deadlock(DeadlockPolicy::Panic).on_deadlock(hook);
        let root = place.lock().unwrap().insert(builder.build().unwrap()).start(async |_| pending::<()>().await);
        assert!(matches!(futures::executor::block_on(root), Err(TaskError::Panicked(_) | TaskError::Cancelled)));
    });
}

// S9, D2: background tasks that feed the others now and then are taken for such as tick in vain once, and that is said once.
#[test]
fn s9_a_slow_ticker_is_reported_once() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Report);
        let runtime = builder.deterministic(true).build_local().unwrap();
        let feed = async |s: &orion_rt::Scope<'_, '_, orion_rt::Local>, of: u32| {
            let fed = s.chan(0);
            s.group(async move |g| {
                g.task().background().go(async move {
                    for tick in 1.. {
                        sleep(Duration::from_millis(400)).await;
                        if tick % of == 0 {
                            fed.send(tick).await.unwrap();
                        }
                    }
                });
                for n in 1..4 {
                    assert_eq!(fed.recv().await, Some(n * of));
                }
            })
            .await;
        };
        runtime.run(async |s| feed(s, 8).await);
        assert_eq!(told.lock().unwrap().len(), 0);
        runtime.run(async |s| feed(s, 20).await);
        assert_eq!(told.lock().unwrap().len(), 1);
    });
}

// S9, D2: what a background task has spawned is in the background as well: who joins it waits for what goes on there.
#[test]
fn s9_a_join_of_what_a_background_task_has_spawned() {
    async fn ticks() {
        for _ in 0..28 {
            sleep(Duration::from_millis(50)).await;
        }
    }
    goes_on!(async |s| {
        let handles = s.chan(1);
        s.task().background().go(async move {
            s.group(async |g| {
                handles.send(g.spawn(ticks())).await.unwrap();
            })
            .await;
        });
        handles.recv().await.unwrap().await.unwrap();
    });
    // So is a child of its local group.
    goes_on!(async |s| {
        let handles = s.chan(1);
        s.task().background().go(async move {
            s.local(async |g| {
                handles.send(g.spawn(ticks())).await.unwrap();
            })
            .await;
        });
        handles.recv().await.unwrap().await.unwrap();
    });
}

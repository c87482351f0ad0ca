//! Time and yielding: rules Y1, Y5, T1 and T2; the budget of a turn is in `budget.rs`. Durations here are waited for, never measured against an upper bound. Virtual time
//! is in `virtual_time.rs`.

use std::time::{Duration, Instant};

use futures::StreamExt;
use orion_rt::{Chan, Group, interval, now, run, select, sleep, sleep_until, timeout, timeout_at, yield_now};
use orion_tests::{Count, on_every_kind, panic_message, watched};

const TICK: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(3600);

// T1: timers never fire early.
on_every_kind!(t1_timers_are_never_early, async |s| {
    let start = now();
    let order = Chan::unbounded();
    for i in [3_u32, 1, 2] {
        let order = order.clone();
        s.go(async move {
            let deadline = start + TICK * 20 * i;
            sleep_until(deadline).await;
            assert!(now() >= deadline);
            order.try_send(i).unwrap();
        });
    }
    let mut fired = [order.recv().await, order.recv().await, order.recv().await];
    fired.sort_unstable();
    assert_eq!(fired, [Some(1), Some(2), Some(3)]);
});

// T1: dropping a sleep removes it: the runtime ends although the timer is an hour away.
on_every_kind!(t1_a_dropped_sleep_is_gone, async |s| {
    let handle = s.spawn(sleep(LONG));
    yield_now().await;
    handle.cancel();
    assert!(handle.await.is_err());
    assert!(timeout(TICK, sleep(LONG)).await.is_err());
    assert_eq!(timeout(LONG, async { 5 }).await, Ok(5));
    assert!(timeout_at(now() + TICK, std::future::pending::<()>()).await.is_err());
});

// T2: many timers, inserted and removed in any order.
on_every_kind!(t2_many_timers, async |s| {
    let n: u64 = if cfg!(miri) { 50 } else { 20_000 };
    let mut tasks = Vec::new();
    for i in 0..n {
        let task = s.spawn(async move { sleep(Duration::from_micros(i * 7919 % 5_000)).await });
        if i % 3 == 0 {
            task.cancel();
        }
        tasks.push(task);
    }
    for (i, task) in tasks.into_iter().enumerate() {
        assert!(task.await.is_ok() || i % 3 == 0);
    }
});

// T2: a million timers are pending at once, and are dropped in any order: the root ends although they are an hour away.
#[test]
fn t2_a_million_timers() {
    watched(|| {
        let n: u64 = if cfg!(miri) { 100 } else { 1_000_000 };
        run(async |_| {
            let start = now();
            let mut sleeps: Vec<_> =
                (0..n).map(|i| Box::pin(sleep_until(start + LONG + TICK * (i * 7919 % n) as u32))).collect();
            for pending in &mut sleeps {
                assert!(futures::poll!(pending.as_mut()).is_pending());
            }
            let mut i = 0;
            sleeps.retain(|_| {
                i += 1;
                i % 1000 == 0
            });
            sleep(TICK).await;
            drop(sleeps);
        });
    });
}

// T2: an idle runtime sleeps: while the only timer is pending, its threads wake up for it and for nothing else.
#[cfg(target_os = "linux")]
#[test]
fn t2_an_idle_runtime_does_not_wake_up() {
    /// How often the threads of this process whose names begin with `name` have gone to sleep.
    fn naps(name: &str) -> usize {
        let mut naps = 0;
        for thread in std::fs::read_dir("/proc/self/task").unwrap() {
            let Ok(status) = std::fs::read_to_string(thread.unwrap().path().join("status")) else { continue };
            let field =
                |field: &str| status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default().trim();
            if field("Name:").starts_with(name) {
                naps += field("voluntary_ctxt_switches:").parse::<usize>().unwrap();
            }
        }
        naps
    }
    // A wake-up every 20 ms would be 20 naps a thread.
    const IDLE: Duration = Duration::from_millis(400);
    watched(|| {
        let runtime = orion_rt::Runtime::builder().workers(2).thread_name("t2idle").build().unwrap();
        runtime.run(async |s| {
            // The threads have started, and have looked for work in vain once.
            s.spawn(sleep(TICK * 10)).await.unwrap();
            let before = naps("t2idle");
            s.spawn(sleep(IDLE)).await.unwrap();
            let after = naps("t2idle");
            assert!(after - before <= 10, "{} naps", after - before);
        });
        let local = std::thread::Builder::new().name("t2local".into());
        let naps = local
            .spawn(|| {
                run(async |s| {
                    let before = naps("t2local");
                    s.spawn(sleep(IDLE)).await.unwrap();
                    naps("t2local") - before
                })
            })
            .unwrap()
            .join()
            .unwrap();
        assert!(naps <= 5, "{naps} naps");
    });
}

// T1: a sleep that was first polled in one root and is polled in another belongs to the other.
#[test]
fn t1_a_sleep_moves_to_the_root_it_is_polled_in() {
    watched(|| {
        let mut pending = Box::pin(sleep(TICK * 50));
        run(async |_| {
            assert!(futures::poll!(pending.as_mut()).is_pending() || now() >= pending.deadline());
        });
        run(async |_| {
            pending.as_mut().await;
            assert!(now() >= pending.deadline());
        });
    });
}

// An earlier timer that is set while a worker already sleeps until a later one.
on_every_kind!(an_earlier_timer_wakes_the_sleeper, async |s| {
    let late = s.spawn(sleep(LONG));
    for _ in 0..5 {
        s.spawn(sleep(TICK)).await.unwrap();
    }
    late.cancel();
    late.release();
});

// An interval's beats are a period apart on average, the first at once; it is a stream too.
on_every_kind!(intervals_keep_their_rhythm, async |_| {
    let mut beat = interval(TICK);
    let first = beat.tick().await;
    sleep(TICK * 5).await;
    for i in 1..=5 {
        assert_eq!(beat.tick().await, first + TICK * i, "missed beats are made up for");
    }
    assert_eq!(beat.next().await, Some(first + TICK * 6));
    assert!(Instant::now() >= first + TICK * 6);
});

// L1 with time: a ticker in a select.
on_every_kind!(a_ticker_in_a_select, async |s| {
    let jobs = Chan::new(0);
    let feed = jobs.clone();
    s.go(async move {
        for i in 0..3 {
            sleep(TICK * 3).await;
            feed.send(i).await.unwrap();
        }
        feed.close();
    });
    let mut beat = interval(TICK);
    let (mut beats, mut sum) = (0, 0);
    loop {
        select! {
            job = <-jobs => match job {
                Some(i) => sum += i,
                None => break,
            },
            _ = beat.tick() => beats += 1,
        }
    }
    assert_eq!(sum, 3);
    assert!(beats >= 3);
});

#[test]
fn a_timer_outside_a_root_says_where_it_belongs() {
    let message = panic_message(std::panic::catch_unwind(|| futures::executor::block_on(sleep(LONG))));
    assert!(message.contains("orion_rt::run") && message.contains("time.rs"), "{message}");
}

// Y1: `yield_now` puts the task behind every task now runnable.
#[test]
fn y1_yield_goes_behind_the_others() {
    watched(|| {
        run(async |s| {
            let order = s.keep(std::cell::RefCell::new(String::new()));
            for name in ["a", "b", "c"] {
                s.go(async move {
                    for _ in 0..3 {
                        order.borrow_mut().push_str(name);
                        yield_now().await;
                    }
                });
            }
            for _ in 0..4 {
                yield_now().await;
            }
            assert_eq!(order.borrow().as_str(), "abcabcabc");
        });
    });
}

// Y1: on a worker, too: behind the task it has woken last, however many have run in a row because the one before woke them.
#[test]
fn y1_yield_goes_behind_what_the_task_has_spawned() {
    use std::future::Future;
    use std::pin::Pin;

    fn after<'s>(row: u32, g: Group<'s>) -> Pin<Box<dyn Future<Output = ()> + Send + 's>> {
        Box::pin(async move {
            if row > 0 {
                return g.go(after(row - 1, g.clone()));
            }
            for children in 1..4 {
                let ran = Count::default();
                for _ in 0..children {
                    let ran = ran.clone();
                    g.go(async move { ran.add() });
                }
                yield_now().await;
                assert_eq!(ran.get(), children);
            }
        })
    }
    watched(|| {
        let runtime = orion_tests::workers(1);
        for row in 0..40 {
            runtime.run(async |s| s.go(after(row, Group::clone(s))));
        }
    });
}

// Y5: a task suspended without having arranged a wake-up stays suspended, whatever else runs; a cancel still ends it.
on_every_kind!(y5_a_lost_wake_up_is_not_a_yield, async |s| {
    let polls = Count::default();
    let counted = polls.clone();
    let mut lost = s.spawn(std::future::poll_fn(move |_| {
        counted.add();
        std::task::Poll::<()>::Pending
    }));
    for _ in 0..50 {
        s.spawn(async { yield_now().await }).await.unwrap();
        sleep(Duration::from_micros(1)).await;
    }
    assert!(timeout(TICK, lost.finished()).await.is_err());
    assert_eq!(polls.get(), 1);
    lost.cancel();
    assert!(lost.await.is_err());
    assert_eq!(polls.get(), 1);
});

// T1, S6: while the task of one timer blocks a worker, an idle one looks after the other timers.
#[test]
fn t1_a_busy_worker_leaves_the_timers_to_another() {
    watched(|| {
        let (release, blocked) = std::sync::mpsc::channel();
        orion_tests::workers(2).run(async |s| {
            let start = now();
            s.go(async move {
                sleep_until(start + TICK * 2).await;
                // Holds its worker until the later timer has fired.
                blocked.recv().unwrap();
            });
            s.go(async move {
                sleep_until(start + TICK * 20).await;
                release.send(()).unwrap();
            });
        });
    });
}

// T1: an interval longer than the clock can hold.
#[test]
fn t1_an_interval_of_ages_beats_once() {
    run(async |_| {
        let mut beat = interval(Duration::MAX);
        beat.tick().await;
        assert!(timeout(Duration::ZERO, beat.tick()).await.is_err());
    });
}

// A sleep can be printed while workers move its timer about; Miri would find the race.
#[test]
fn a_pending_sleep_can_be_printed() {
    watched(|| {
        orion_tests::workers(1).run(async |s| {
            let mut printed = Box::pin(sleep(Duration::from_secs(1000)));
            assert!(futures::poll!(printed.as_mut()).is_pending());
            s.go(async {
                for i in 0..20 {
                    let mut other = Box::pin(sleep(Duration::from_secs(900 - i)));
                    assert!(futures::poll!(other.as_mut()).is_pending());
                }
            });
            for _ in 0..20 {
                assert!(format!("{printed:?}").contains("Sleep"));
                std::thread::yield_now();
            }
        });
    });
}

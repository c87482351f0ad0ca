//! Deterministic runtimes: rule T3, the seeds of D9, and what becomes of T1, S6 and Y1 there.

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::{Duration, Instant};

use orion_rt::{
    Chan, LocalRuntime, Runtime, interval, now, run, select, sleep, sleep_until, timeout, timeout_at, yield_now,
};
use orion_tests::{for_ever, watched};

const SECOND: Duration = Duration::from_secs(1);
const YEAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);

fn plain() -> LocalRuntime {
    Runtime::builder().deterministic(true).build_local().unwrap()
}

fn seeded(seed: u64) -> LocalRuntime {
    Runtime::builder().deterministic(true).seed(seed).build_local().unwrap()
}

// T1, T3: every timer fires at its moment exactly, in the order of moments.
#[test]
fn t3_timers_fire_at_their_moments() {
    plain().run(async |s| {
        let start = now();
        let fired = s.keep(RefCell::new(Vec::new()));
        for i in 0..200_u32 {
            let due = SECOND * (i * 7919 % 200);
            s.go(async move {
                sleep(due).await;
                assert_eq!(now(), start + due);
                fired.borrow_mut().push(due);
            });
        }
        sleep(SECOND * 200).await;
        assert_eq!(*fired.borrow(), (0..200).map(|i| SECOND * i).collect::<Vec<_>>());
    });
}

// T3: of one moment, in the order they were set; more of them than fire in one go.
#[test]
fn t3_timers_of_one_moment_fire_in_order() {
    plain().run(async |s| {
        let fired = s.keep(RefCell::new(Vec::new()));
        for i in 0..500 {
            let task = s.spawn(async move {
                sleep(SECOND).await;
                fired.borrow_mut().push(i);
            });
            if i % 3 == 0 {
                let other = s.spawn(sleep(SECOND));
                s.go(async move {
                    yield_now().await;
                    other.cancel();
                });
            }
            task.release();
        }
        sleep(SECOND * 2).await;
        assert_eq!(*fired.borrow(), (0..500).collect::<Vec<_>>());
    });
}

// T3: time stands still while any task can run.
#[test]
fn t3_time_stands_still_while_a_task_can_run() {
    plain().run(async |s| {
        let start = now();
        let timer = s.spawn(sleep(Duration::from_nanos(1)));
        for _ in 0..1000 {
            yield_now().await;
            assert_eq!(now(), start);
            assert!(!timer.is_finished());
        }
        timer.await.unwrap();
        assert_eq!(now(), start + Duration::from_nanos(1));
    });
}

// T3: timeouts and intervals go by the virtual clock.
#[test]
fn t3_everything_about_time_is_virtual() {
    plain().run(async |_| {
        let start = now();
        assert!(timeout(YEAR, for_ever()).await.is_err());
        assert_eq!(now(), start + YEAR);
        assert!(timeout_at(start + YEAR * 2, for_ever()).await.is_err());
        assert_eq!(timeout(YEAR, sleep(SECOND)).await, Ok(()));
        assert_eq!(now(), start + YEAR * 2 + SECOND);
        let mut beat = interval(SECOND);
        for i in 0..1000 {
            assert_eq!(beat.tick().await, start + YEAR * 2 + SECOND + SECOND * i);
            assert_eq!(now(), start + YEAR * 2 + SECOND + SECOND * i);
        }
        sleep_until(start).await;
        sleep(Duration::ZERO).await;
        assert_eq!(now(), start + YEAR * 2 + SECOND * 1000);
    });
}

// T1: moments further away than 64 bits of nanoseconds.
#[test]
fn t3_far_moments_keep_their_order() {
    plain().run(async |s| {
        let start = now();
        let fired = s.keep(RefCell::new(Vec::new()));
        for years in [3000, 1000, 2000] {
            s.go(async move {
                sleep(YEAR * years).await;
                assert_eq!(now(), start + YEAR * years);
                fired.borrow_mut().push(years);
            });
        }
        sleep(YEAR * 4000).await;
        assert_eq!(*fired.borrow(), [1000, 2000, 3000]);
    });
}

// T2, T3: time does not jump to a timer that was dropped.
#[test]
fn t3_a_dropped_timer_is_none() {
    plain().run(async |s| {
        let start = now();
        for _ in 0..if cfg!(miri) { 10 } else { 10_000 } {
            let mut gone = Box::pin(sleep(SECOND));
            assert!(futures::poll!(gone.as_mut()).is_pending());
        }
        let cancelled = s.spawn(sleep(SECOND));
        yield_now().await;
        cancelled.cancel();
        cancelled.release();
        sleep(SECOND * 2).await;
        assert_eq!(now(), start + SECOND * 2);
    });
}

// T3: the clock of a runtime goes on from root to root, never back; others have their own.
#[test]
fn t3_a_clock_belongs_to_its_runtime() {
    let (one, other) = (plain(), plain());
    let real = now();
    let first = one.run(async |_| {
        let start = now();
        sleep(YEAR).await;
        start
    });
    assert_eq!(one.run(async |_| now()), first + YEAR);
    assert!(other.run(async |_| now()) < first + YEAR);
    assert!(now() < real + YEAR && run(async |_| now()) < real + YEAR);
    assert!(
        one.run(async |_| std::thread::spawn(now).join().unwrap()) < real + YEAR,
        "other threads have the system's time"
    );
}

// T3, R3: without a timer, a wake-up from outside is waited for.
#[test]
fn t3_other_threads_can_wake_tasks() {
    watched(|| {
        plain().run(async |s| {
            let start = now();
            let chan = Chan::new(0);
            let send = chan.clone();
            let thread = std::thread::spawn(move || (0..20).for_each(|i| send.send_blocking(i).unwrap()));
            let sum = s.spawn(async move {
                let mut sum = 0;
                for _ in 0..20 {
                    sum += chan.recv().await.unwrap();
                }
                sum
            });
            assert_eq!((sum.await.unwrap(), now()), (190, start));
            thread.join().unwrap();
        });
    });
}

/// Tasks that yield, sleep, talk and choose; gives what ran in what order, with the time.
fn trace(runtime: &LocalRuntime) -> Vec<(u32, u32, Duration)> {
    runtime.run(async |s| {
        let start = now();
        let trace = s.keep(RefCell::new(Vec::new()));
        let note = move |task: u32, step: u32| trace.borrow_mut().push((task, step, now() - start));
        let chans = s.keep([Chan::new(0), Chan::new(1), Chan::unbounded()]);
        for task in 0..6_u32 {
            s.go(async move {
                for step in 0..8 {
                    note(task, step);
                    match (task + step) % 4 {
                        0 => yield_now().await,
                        1 => sleep(SECOND * (step % 3)).await,
                        2 => {
                            select! {
                                chans[0] <- task => note(task, 100),
                                chans[1] <- task => note(task, 101),
                                chans[2] <- task => note(task, 102),
                            }
                        }
                        _ => {
                            let got = select! {
                                v = <-chans[0] => v,
                                v = <-chans[1] => v,
                                v = <-chans[2] => v,
                                _ = sleep(SECOND) => Some(99),
                            };
                            note(task, 200 + got.unwrap());
                        }
                    }
                }
            });
        }
        // Whoever is left over with a value to send.
        s.cancel_after(SECOND * 1000);
        sleep(SECOND * 2000).await;
        trace.borrow().clone()
    })
}

// D9: the same seed gives the same order of polls and the same choices, in a new runtime and in the next root of the same one.
#[test]
fn d9_the_same_seed_gives_the_same_run() {
    let seeds = if cfg!(miri) { 2 } else { 40 };
    let mut traces = HashSet::new();
    for seed in 0..seeds {
        let runtime = seeded(seed);
        let first = trace(&runtime);
        assert_eq!(trace(&runtime), first, "seed {seed}, the second root");
        assert_eq!(trace(&seeded(seed)), first, "seed {seed}");
        traces.insert(first);
    }
    assert_eq!(traces.len() as u64, seeds, "each seed has an order of its own");
}

// D9, S6: without a seed the order is first in, first out, and the choices are the same each time.
#[test]
fn d9_without_a_seed_a_run_is_reproducible_too() {
    let first = trace(&plain());
    assert_eq!(trace(&plain()), first);
    plain().run(async |s| {
        let order = s.keep(RefCell::new(Vec::new()));
        for i in 0..100 {
            s.go(async move { order.borrow_mut().push(i) });
        }
        yield_now().await;
        assert_eq!(*order.borrow(), (0..100).collect::<Vec<_>>());
    });
}

// D9: every order of tasks that can run at the same time comes up.
#[test]
fn d9_seeds_reach_every_order() {
    let orders: HashSet<String> = (0..if cfg!(miri) { 60 } else { 400 })
        .map(|seed| {
            seeded(seed).run(async |s| {
                let order = s.keep(RefCell::new(String::new()));
                s.group(async |g| {
                    for name in ["a", "b", "c", "d"] {
                        g.go(async move { order.borrow_mut().push_str(name) });
                    }
                })
                .await;
                order.borrow().clone()
            })
        })
        .collect();
    assert!(cfg!(miri) || orders.len() == 24, "{orders:?}");
    assert!(orders.len() > 10);
}

// Y1, D9: with a seed, a task that yields still comes behind every task that can run now.
#[test]
fn y1_yielding_under_a_seed() {
    for seed in 0..20 {
        seeded(seed).run(async |s| {
            let order = s.keep(RefCell::new(Vec::new()));
            for task in 0..10 {
                s.go(async move {
                    for _ in 0..5 {
                        order.borrow_mut().push(task);
                        yield_now().await;
                    }
                });
            }
            sleep(SECOND).await;
            let order = order.borrow();
            assert_eq!(order.len(), 50);
            for round in order.chunks(10) {
                let mut tasks = round.to_vec();
                tasks.sort_unstable();
                assert_eq!(tasks, (0..10).collect::<Vec<_>>(), "each once, before any runs again");
            }
        });
    }
}

// T3: it costs no time.
#[test]
fn t3_a_century_of_beats() {
    let real = Instant::now();
    plain().run(async |_| {
        let mut beat = interval(YEAR);
        let first = beat.tick().await;
        for _ in 0..100 {
            beat.tick().await;
        }
        assert_eq!(now() - first, YEAR * 100);
    });
    assert!(real.elapsed() < YEAR);
}

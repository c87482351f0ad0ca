//! Time and yielding: rules Y1, T1 and T2. Durations here are waited for, never measured against an upper bound.

use std::time::{Duration, Instant};

use futures::StreamExt;
use orion_rt::{Chan, interval, now, run, select, sleep, sleep_until, timeout, timeout_at, yield_now};
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
    let fired = Count::default();
    for i in 0..n {
        let fired = fired.clone();
        let task = s.spawn(async move {
            sleep(Duration::from_micros(i * 7919 % 5_000)).await;
            fired.add();
        });
        if i % 3 == 0 {
            task.cancel();
        }
        task.release();
    }
    s.spawn(sleep(TICK * 20)).await.unwrap();
    while (fired.get() as u64) < n - n.div_ceil(3) {
        sleep(TICK).await;
    }
});

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
    sleep(TICK * 5).await;
    s.spawn(sleep(TICK)).await.unwrap();
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

// Y2: two tasks that always find each other's channel ready still share the thread with a third.
on_every_kind!(y2_a_busy_pair_shares_the_worker, async |s| {
    let done = Count::default();
    let (there, back) = (Chan::new(1), Chan::new(1));
    let (there2, back2, done2) = (there.clone(), back.clone(), done.clone());
    s.go(async move {
        while done2.get() == 0 {
            there2.send(1).await.unwrap();
            back2.recv().await;
        }
        there2.close();
    });
    s.go(async move {
        while let Some(v) = there.recv().await {
            if back.send(v).await.is_err() {
                break;
            }
        }
    });
    let third = s.spawn(async {
        for _ in 0..100 {
            yield_now().await;
        }
    });
    third.await.unwrap();
    done.add();
});

// T1, S6: while the task of one timer keeps a worker busy, an idle one looks after the other timers.
#[test]
fn t1_a_busy_worker_leaves_the_timers_to_another() {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    watched(|| {
        let other = AtomicBool::new(false);
        orion_tests::workers(2).run(async |s| {
            s.go(async {
                sleep(Duration::from_millis(2)).await;
                while !other.load(SeqCst) {
                    std::thread::yield_now();
                }
            });
            s.go(async {
                sleep(Duration::from_millis(20)).await;
                other.store(true, SeqCst);
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

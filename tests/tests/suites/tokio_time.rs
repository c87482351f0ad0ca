//! tokio's `time_timeout.rs`, `time_interval.rs`, `time_pause.rs` and `task_local.rs`, in virtual time. Where tokio advances a paused clock by hand,
//! here time jumps when nothing can run (T3).

use std::future::pending;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use orion_rt::{
    Chan, LocalRuntime, Runtime, TaskError, interval, now, select, sleep, sleep_until, task_local, timeout, timeout_at,
};
use orion_tests::{Count, Then, for_ever, on_every_kind, poll_once, watched};

const MS: Duration = Duration::from_millis(1);

fn virtual_time() -> LocalRuntime {
    Runtime::builder().deterministic(true).build_local().unwrap()
}

// T1 (simultaneous_deadline_future_completion, completed_future_past_deadline, deadline_now_elapses): a future that is ready beats a deadline that has
// passed; one that is not does not.
#[test]
fn ready_beats_the_deadline() {
    virtual_time().run(async |_| {
        assert_eq!(timeout_at(now(), async { 1 }).await, Ok(1));
        assert_eq!(timeout_at(now() - MS, async { 1 }).await, Ok(1));
        assert!(timeout_at(now(), pending::<()>()).await.is_err());
        assert!(timeout(Duration::ZERO, pending::<()>()).await.is_err());
    });
}

// T1, T3 (future_and_deadline_in_future, future_and_timeout_in_future, deadline_future_elapses): the earlier of future and deadline, at its moment.
#[test]
fn the_earlier_of_future_and_deadline() {
    watched(|| {
        virtual_time().run(async |s| {
            for (work, limit, in_time) in [(90, 100, true), (301, 300, false), (1, 1_000_000, true)] {
                let (chan, start) = (Chan::new(0), now());
                let send = chan.clone();
                let sender = s.spawn(async move {
                    sleep(MS * work).await;
                    send.send(()).await
                });
                assert_eq!(timeout(MS * limit, chan.recv()).await.is_ok(), in_time);
                assert_eq!(now() - start, MS * work.min(limit));
                chan.close();
                _ = sender.await;
            }
        });
    });
}

// T1 (very_large_timeout): a deadline beyond all time is none.
#[test]
fn a_timeout_for_ever() {
    watched(|| {
        virtual_time().run(async |s| {
            let chan = Chan::new(0);
            let send = chan.clone();
            s.go(async move {
                sleep(Duration::from_secs(86_400 * 365 * 10)).await;
                send.send(7).await.unwrap();
            });
            assert_eq!(timeout(Duration::MAX, chan.recv()).await, Ok(Some(7)));
        });
    });
}

// Y2 (timeout_is_not_exhausted_by_future): a future that is always busy does not keep its timeout from firing.
#[test]
fn a_busy_future_is_timed_out() {
    watched(|| {
        orion_rt::run(async |s| {
            let chan = Chan::new(1);
            let busy = || async {
                loop {
                    chan.send(()).await.unwrap();
                    chan.recv().await.unwrap();
                }
            };
            assert!(timeout(MS, busy()).await.is_err());
            chan.try_recv().ok();
            assert!(s.group_timeout(MS, async |_| busy().await).await.is_err());
        });
    });
}

// T1, T3 (burst, time_interval in general): beats a period apart, the first at once; those missed are made up for, and the rhythm stays.
#[test]
fn beats_keep_their_rhythm() {
    watched(|| {
        virtual_time().run(async |_| {
            let start = now();
            let mut beat = interval(300 * MS);
            assert_eq!(beat.tick().await, start);
            assert_eq!(beat.tick().await, start + 300 * MS);
            sleep(750 * MS).await;
            for i in 2..=5 {
                assert_eq!(beat.tick().await, start + i * 300 * MS);
            }
            assert_eq!(now(), start + 1500 * MS);
        });
    });
}

// C6 (select with an interval): a tick that loses is still there.
#[test]
fn a_tick_that_loses_is_not_lost() {
    watched(|| {
        virtual_time().run(async |_| {
            let start = now();
            let mut beat = interval(10 * MS);
            beat.tick().await;
            for _ in 0..9 {
                select! {
                    _ = beat.tick() => unreachable!("the other is earlier"),
                    () = sleep(MS) => {}
                }
            }
            assert_eq!(beat.tick().await, start + 10 * MS);
        });
    });
}

// T1 (interval_zero_duration, interval_doesnt_panic_max_duration_when_polling).
#[test]
fn periods_that_are_none() {
    virtual_time().run(async |_| {
        assert!(std::panic::catch_unwind(|| interval(Duration::ZERO)).is_err());
        let mut beat = interval(Duration::MAX);
        let start = now();
        assert_eq!(beat.tick().await, start);
        assert!(poll_once(pin!(beat.tick()), &Count::default()).is_pending());
    });
}

// T3, D9 (paused_time_is_deterministic): the same program takes the same time twice; ten thousand sleeps take none of ours.
#[test]
fn virtual_time_is_reproducible() {
    fn times() -> Vec<Duration> {
        virtual_time().run(async |_| {
            let (start, mut times) = (now(), Vec::new());
            let mut random = 1_u64;
            for _ in 0..if cfg!(miri) { 50 } else { 10_000 } {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                sleep(Duration::from_nanos(random >> 34)).await;
                times.push(now() - start);
            }
            times
        })
    }
    watched(|| assert_eq!(times(), times()));
}

// T1, T3 (sleep_no_poll, sleep_same_task, advance_after_poll): a sleep counts from its making or its moment, not from its first poll.
#[test]
fn a_sleep_has_its_moment_before_it_is_polled() {
    watched(|| {
        virtual_time().run(async |_| {
            let start = now();
            let mut early = pin!(sleep_until(start + 300 * MS));
            sleep(100 * MS).await;
            assert!(poll_once(early.as_mut(), &Count::default()).is_pending());
            early.await;
            assert_eq!(now(), start + 300 * MS);
            // One whose moment has passed is ready.
            assert_eq!(poll_once(pin!(sleep_until(start)), &Count::default()), Poll::Ready(()));
        });
    });
}

task_local! {
    static KEY: u32;
    static FLAG: bool;
}

// (task_local: local, get_value): each task its own value, across its suspensions.
on_every_kind!(each_task_has_its_own_value, async |s| {
    let tasks: Vec<_> = (0..4)
        .map(|i| {
            s.spawn(KEY.scope(i, async move {
                for _ in 0..10 {
                    assert_eq!(KEY.get(), i);
                    assert_eq!(FLAG.try_get(), None);
                    orion_rt::yield_now().await;
                    KEY.with(|value| assert_eq!(*value, i));
                }
            }))
        })
        .collect();
    s.spawn(FLAG.scope(true, async { assert!(FLAG.get()) })).await.unwrap();
    for task in tasks {
        task.await.unwrap();
    }
});

// X1 (task_local_available_on_abort, task_local_available_on_completion_drop): destructors of a future see the values it ran under.
on_every_kind!(destructors_see_their_values, async |s| {
    for ends_by_itself in [false, true] {
        let (log, started) = (Chan::unbounded(), Chan::new(1));
        let (tell, ready) = (log.clone(), started.clone());
        let task = s.spawn(KEY.scope(42, async move {
            let _end = Then(move || tell.try_send(KEY.get()).unwrap());
            ready.send(()).await.unwrap();
            if !ends_by_itself {
                for_ever().await;
            }
        }));
        started.recv().await;
        if ends_by_itself {
            task.await.unwrap();
        } else {
            task.cancel();
            assert!(matches!(task.await, Err(TaskError::Cancelled)));
        }
        assert_eq!(log.try_recv(), Ok(42));
    }
});

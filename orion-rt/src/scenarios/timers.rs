//! Timers between workers, on the model's clock.

use super::*;
use crate::{Chan, now, sleep, timeout};

// T1: sleeps on several workers end, none early, whoever keeps the timers.
#[test]
fn sleeps_end_and_none_is_early() {
    explore(|| {
        runtime(1 + choose(2) as usize).run(async |s| {
            let sleepers: Vec<_> = (1..4)
                .map(|n| {
                    s.spawn(async move {
                        let due = now() + n * MS;
                        sleep(n * MS).await;
                        assert!(now() >= due);
                    })
                })
                .collect();
            for sleeper in sleepers {
                sleeper.join().await.unwrap();
            }
        });
    });
}

// T1, X1: a sleep is cancelled, or its timeout drops it, while it fires.
#[test]
fn a_sleep_is_dropped_while_it_fires() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let alive = census.enter(0);
            let cancelled = s.spawn(async move {
                let _alive = alive;
                sleep(MS).await;
            });
            let alive = census.enter(1);
            s.go(async move {
                let _alive = alive;
                let _ = timeout(MS, sleep(MS)).await;
            });
            sleep(choose(2) * MS).await;
            cancelled.cancel();
        });
        census.assert_empty();
    });
}

// T1, X5: a receive with a timeout against the send: the value is received or still there.
#[test]
fn a_timeout_loses_no_value() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let ch = Chan::new(choose(2) as usize);
            let sender = s.spawn({
                let (ch, value) = (ch.clone(), census.enter(0));
                async move {
                    sleep(MS).await;
                    ch.send(value).await.is_ok()
                }
            });
            let first = timeout(MS, ch.recv()).await;
            let value = match first {
                Ok(value) => value,
                Err(_) => ch.recv().await,
            };
            assert!(value.is_some());
            assert!(sender.join().await.unwrap());
        });
        census.assert_empty();
    });
}

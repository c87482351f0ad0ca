//! `interval` between workers: its beats come in rhythm, to whoever waits.

use super::*;
use crate::{Chan, Interval, interval, now};
use std::time::Instant;

/// Takes `beats`, which are due `first`, one period later, and so on.
async fn takes(every: &mut Interval, first: Instant, beats: std::ops::Range<u32>) {
    for n in beats {
        let due = every.tick().await;
        assert_eq!(due, first + n * MS);
        assert!(now() >= due, "a beat is early");
    }
}

// T1: beats on several workers come in rhythm, none early, and one whose wait was dropped is not lost.
#[test]
fn beats_come_in_rhythm() {
    explore(|| {
        runtime(1 + choose(2) as usize).run(async |s| {
            for _ in 0..2 {
                s.go(async {
                    let mut every = interval(MS);
                    let first = every.tick().await;
                    let given_up = at_most(1 + choose(2), every.tick()).await;
                    let next = if given_up.is_some() { 2 } else { 1 };
                    takes(&mut every, first, next..4).await;
                });
            }
        });
    });
}

// T1: an interval goes from one task to another between two beats and while one is waited for: who waits now is woken.
#[test]
fn an_interval_moves_between_tasks() {
    explore(|| {
        runtime(2).run(async |s| {
            let hand_over = Chan::new(1);
            let takes_over = s.spawn({
                let hand_over = hand_over.clone();
                async move {
                    let (mut every, first, next): (Interval, _, _) = hand_over.recv().await.unwrap();
                    takes(&mut every, first, next..4).await;
                }
            });
            let mut every = interval(MS);
            let first = every.tick().await;
            let next = if at_most(1, every.tick()).await.is_some() { 2 } else { 1 };
            hand_over.send((every, first, next)).await.unwrap();
            takes_over.join().await.unwrap();
        });
    });
}

// T1, X1, S9: an interval is dropped, with a cancelled task or a background one, while it fires.
#[test]
fn an_interval_is_dropped_while_it_fires() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let beats = |alive: Counted| async move {
                let mut every = interval(MS);
                loop {
                    let due = every.tick().await;
                    assert!(now() >= due && alive.id < 2);
                }
            };
            let cancelled = s.spawn(beats(census.enter(0)));
            s.task().background().go(beats(census.enter(1)));
            crate::sleep(choose(3) * MS).await;
            cancelled.cancel();
            let joined: Result<(), _> = cancelled.join().await;
            assert!(joined.is_err());
        });
        census.assert_empty();
    });
}

//! Trio's `test_timeouts.py`, and the deadlines of `test_run.py`, in virtual time.

use std::time::Duration;

use orion_rt::{LocalRuntime, Runtime, TaskError, now, shield, sleep, timeout, yield_now};
use orion_tests::{Count, for_ever, watched};

const SECOND: Duration = Duration::from_secs(1);

/// Virtual time, first in, first out.
fn virtual_time() -> LocalRuntime {
    Runtime::builder().deterministic(true).build_local().unwrap()
}

// S11, T3 (test_basic_timeout, move_on_after, fail_after, test_cancel_scope_deadline_duplicates): deadlines, moved and moved again.
#[test]
fn deadlines_of_groups() {
    watched(|| {
        virtual_time().run(async |s| {
            let start = now();
            assert!(s.group_timeout(SECOND, async |g| g.go(for_ever())).await.is_err());
            assert_eq!(now() - start, SECOND);
            assert_eq!(s.group_timeout(SECOND, async |_| 7).await, Ok(7));
            assert_eq!(now() - start, SECOND, "the deadline left nothing behind");
            sleep(2 * SECOND).await;

            // The last call wins, earlier or later, however many there were.
            for last in [5, 1, 9] {
                let start = now();
                s.group(async |g| {
                    let task = g.spawn(for_ever());
                    for _ in 0..1000 {
                        g.cancel_after(7 * SECOND);
                        g.cancel_after(3 * SECOND);
                    }
                    g.cancel_after(last * SECOND);
                    assert!(matches!(task.await, Err(TaskError::Cancelled)));
                })
                .await;
                assert_eq!(now() - start, last * SECOND);
            }
        });
    });
}

// T3, X1 (test_yield_briefly_checks_for_timeout): a deadline does not come while tasks run; then it does, at the next suspension.
#[test]
fn a_deadline_comes_when_nobody_runs() {
    watched(|| {
        virtual_time().run(async |s| {
            let turns = Count::default();
            let counted = turns.clone();
            let late = s.group_timeout(SECOND, async |g| {
                g.go(async move {
                    for _ in 0..100 {
                        counted.add();
                        yield_now().await;
                    }
                    for_ever().await;
                });
            });
            assert!(late.await.is_err());
            assert_eq!(turns.get(), 100);
        });
    });
}

// X3, T3 (test_move_on_after_moves_on_even_if_shielded, test_fail_after_fails_even_if_shielded): a timeout around a shield ends it, a group's deadline waits for it, a shield
// around a timeout changes nothing.
#[test]
fn deadlines_and_shields() {
    watched(|| {
        virtual_time().run(async |s| {
            let start = now();
            assert!(timeout(SECOND, shield(for_ever())).await.is_err());
            assert_eq!(now() - start, SECOND);
            assert!(shield(timeout(SECOND, for_ever())).await.is_err());
            assert_eq!(now() - start, 2 * SECOND);
            let late = s.group_timeout(SECOND, async |g| g.spawn(shield(sleep(5 * SECOND))).await);
            assert!(late.await.is_err());
            assert_eq!(now() - start, 7 * SECOND);
        });
    });
}

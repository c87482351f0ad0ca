//! The leak harness is told of what leaks: a block, a task, a scope, a channel, and of nothing else. It exists, and so do
//! these tests, only in the build of `cargo xtask leaks`.
#![cfg(leaks)]

use std::mem::forget;
use std::sync::Mutex;

use orion_rt::{Chan, run};
use orion_tests::leaks::{Left, Verdict, check};
use orion_tests::{for_ever, leaks_on_purpose};

/// What the harness says each run of `test` leaves.
fn left(test: impl Fn() + Sync) -> Left {
    leaks_on_purpose("the harness has to notice");
    let verdict = check("a test that leaks", || {
        test();
        true
    });
    match verdict {
        Verdict::Leaks(left) => left,
        other => panic!("not noticed: {other:?}"),
    }
}

#[test]
fn a_leaked_box_is_noticed() {
    let left = left(|| {
        Box::leak(Box::new([1u8; 77]));
    });
    assert_eq!((left.blocks.as_slice(), left.tasks, left.scopes, left.channels), (&[(77, 1)][..], 0, 0, 0));
}

#[test]
fn a_leaked_task_is_noticed() {
    // A waker that is kept for ever keeps its task's allocation.
    let left = left(|| {
        run(async |s| {
            s.spawn(std::future::poll_fn(|cx| {
                forget(cx.waker().clone());
                std::task::Poll::Ready(())
            }))
            .get()
            .await;
        });
    });
    assert_eq!((left.tasks, left.channels), (1, 0), "{left}");
}

#[test]
fn a_leaked_scope_is_noticed() {
    let left = left(|| {
        run(async |s| {
            let mut group = Box::pin(s.group(async |_| for_ever().await));
            assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(group.as_mut().poll(cx).is_pending())).await);
            forget(group);
        });
    });
    assert!(left.scopes >= 1 && left.channels == 0, "{left}");
}

#[test]
fn a_leaked_channel_is_noticed() {
    let left = left(|| forget(Chan::<u8>::new(1)));
    assert_eq!((left.tasks, left.scopes, left.channels), (0, 0, 1), "{left}");
}

#[test]
fn what_is_allocated_once_or_given_back_is_not() {
    static KEPT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    let once = || {
        *KEPT.lock().unwrap() = vec![1; 100];
        run(async |s| s.spawn(async { Chan::<u8>::new(3).try_send(1).unwrap() }).get().await);
        true
    };
    assert!(matches!(check("a test that does not leak", once), Verdict::Balanced));
    *KEPT.lock().unwrap() = Vec::new();
}

#[test]
fn a_test_that_fails_is_told() {
    assert!(matches!(check("a test that fails", || false), Verdict::Failed));
}

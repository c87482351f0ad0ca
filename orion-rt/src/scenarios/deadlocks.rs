//! Looks for deadlocks at roots that go on: there is never proof of one.

use super::*;
use crate::runtime::monitor;
use crate::{Group, Scope};

/// Runs `body` on two workers while another thread looks.
fn watched<F>(body: F)
where
    F: for<'scope> AsyncFn(&'scope Scope<'scope, '_>) + Copy + Send + Sync + 'static,
{
    explore(move || {
        let runtime = runtime(2);
        let shared = Arc::clone(&runtime.shared);
        let looks = thread::spawn(move || {
            for _ in 0..4 {
                assert!(!monitor::proves_any(&shared), "proof of what is not so");
                thread::yield_now();
            }
        });
        runtime.run(async |s| body(s).await);
        looks.join().unwrap();
    });
}

// D1: a thread that has ended a task, and is about to wake who joins it.
#[test]
fn joins_are_no_deadlock() {
    watched(async |s| {
        let first = s.spawn(async {});
        let second = s.spawn(async move { first.join().await.unwrap() });
        second.join().await.unwrap();
        let mut set = s.join_set();
        set.spawn(async {});
        set.next().await.unwrap().unwrap();
    });
}

// D1, S3: one that has ended the last task of a group, and is about to tell the group, or to end the task that has opened it.
#[test]
fn ends_of_groups_are_no_deadlock() {
    async fn nested(g: Group<'_>) {
        let outer = g.clone();
        g.go(async move { outer.group(async |inner| inner.go(async {})).await });
    }
    watched(async |s| {
        s.group(nested).await;
        // What is left of a group whose future is dropped keeps its task from being complete.
        let leaves = s.spawn(async move {
            let mut group = Box::pin(s.group(async |g| {
                g.go(crate::shield(crate::yield_now()));
                std::future::pending::<()>().await;
            }));
            std::future::poll_fn(|cx| {
                assert!(group.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        });
        leaves.join().await.unwrap();
    });
}

// D1: channels of the root, on which its tasks wait for each other in turn; and children of a local group.
#[test]
fn channels_are_no_deadlock() {
    watched(async |s| {
        let (there, back) = (s.chan(0), s.chan(0));
        s.go(async move {
            while let Some(n) = there.recv().await {
                back.send(n + 1).await.unwrap();
            }
        });
        s.local(async |g| {
            g.go(async { there.send(1).await.unwrap() });
            assert_eq!(back.recv().await, Some(2));
        })
        .await;
        there.close();
    });
}

// D1: tasks that go from group to group, each started by the one before, which then ends: a look that goes from list to list may meet none
// of them.
#[test]
fn tasks_that_hop_are_no_deadlock() {
    fn hop<'s>(here: Group<'s>, there: Group<'s>, left: u32, done: crate::ScopeChan<'s, ()>) -> Boxed<'s> {
        Box::pin(async move {
            if left == 0 {
                done.close();
                return;
            }
            let next = there.clone();
            next.go(hop(there, here, left - 1, done));
        })
    }
    watched(async |s| {
        let done = s.chan(0);
        s.group(async |one| {
            s.group(async |other| {
                one.go(async move { assert_eq!(done.recv().await, None) });
                other.go(async move { assert_eq!(done.recv().await, None) });
                one.go(hop(one.clone(), other, 6, done));
            })
            .await;
        })
        .await;
    });
}

//! Looks for deadlocks at roots that go on: there is never proof of one.

use super::*;
use crate::runtime::monitor;
use crate::{Group, Scope};

/// Runs `act` with a runtime of two workers while another thread looks.
fn watched_while(act: impl Fn(&Runtime) + Copy + Send + Sync + 'static) {
    explore(move || {
        let runtime = runtime(2);
        let shared = Arc::clone(&runtime.shared);
        let looks = thread::spawn(move || {
            for _ in 0..4 {
                assert!(!monitor::proves_any(&shared), "proof of what is not so");
                thread::yield_now();
            }
        });
        act(&runtime);
        looks.join().unwrap();
    });
}

/// Runs `body` on two workers while another thread looks.
fn watched<F>(body: F)
where
    F: for<'scope> AsyncFn(&'scope Scope<'scope, '_>) + Copy + Send + Sync + 'static,
{
    watched_while(move |runtime| runtime.run(async |s| body(s).await));
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

// D1: somebody outside cancels the group of a started root, task by task; who joins the last of them is not stuck meanwhile.
#[test]
fn a_request_from_outside_is_no_deadlock() {
    watched_while(|runtime| {
        let (out, group) = shuttle::sync::mpsc::channel();
        let root = runtime.start(async move |g: Group<'static>| {
            let tasks = [g.spawn(std::future::pending::<()>()), g.spawn(std::future::pending())];
            out.send(g).unwrap();
            for task in tasks {
                assert!(task.join().await.is_err());
            }
        });
        group.recv().unwrap().cancel();
        crate::util::block::on(root).unwrap();
    });
}

// D1, R5, X3: a root that is dropped asks its body first, and then its tasks: who joins one of them in a shield is not stuck.
#[test]
fn a_root_that_is_being_dropped_is_no_deadlock() {
    watched_while(|runtime| {
        let root = runtime.start(async move |g: Group<'static>| {
            crate::shield(async move {
                let task = g.spawn(std::future::pending::<()>());
                assert!(task.join().await.is_err());
            })
            .await;
        });
        thread::yield_now();
        drop(root);
    });
}

// D1, S9, X3: a body that has ended, on its own thread, cancels the background tasks: what one of them waits for in its shield is brought by the
// end of another that has not been asked yet.
#[test]
fn an_end_that_stops_the_background_is_no_deadlock() {
    struct Sends<'a>(crate::ScopeChan<'a, u8>);
    impl Drop for Sends<'_> {
        fn drop(&mut self) {
            self.0.try_send(7).unwrap();
        }
    }
    watched(async |s| {
        let (values, ready) = (s.chan(1), s.chan(2));
        s.task().background().go(async move {
            ready.send(()).await.unwrap();
            crate::shield(async { assert_eq!(values.recv().await, Some(7)) }).await;
        });
        s.task().background().go(async move {
            crate::shield(s.group(async move |g| {
                g.go(async move {
                    let _sends = Sends(values);
                    ready.send(()).await.unwrap();
                    std::future::pending::<()>().await;
                });
            }))
            .await;
        });
        ready.recv().await;
        ready.recv().await;
    });
}

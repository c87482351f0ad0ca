//! Cancellation: rules X1 to X6, and teardown of deep trees.

use std::future::Future;
use std::panic::{catch_unwind, resume_unwind};

use orion_rt::{Chan, Group, Local, TaskError, run, yield_now};
use orion_tests::{Count, for_ever, on_every_kind, watched, workers};

// X2: cancel reaches tasks, groups below, and groups opened later; never the scope's own body.
on_every_kind!(x2_cancel_reaches_every_descendant, async |s| {
    let n = Count::default();
    let read = n.clone();
    let started = Chan::new(3);
    let value = s
        .group(async |g| {
            for depth in 0..3 {
                let (g2, n, started) = (g.clone(), n.clone(), started.clone());
                g.go(async move {
                    let _outer = n.on_drop();
                    g2.group(async |h| {
                        let counted = n.on_drop();
                        h.go(async move {
                            let _inner = counted;
                            started.send(depth).await.unwrap();
                            for_ever().await;
                        });
                    })
                    .await;
                });
            }
            for _ in 0..3 {
                started.recv().await;
            }
            g.cancel();
            yield_now().await;
            let late = g.group(async |h| h.spawn(async { 1 }).await).await;
            assert!(matches!(late, Err(TaskError::Cancelled)));
            "the body goes on"
        })
        .await;
    assert_eq!((value, read.get()), ("the body goes on", 6));
});

// X4: a task that has returned before the request keeps its result.
on_every_kind!(x4_a_returned_task_keeps_its_result, async |s| {
    let mut task = s.spawn(async { String::from("done") });
    task.finished().await;
    task.cancel();
    assert_eq!(task.join().await.unwrap(), "done");
    // Cancelled in its last poll: there is no suspension after that.
    let outcome = Chan::new(1);
    let tell = outcome.clone();
    s.group(async move |g| {
        let inner = g.clone();
        let task = g.spawn(async move {
            inner.cancel();
            "returned"
        });
        tell.send(task.await.unwrap()).await.unwrap();
    })
    .await;
    assert_eq!(outcome.recv().await, Some("returned"));
});

// X6: a cancel from another thread, against tasks that finish and are joined.
#[test]
fn x6_cancel_races_with_finish() {
    watched(|| {
        let runtime = workers(2);
        for _ in 0..if cfg!(miri) { 3 } else { 300 } {
            runtime.run(async |s| {
                let handles: Vec<_> = (0..8)
                    .map(|i| {
                        s.spawn(async move {
                            yield_now().await;
                            Box::new(i)
                        })
                    })
                    .collect();
                std::thread::scope(|threads| {
                    for handle in &handles {
                        threads.spawn(move || handle.cancel());
                    }
                });
                for (i, handle) in handles.into_iter().enumerate() {
                    match handle.await {
                        Ok(value) => assert_eq!(*value, i),
                        Err(TaskError::Cancelled) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
    });
}

// No recursion in teardown: deep chains of groups and joins.
#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    fn nest<'s>(g: Group<'s, Local>, depth: usize) -> std::pin::Pin<Box<dyn Future<Output = usize> + 's>> {
        Box::pin(async move {
            if depth == 0 {
                return 0;
            }
            let below = g.spawn({
                let g = g.clone();
                async move { nest(g, depth - 1).await }
            });
            below.await.unwrap() + 1
        })
    }
    let depth = if cfg!(miri) { 100 } else { 100_000 };
    assert_eq!(run(async |s| nest((*s).clone(), depth).await), depth);
    let caught = catch_unwind(|| {
        run(async |s| {
            let g = (*s).clone();
            nest_then(g, if cfg!(miri) { 50 } else { 10_000 }).await
        })
    });
    assert!(caught.is_err());

    fn nest_then<'s>(g: Group<'s, Local>, depth: usize) -> std::pin::Pin<Box<dyn Future<Output = ()> + 's>> {
        Box::pin(async move {
            assert!(depth > 0, "the bottom");
            g.spawn({
                let g = g.clone();
                async move { nest_then(g, depth - 1).await }
            })
            .await
            .unwrap_or_else(|_| resume_unwind(Box::new("above")));
        })
    }
}

// X2: a group is below its opener and below the scope it was opened on; a cancel goes through each only once.
#[test]
fn x2_cancelling_nested_groups_takes_one_walk() {
    fn nest<'s>(
        g: Group<'s, Local>,
        depth: usize,
        bottom: Chan<()>,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + 's>> {
        Box::pin(async move {
            if depth == 0 {
                bottom.send(()).await.unwrap();
                for_ever().await;
            }
            g.group(async move |below| below.clone().go(nest(below, depth - 1, bottom))).await;
        })
    }
    watched(|| {
        run(async |s| {
            let bottom = Chan::new(1);
            let top = s.spawn(nest((*s).clone(), if cfg!(miri) { 50 } else { 1000 }, bottom.clone()));
            bottom.recv().await;
            top.cancel();
            assert!(matches!(top.await, Err(TaskError::Cancelled)));
        });
    });
}

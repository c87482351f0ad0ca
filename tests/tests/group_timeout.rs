//! Groups with a deadline: `group_timeout` (section 2, X1, X3, P1).

use std::panic::AssertUnwindSafe;
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use orion_rt::{Chan, Elapsed, Group, Runtime, now, run, shield, sleep, yield_now};
use orion_tests::{Count, Then, for_ever, on_every_kind};

const SOON: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(3600);

// A group in time gives its body's value, when its tasks are gone.
on_every_kind!(s3_in_time, async |s| {
    let gone = Count::default();
    let child = gone.on_drop();
    let value = s
        .group_timeout(LONG, async move |g| {
            g.go(async move {
                let _child = child;
                yield_now().await;
            });
            42
        })
        .await;
    assert_eq!((value, gone.get()), (Ok(42), 1));
    let for_ever_in_time = s.group_timeout(Duration::MAX, async |_| 1).await;
    assert_eq!(for_ever_in_time, Ok(1));
});

// X1, S3: at the deadline children and body are cancelled; it is ready when all are gone, groups below included.
on_every_kind!(x1_at_the_deadline_all_are_cancelled, async |s| {
    let gone = Count::default();
    let (body, child, below) = (gone.on_drop(), gone.on_drop(), gone.on_drop());
    let late: Result<(), Elapsed> = s
        .group_timeout(SOON, async move |g| {
            let _body = body;
            g.go(async move {
                let _child = child;
                for_ever().await;
            });
            g.group(async |h| {
                h.go(async move {
                    let _below = below;
                    for_ever().await;
                });
            })
            .await;
        })
        .await;
    assert!(late.is_err());
    assert_eq!(gone.get(), 3);
});

// A body that has returned while children run at the deadline: the value is dropped.
on_every_kind!(x1_children_left_at_the_deadline, async |s| {
    let dropped = Count::default();
    let value = dropped.on_drop();
    let late = s.group_timeout(SOON, async move |g| {
        g.go(for_ever());
        value
    });
    assert!(late.await.is_err());
    assert_eq!(dropped.get(), 1);
});

// What is ready at the first poll is in time, whatever the duration; a deadline is not early.
on_every_kind!(t1_what_is_ready_is_in_time, async |s| {
    assert_eq!(s.group_timeout(Duration::ZERO, async |_| 7).await, Ok(7));
    let before = now();
    assert!(s.group_timeout(SOON * 3, async |_| for_ever().await).await.is_err());
    assert!(before.elapsed() >= SOON * 3);
});

// T3: the deadline counts from the first poll, by the clock of the root: here a virtual one, to the nanosecond.
#[test]
fn t1_the_deadline_counts_from_the_first_poll() {
    let runtime = Runtime::builder().deterministic(true).build_local().unwrap();
    runtime.run(async |s| {
        let group = s.group_timeout(LONG, async |_| sleep(LONG - SOON).await);
        sleep(LONG).await;
        assert_eq!(group.await, Ok(()));
        let begun = now();
        assert!(s.group_timeout(LONG, async |g| g.go(sleep(LONG + SOON))).await.is_err());
        assert_eq!(now() - begun, LONG);
    });
}

// X3: shields in the body and in a child hold beyond the deadline; then they end at their first suspension.
on_every_kind!(x3_shields_hold_beyond_the_deadline, async |s| {
    let log = Chan::unbounded();
    let (of_body, of_child) = (log.clone(), log.clone());
    // On several threads the child may not have begun at the deadline; then it never does.
    let begun = Count::default();
    let begins = begun.clone();
    let late = s.group_timeout(SOON, async move |g| {
        g.go(async move {
            begins.add();
            shield(async {
                orion_rt::cancelled().await;
                yield_now().await;
                of_child.send("child").await.unwrap();
            })
            .await;
            for_ever().await;
        });
        shield(async {
            g.cancelled().await;
            yield_now().await;
            of_body.send("body").await.unwrap();
        })
        .await;
        for_ever().await;
    });
    assert!(late.await.is_err());
    let mut seen: Vec<_> = std::iter::from_fn(|| log.try_recv().ok()).collect();
    seen.sort_unstable();
    assert_eq!(seen, ["body", "child"][..1 + begun.get()]);
});

// A body that returns from its shield after the deadline is late all the same.
on_every_kind!(x3_a_value_after_the_deadline_is_dropped, async |s| {
    let dropped = Count::default();
    let value = dropped.on_drop();
    let late = s.group_timeout(SOON, async move |g| {
        shield(g.cancelled()).await;
        value
    });
    assert!(late.await.is_err());
    assert_eq!(dropped.get(), 1);
});

// P1, P3: a panic, of a destructor at the deadline too, is raised instead of the error.
on_every_kind!(p1_a_panic_at_the_deadline, async |s| {
    let group = s.group_timeout(SOON, async |g| {
        let bomb = Then(|| panic!("destructor"));
        g.go(async move {
            let _bomb = bomb;
            for_ever().await;
        });
        for_ever().await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"destructor"));
    let group = s.group_timeout(SOON, async |_| {
        let _bomb = Then(|| panic!("body"));
        for_ever().await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"body"));
});

// S4: dropped, unpolled or half-way, it cancels its tasks and leaves no timer.
on_every_kind!(s4_a_group_timeout_that_is_dropped, async |s| {
    let gone = Count::default();
    drop(s.group_timeout(LONG, async |_| for_ever().await));
    let child = gone.on_drop();
    let mut group = Box::pin(s.group_timeout(LONG, async move |g| {
        g.go(async move {
            let _child = child;
            for_ever().await;
        });
        for_ever().await;
    }));
    futures::future::poll_fn(|cx| {
        assert!(group.poll_unpin(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    drop(group);
    while gone.get() == 0 {
        yield_now().await;
    }
});

// Deadlines nest: the inner one's, sooner, ends the inner group only.
on_every_kind!(x1_deadlines_nest, async |s| {
    let outer = s.group_timeout(LONG, async |g| {
        let inner = g.group_timeout(SOON, async |h| h.spawn(for_ever()).await).await;
        assert!(inner.is_err() && !g.is_cancelled());
        let in_task = g.spawn({
            let g = g.clone();
            async move { g.group_timeout(SOON, async |_| for_ever().await).await }
        });
        in_task.await.unwrap()
    });
    assert!(outer.await.unwrap().is_err());
});

// The future is `Send` on several threads, and a function may name its types.
#[test]
fn s2_a_group_timeout_in_a_function() {
    async fn within(g: &Group<'_>, limit: Duration) -> Result<u32, Elapsed> {
        g.group_timeout(limit, async |h| h.spawn(async { 1 }).get().await).await
    }
    let runtime = Runtime::builder().workers(1).build().unwrap();
    let value = runtime.run(async |s| {
        let g = (*s).clone();
        s.spawn(async move { within(&g, LONG).await }).await.unwrap()
    });
    assert_eq!(value, Ok(1));
    run(async |s| assert!(s.group_timeout(SOON, async |_| for_ever().await).await.is_err()));
}

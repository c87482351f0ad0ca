//! Handles: rules J1 to J7. What does not compile is in `ui/`.

use std::future::Future;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

use orion_rt::{Chan, Group, JoinHandle, Local, TaskError, run, yield_now};
use orion_tests::{Count, for_ever, on_every_kind, panic_message, watched, workers};

// J3: dropping a handle neither detaches nor cancels. J2: release says so.
on_every_kind!(j3_a_dropped_handle_leaves_the_task_running, async |s| {
    let done = Chan::new(2);
    let tell = done.clone();
    drop(s.spawn(async move { tell.send(1).await.unwrap() }));
    let tell = done.clone();
    s.spawn(async move { tell.send(2).await.unwrap() }).release();
    let mut got = [done.recv().await.unwrap(), done.recv().await.unwrap()];
    got.sort_unstable();
    assert_eq!(got, [1, 2]);
});

// J4: joining oneself or an ancestor is a panic, not a hang.
#[test]
fn j4_a_task_cannot_join_itself() {
    watched(|| {
        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                let own = Chan::new(1);
                let get = own.clone();
                let handle = s.task().name("ouroboros").spawn(async move {
                    let handle: JoinHandle<'_, (), Local> = get.recv().await.unwrap();
                    let _ = handle.join().await;
                });
                own.try_send(handle).unwrap();
            });
        }));
        assert!(message.contains("cannot join itself") && message.contains("ouroboros"), "{message}");

        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                let own = Chan::new(1);
                let get = own.clone();
                let outer = (*s).clone();
                let handle = s.spawn(async move {
                    outer
                        .group(async |g| {
                            let handle: JoinHandle<'_, (), Local> = get.recv().await.unwrap();
                            g.go(async move { drop(handle.join().await) });
                        })
                        .await;
                });
                own.try_send(handle).unwrap();
            });
        }));
        assert!(message.contains("cannot join itself"), "{message}");
    });
}

/// A task that joins what comes out of `get`, inside of `height` tasks, each of which joins the next.
fn joins_below<'s>(
    g: &Group<'s, Local>,
    height: usize,
    get: Chan<JoinHandle<'s, (), Local>>,
) -> Pin<Box<dyn Future<Output = ()> + 's>> {
    let g = g.clone();
    Box::pin(async move {
        if height == 0 {
            return get.recv().await.unwrap().await.unwrap();
        }
        g.group(async |below| below.spawn(joins_below(&below, height - 1, get)).await.unwrap()).await;
    })
}

// J4: an ancestor is found however far above it is.
#[test]
fn j4_an_ancestor_at_any_height() {
    for height in 0..5 {
        let message = watched(move || {
            panic_message(catch_unwind(|| {
                run(async |s| {
                    let own = Chan::new(1);
                    let handle = s.task().name("top").spawn(joins_below(s, height, own.clone()));
                    own.try_send(handle).unwrap();
                });
            }))
        });
        assert!(message.contains("cannot join itself") && message.contains("top"), "{height}: {message}");
    }
}

// J4: who is not above is joined, whatever runs inside of it.
#[test]
fn j4_relatives_are_joined() {
    watched(|| {
        for (height, other) in [(0, 2), (1, 1), (1, 3), (2, 0), (2, 2), (3, 1)] {
            run(async |s| {
                let (mine, theirs) = (Chan::new(1), Chan::new(1));
                let relative = s.spawn(joins_below(s, other, theirs.clone()));
                let joiner = s.spawn(joins_below(s, height, mine.clone()));
                mine.try_send(relative).unwrap();
                yield_now().await;
                theirs.try_send(s.spawn(yield_now())).unwrap();
                joiner.await.unwrap();
            });
        }
    });
}

// J5, X1: cancel only asks, join waits until the destructors have run.
on_every_kind!(j5_join_after_cancel_waits_for_the_end, async |s| {
    let n = Count::default();
    let read = n.clone();
    let ready = Chan::new(0);
    let tell = ready.clone();
    let task = s.spawn(async move {
        let _counted = n.on_drop();
        tell.send(()).await.unwrap();
        for_ever().await;
    });
    ready.recv().await;
    task.cancel();
    task.cancel();
    assert!(matches!(task.join().await, Err(TaskError::Cancelled)));
    assert_eq!(read.get(), 1);
});

// J6: the result is dropped exactly once, whoever is too late to want it.
on_every_kind!(j6_results_are_dropped_once, async |s| {
    let n = Count::default();
    let read = n.clone();
    for round in 0..4 {
        let made = n.on_drop();
        let mut handle = s.spawn(async move { made });
        match round {
            0 => drop(handle),
            1 => drop(handle.await.unwrap()),
            2 => {
                handle.finished().await;
                drop(handle);
            }
            _ => handle.release(),
        }
    }
    while read.get() < 4 {
        yield_now().await;
    }
    assert_eq!(read.get(), 4);
});

// J6: the result of a forgotten handle is dropped at the end of the root at the latest; a waker kept beyond never reaches it.
#[test]
fn j6_a_forgotten_handles_result_dies_with_the_root() {
    for n in 0..3 {
        let dropped = Count::default();
        let read = dropped.clone();
        let kept: Arc<std::sync::Mutex<Option<Waker>>> = Arc::default();
        let keep = Arc::clone(&kept);
        let counted = dropped.on_drop();
        let work = async move {
            std::future::poll_fn(|cx| {
                *keep.lock().unwrap() = Some(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            counted
        };
        match n {
            0 => run(async |s| std::mem::forget(s.spawn(work))),
            n => workers(n).run(async |s| std::mem::forget(s.spawn(work))),
        }
        assert_eq!(read.get(), 1);
        let waker = kept.lock().unwrap().take().unwrap();
        waker.wake_by_ref();
        let other = waker.clone();
        std::thread::spawn(move || other.wake()).join().unwrap();
        drop(waker);
        assert_eq!(read.get(), 1);
    }
}

// J7: a join that is dropped half-way discards the value and never the task.
on_every_kind!(j7_a_join_dropped_half_way_loses_only_the_value, async |s| {
    let n = Count::default();
    let read = n.clone();
    let gate = Chan::<()>::new(0);
    let wait = gate.clone();
    let counted = n.on_drop();
    let handle = s.spawn(async move {
        wait.recv().await;
        counted
    });
    let mut join = handle.join();
    std::future::poll_fn(|cx| {
        assert!(std::pin::Pin::new(&mut join).poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    drop(join);
    assert_eq!(read.get(), 0);
    gate.send(()).await.unwrap();
    while read.get() == 0 {
        yield_now().await;
    }
});

// J6: a handle inside a result that nobody takes is dropped with it, before or after its own task's result.
on_every_kind!(j6_a_handle_inside_an_unclaimed_result, async |s| {
    let first = s.spawn(async { String::from("first") });
    let holder = s.spawn(async move { (first, String::from("holder")) });
    let later = Chan::new(1);
    let give = later.clone();
    let early = s.spawn(async move { later.recv().await });
    assert!(give.send(s.spawn(async { String::from("later") })).await.is_ok());
    std::mem::forget((holder, early));
});

// J6: the result of a task may hold the task's own handle.
#[test]
fn j6_a_result_that_holds_its_own_handle() {
    #[expect(dead_code, reason = "what counts is how it is dropped")]
    struct Own<'s>(Option<JoinHandle<'s, Own<'s>, Local>>, orion_tests::OnDrop);
    let n = Count::default();
    run(async |s| {
        let (give, own) = Chan::new(1).split();
        let counted = n.on_drop();
        let handle = s.spawn(async move { Own(own.recv().await, counted) });
        assert!(give.send(handle).await.is_ok());
    });
    assert_eq!(n.get(), 1);
}

// J4: the search for an ancestor ends at an opener that is complete, whose scope may be gone.
#[test]
fn j4_an_opener_that_is_complete_is_not_looked_behind() {
    type Boxed<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;
    run(async |s| {
        let moved: Chan<Boxed<'_>> = Chan::new(1);
        let go = Chan::new(1);
        let (give, wait) = (moved.clone(), go.clone());
        s.group(async move |g| {
            g.go(async move {
                let mut group: Boxed<'_> = Box::pin(s.group(async move |inner| {
                    wait.recv().await;
                    inner.spawn(async move { s.spawn(async {}).await.unwrap() }).await.unwrap();
                }));
                std::future::poll_fn(|cx| {
                    assert!(group.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                assert!(give.send(group).await.is_ok());
            });
        })
        .await;
        let group = moved.recv().await.unwrap();
        go.send(()).await.unwrap();
        group.await;
    });
}

// J1: `handle.await?` in a function that returns any error.
on_every_kind!(j1_a_task_error_is_an_error_like_any_other, async |s| {
    let joined: Result<u8, Box<dyn std::error::Error + Send + Sync>> =
        async { Ok(s.spawn(async { 1_u8 }).await?) }.await;
    assert_eq!(joined.unwrap(), 1);
});

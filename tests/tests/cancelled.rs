//! Waiting for a cancellation, and asking for it: `cancelled`, `is_cancelled`, `Group::cancelled` (X2, X3, P3).

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use futures::FutureExt;
use futures::future::{join, poll_fn};
use futures::stream::{FuturesUnordered, StreamExt};
use orion_rt::{Chan, TaskError, cancelled, is_cancelled, run, select, shield, yield_now};
use orion_tests::{Count, Then, for_ever, on_every_kind, panic_message, poll_once, watched, workers};

// X3: `cancelled` resolves inside a shield, however often and under whatever combinator it is awaited.
on_every_kind!(x3_cancelled_under_combinators, async |s| {
    let started = Chan::new(1);
    let ready = started.clone();
    let task = s.spawn(shield(async move {
        let mut before = is_cancelled();
        let mut many: FuturesUnordered<_> = (0..10).map(|_| cancelled()).collect();
        // A waiter that leaves, so that its place is used again.
        before |= cancelled().now_or_never().is_some();
        let unordered = async { while many.next().await.is_some() {} };
        let selected = async {
            select! {
                _ = cancelled() => 1,
                _ = for_ever() => 2,
            }
        };
        let begun = async { ready.send(()).await.unwrap() };
        let (((), arm), ()) = join(join(unordered, selected), begun).await;
        cancelled().await;
        (before, arm, is_cancelled())
    }));
    started.recv().await;
    task.cancel();
    assert_eq!(task.await.unwrap(), (false, 1, true));
});

// X1: outside a shield it changes nothing: the task is dropped where it waits. Its destructors see the cancellation.
on_every_kind!(x1_cancelled_is_no_shield, async |s| {
    let (started, seen) = (Chan::new(1), Chan::new(1));
    let (ready, tell) = (started.clone(), seen.clone());
    let task = s.spawn(async move {
        let _end = Then(move || tell.try_send(is_cancelled()).unwrap());
        join(ready.send(()), cancelled()).await.0.unwrap();
        // On another worker the request may come in the first poll.
        for_ever().await;
    });
    started.recv().await;
    task.cancel();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
    assert_eq!(seen.recv().await, Some(true));
});

// X3: it is about the task that polls it last, wherever it was before.
on_every_kind!(x3_a_moved_cancelled_is_the_new_tasks, async |s| {
    let (hand_over, started) = (Chan::new(1), Chan::new(1));
    let give = hand_over.clone();
    let first = s.spawn(async move {
        let mut waiting = Box::pin(cancelled());
        assert!(waiting.as_mut().now_or_never().is_none());
        give.send(waiting).await.unwrap();
        for_ever().await;
    });
    let ready = started.clone();
    let second = s.spawn(shield(async move {
        let mut waiting = hand_over.recv().await.unwrap();
        poll_fn(|cx| {
            assert!(waiting.poll_unpin(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        ready.send(()).await.unwrap();
        waiting.await;
        is_cancelled()
    }));
    started.recv().await;
    first.cancel();
    assert!(matches!(first.await, Err(TaskError::Cancelled)));
    yield_now().await;
    assert!(!second.is_finished());
    second.cancel();
    assert!(second.await.unwrap());
});

// Outside tasks nothing is ever cancelled.
#[test]
fn outside_tasks() {
    assert!(!is_cancelled());
    let wakes = Count::default();
    let mut waiting = Box::pin(cancelled());
    assert!(poll_once(waiting.as_mut(), &wakes).is_pending());
    run(async |_| assert!(!is_cancelled()));
}

// X2: the body of a cancelled group goes on, can watch it, and so can others; one that is cancelled already is seen at once.
on_every_kind!(x2_a_scope_is_watched, async |s| {
    let (started, seen) = (Chan::new(1), Chan::new(1));
    let (ready, tell) = (started.clone(), seen.clone());
    let value = s
        .group(async move |g| {
            let watched = g.clone();
            let watcher = ready.clone();
            s.go(async move {
                join(watched.cancelled(), watcher.send(())).await.1.unwrap();
                tell.send("seen from outside").await.unwrap();
            });
            started.recv().await;
            let inner = g.clone();
            g.go(async move { inner.cancel() });
            select! {
                _ = g.cancelled() => {}
                _ = for_ever() => {}
            }
            assert!(g.is_cancelled() && !is_cancelled());
            g.cancelled().await;
            "the body's value"
        })
        .await;
    assert_eq!(value, "the body's value");
    assert_eq!(seen.recv().await, Some("seen from outside"));
});

// X2: a cancel reaches who watches scopes below, and who watches those that are opened afterwards.
on_every_kind!(x2_nested_scopes_are_watched, async |s| {
    s.group(async |g| {
        let inner = g.clone();
        g.group(async |h| {
            inner.cancel();
            h.cancelled().await;
        })
        .await;
        g.group(async |h| h.cancelled().await).await;
        g.group_timeout(std::time::Duration::MAX, async |h| h.cancelled().await).await.unwrap();
    })
    .await;
});

// S4, S2: a dropped group's future cancels the scope; whoever watches it does not keep it from ending.
on_every_kind!(s4_a_dropped_group_is_cancelled, async |s| {
    let mut kept = None;
    let mut group = Box::pin(s.group(async |g| {
        kept = Some(g.cancelled());
        for_ever().await;
    }));
    poll_fn(|cx| {
        assert!(group.poll_unpin(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    drop(group);
    kept.unwrap().await;
    let ended = s.group(async |g| g.cancelled()).await;
    let mut ended = pin!(ended);
    assert!(ended.as_mut().now_or_never().is_none(), "it has ended, and was never cancelled");
});

/// A waker that panics.
struct Bomb;

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        panic!("waker");
    }
}

fn poll_with(future: Pin<&mut impl Future<Output = ()>>, waker: &Waker) {
    assert!(future.poll(&mut Context::from_waker(waker)).is_pending());
}

// P3: a waker that panics keeps no other from being woken; the panic goes on in the caller of `cancel`.
on_every_kind!(p3_a_waker_that_panics_in_cancel, async |s| {
    let (wakes, gone) = (Count::default(), Count::default());
    let child = gone.on_drop();
    let (started, ready) = (Chan::new(1), Chan::new(1));
    let tell = started.clone();
    let seen = s
        .group(async move |g| {
            g.go(async move {
                let _child = child;
                tell.send(()).await.unwrap();
                for_ever().await;
            });
            started.recv().await;
            let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(g.cancelled())).collect();
            for (n, waiting) in waiting.iter_mut().enumerate() {
                if n % 2 == 0 {
                    poll_with(waiting.as_mut(), &Waker::from(Arc::new(Bomb)));
                } else {
                    assert!(poll_once(waiting.as_mut(), &wakes).is_pending());
                }
            }
            let caught = catch_unwind(AssertUnwindSafe(|| g.cancel()));
            assert_eq!(panic_message(caught), "waker");
            g.cancel();
            ready.send(()).await.unwrap();
            wakes.get()
        })
        .await;
    assert_eq!((seen, gone.get()), (2, 1));
});

// P3: where the scheduler cancels, because of a panic, a waker's panic is discarded; as in a destructor.
on_every_kind!(p3_a_waker_that_panics_while_a_group_fails, async |s| {
    let waiting = Chan::new(2);
    let keep = waiting.clone();
    let group = s.group(async move |g| {
        let mut bombed = Box::pin(g.cancelled());
        poll_with(bombed.as_mut(), &Waker::from(Arc::new(Bomb)));
        keep.send(bombed).await.unwrap();
        g.go(async { panic!("the group's") });
        for_ever().await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"the group's"));
    let mut group = Box::pin(s.group(async |g| {
        let mut bombed = Box::pin(g.cancelled());
        poll_with(bombed.as_mut(), &Waker::from(Arc::new(Bomb)));
        waiting.send(bombed).await.unwrap();
        for_ever().await;
    }));
    poll_fn(|cx| {
        assert!(group.poll_unpin(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    drop(group);
});

/// Knows whether it is alive.
struct Tracked;

impl Wake for Tracked {
    fn wake(self: Arc<Self>) {}
}

// A waiter that is dropped, or polled with another waker, leaves no waker behind.
on_every_kind!(a_waiter_that_leaves, async |s| {
    fn tracked() -> (Waker, Weak<Tracked>) {
        let tracked = Arc::new(Tracked);
        let weak = Arc::downgrade(&tracked);
        (Waker::from(tracked), weak)
    }
    let (first, second) = (tracked(), tracked());
    let mut one = Box::pin(s.cancelled());
    let mut two = Box::pin(cancelled());
    poll_with(one.as_mut(), &first.0);
    poll_with(two.as_mut(), &first.0);
    poll_with(one.as_mut(), &second.0);
    poll_with(one.as_mut(), &second.0);
    drop(first.0);
    assert!(first.1.upgrade().is_some());
    drop(two);
    assert!(first.1.upgrade().is_none());
    drop(one);
    drop(second.0);
    assert!(second.1.upgrade().is_none());
});

// X6: tasks that begin to wait while the scope is cancelled from another thread: none misses it.
#[test]
fn x6_no_wake_up_is_lost() {
    watched(|| {
        let runtime = workers(2);
        for round in 0..if cfg!(miri) { 3 } else { 500 } {
            runtime.run(async |s| {
                s.group(async |g| {
                    let woken: Vec<_> = (0..4)
                        .map(|n| {
                            let g = g.clone();
                            s.spawn(async move {
                                if n % 2 == 0 {
                                    join(g.cancelled(), g.cancelled()).await;
                                } else {
                                    g.cancelled().await;
                                }
                            })
                        })
                        .collect();
                    let shielded: Vec<_> = (0..4).map(|_| s.spawn(shield(cancelled()))).collect();
                    if round % 2 == 0 {
                        yield_now().await;
                    }
                    std::thread::scope(|threads| {
                        threads.spawn(|| g.cancel());
                        for task in &shielded {
                            threads.spawn(|| task.cancel());
                        }
                    });
                    for task in woken {
                        task.await.unwrap();
                    }
                    for task in shielded {
                        // Cancelled before its first poll, or woken in its shield.
                        let _ = task.await;
                    }
                })
                .await;
            });
        }
    });
}

// The futures are `Send` on several threads.
#[test]
fn they_are_send() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    drop(assert_send(cancelled()));
    workers(1).run(async |s| drop(assert_send(s.cancelled())));
}

// X3, P3: a shield whose future has panicked is over, though whoever caught the panic has it still; the future is dropped in the
// shield, and a second panic of that stays there.
on_every_kind!(x3_a_shield_that_has_panicked_is_over, async |s| {
    let (gone, caught) = (Count::default(), Chan::new(1));
    let (inside, tell) = (gone.on_drop(), caught.clone());
    let task = s.spawn(async move {
        let ends = Then(|| panic!("in the destructor"));
        let shielded = shield(poll_fn(move |_| -> Poll<()> {
            let _held = (&inside, &ends);
            panic!("in the shield");
        }));
        let mut kept = Box::pin(AssertUnwindSafe(shielded).catch_unwind());
        assert_eq!(panic_message(kept.as_mut().await), "in the shield");
        tell.send(()).await.unwrap();
        for_ever().await;
        drop(kept);
    });
    caught.recv().await;
    assert_eq!(gone.get(), 1, "what it held is gone");
    task.cancel();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
});

// X3: so is one whose future was ready and has panicked in its destructor, and one that is polled once more after that.
on_every_kind!(x3_a_shield_whose_futures_destructor_has_panicked_is_over, async |s| {
    let caught = Chan::new(1);
    let tell = caught.clone();
    let task = s.spawn(async move {
        let ends = Then(|| panic!("in the destructor"));
        let mut kept = Box::pin(shield(poll_fn(move |_| {
            let _held = &ends;
            Poll::Ready(())
        })));
        for expected in ["in the destructor", "a shield was polled after it had completed"] {
            let polled = catch_unwind(AssertUnwindSafe(|| poll_once(kept.as_mut(), &Count::default())));
            assert_eq!(panic_message(polled.map(drop)), expected);
        }
        tell.send(()).await.unwrap();
        for_ever().await;
        drop(kept);
    });
    caught.recv().await;
    task.cancel();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
});

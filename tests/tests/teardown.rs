//! Cancellation in awkward company: panics, destructors, other threads, futures that are dropped or forgotten half-way (X1, X4 to
//! X6, S3 to S5, P1, P3).

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::FutureExt;
use futures::future::poll_fn;
use orion_rt::{Chan, TaskError, run, yield_now};
use orion_tests::{Count, OnDrop, Then, for_ever, on_every_kind, panic_message, ready_after, watched, workers};

/// Polls `future`, which is not ready, with the waker of the task.
async fn start<F: Future + ?Sized>(future: &mut Pin<Box<F>>) {
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

// X1: a suspended task is never polled again, one that has not begun never is; destructors run, the joiner sees it.
on_every_kind!(x1_a_cancelled_task_is_dropped, async |s| {
    let (polls, gone, started) = (Count::default(), Count::default(), Chan::new(1));
    let task = s.spawn({
        let (polls, dropped, started) = (polls.clone(), gone.on_drop(), started.clone());
        async move {
            let _dropped = dropped;
            started.send(()).await.unwrap();
            poll_fn(|_| {
                polls.add();
                Poll::<()>::Pending
            })
            .await;
        }
    });
    started.recv().await;
    while polls.get() == 0 {
        yield_now().await;
    }
    task.cancel();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
    assert_eq!((polls.get(), gone.get()), (1, 1));
    s.group(async |g| {
        g.cancel();
        let (polls, dropped) = (polls.clone(), gone.on_drop());
        let unborn = g.spawn(async move {
            let _dropped = dropped;
            polls.add();
        });
        assert!(matches!(unborn.await, Err(TaskError::Cancelled)));
    })
    .await;
    assert_eq!((polls.get(), gone.get()), (1, 2));
});

// X4, X2: a task whose future has returned keeps its result; its descendants are cancelled all the same.
on_every_kind!(x4_a_returned_tasks_descendants_are_cancelled, async |s| {
    let (gone, started) = (Count::default(), Chan::new(1));
    let task = s.spawn({
        let (g, below, started) = ((*s).clone(), gone.on_drop(), started.clone());
        async move {
            let mut group = Box::pin(g.group(async move |h| {
                h.go(async move {
                    let _below = below;
                    started.send(()).await.unwrap();
                    for_ever().await;
                });
                for_ever().await;
            }));
            start(&mut group).await;
            orion_tests::leaks_on_purpose("forgets a group's future");
            std::mem::forget(group);
            "its result"
        }
    });
    started.recv().await;
    yield_now().await;
    assert!(!task.is_finished() && gone.get() == 0);
    task.cancel();
    assert_eq!(task.await.unwrap(), "its result");
    assert_eq!(gone.get(), 1);
});

// X5: a receiver that is cancelled while a value is on its way to it has it, or the channel has.
on_every_kind!(x5_cancelled_receivers_lose_nothing, async |s| {
    let rounds = if cfg!(miri) { 4 } else { 200 };
    for capacity in [0, 1] {
        let (values, got) = (Chan::new(capacity), Chan::unbounded());
        let mut sent = 0;
        for _ in 0..rounds {
            let receivers: Vec<_> = (0..3)
                .map(|_| {
                    let (values, got) = (values.clone(), got.clone());
                    s.spawn(async move {
                        let value: usize = values.recv().await.unwrap();
                        got.try_send(value).unwrap();
                    })
                })
                .collect();
            yield_now().await;
            while values.try_send(sent).is_ok() {
                sent += 1;
            }
            for receiver in receivers {
                receiver.cancel();
                let _ = receiver.await;
            }
        }
        let mut all: Vec<_> =
            [&values, &got].into_iter().flat_map(|ch| std::iter::from_fn(|| ch.try_recv().ok())).collect();
        all.sort_unstable();
        assert!(all.iter().copied().eq(0..sent), "{sent} sent, got {all:?}");
        // On several threads the receivers may be late, and there is no room for any.
        assert!(capacity == 0 || sent > 0);
    }
});

// X6: asked to stop by many threads, many times, while it finishes, or panics: it ends once.
#[test]
fn x6_many_threads_cancel_against_finish_and_panic() {
    watched(|| {
        let runtime = workers(2);
        for round in 0..if cfg!(miri) { 2 } else { 200 } {
            let gone = Count::default();
            let caught = catch_unwind(AssertUnwindSafe(|| {
                runtime.run(async |s| {
                    let task = s.spawn({
                        let (gone, polls) = (gone.on_drop(), Count::default());
                        async move {
                            let _gone = gone;
                            ready_after(3, polls).await;
                            assert!(round % 2 == 0, "it panics");
                        }
                    });
                    std::thread::scope(|threads| {
                        for _ in 0..3 {
                            threads.spawn(|| (0..3).for_each(|_| task.cancel()));
                        }
                        threads.spawn(|| s.cancel());
                    });
                    let _ = task.await;
                });
            }));
            if let Err(payload) = caught {
                assert_eq!(payload.downcast_ref::<&str>(), Some(&"it panics"));
            }
            assert_eq!(gone.get(), 1);
        }
    });
}

// P3, P1, X1: destructors that panic while their tasks are cancelled: all run, and the first payload is raised.
on_every_kind!(p3_panics_in_destructors_while_cancelling, async |s| {
    let gone = Count::default();
    let count = gone.clone();
    let group = s.group(async move |g| {
        let started = Chan::new(8);
        for _ in 0..8 {
            let (started, gone) = (started.clone(), count.on_drop());
            g.go(async move {
                let _gone = gone;
                let _bomb = Then(|| panic!("destructor"));
                started.send(()).await.unwrap();
                for_ever().await;
            });
        }
        for _ in 0..8 {
            started.recv().await;
        }
        g.cancel();
        for_ever().await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"destructor"));
    assert_eq!(gone.get(), 8);
});

// X6, P1: a cancel while the scope fails, from the destructors that the failure runs.
on_every_kind!(x6_cancel_during_a_panic, async |s| {
    let gone = Count::default();
    let count = gone.clone();
    let group = s.group(async move |g| {
        for n in 0..4 {
            let (inner, gone) = (g.clone(), count.on_drop());
            g.go(async move {
                let _gone = gone;
                let _cancels = Then(move || inner.cancel());
                yield_now().await;
                assert!(n != 2, "number two");
                for_ever().await;
            });
        }
        let (inner, gone) = (g.clone(), count.on_drop());
        let _gone = gone;
        let _cancels = Then(move || inner.cancel());
        for_ever().await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"number two"));
    assert_eq!(gone.get(), 5);
});

// X6, S5: destructors that cancel themselves, others and their scope, open groups and spawn: no lock is held, nothing runs.
on_every_kind!(s5_destructors_that_spawn_while_cancelling, async |s| {
    let (gone, polled) = (Count::default(), Count::default());
    s.group(async |g| {
        let started = Chan::new(3);
        let others = Chan::unbounded();
        for _ in 0..3 {
            let (inner, gone, polled, others) = (g.clone(), gone.clone(), polled.clone(), others.clone());
            let ready = started.clone();
            let task = g.spawn(async move {
                let (group, counted) = (inner.clone(), gone.on_drop());
                let _at_end = Then(move || {
                    let _counted = &counted;
                    inner.cancel();
                    let (late, polled) = (gone.on_drop(), polled.clone());
                    inner.go(async move {
                        let _late = late;
                        polled.add();
                    });
                    assert!(inner.group(async |h| h.cancel()).now_or_never().is_some());
                });
                ready.send(()).await.unwrap();
                group.group(async |_| for_ever().await).await;
            });
            others.send(task).await.unwrap();
        }
        for _ in 0..3 {
            started.recv().await;
        }
        let first = others.recv().await.unwrap();
        first.cancel();
        drop(first.await);
    })
    .await;
    assert_eq!((gone.get(), polled.get()), (6, 0));
});

// S5, X2: tasks that spawn while their scope is cancelled from elsewhere: each child is refused or cancelled, none is left.
#[test]
fn s5_spawning_against_a_cancel() {
    watched(|| {
        let runtime = workers(2);
        for _ in 0..if cfg!(miri) { 2 } else { 200 } {
            let (made, gone) = (Count::default(), Count::default());
            let over = AtomicBool::new(false);
            runtime.run(async |s| {
                s.group(async |g| {
                    for _ in 0..2 {
                        let (inner, made, gone, over) = (g.clone(), made.clone(), gone.clone(), &over);
                        g.go(async move {
                            while !over.load(Ordering::Acquire) {
                                for direct in [true, false] {
                                    made.add();
                                    let child = gone.on_drop();
                                    let work = async move {
                                        let _child = child;
                                        for_ever().await;
                                    };
                                    if direct {
                                        inner.go(work);
                                    } else {
                                        // A group that is opened in the middle of it, and dropped with its task.
                                        let mut nested = Box::pin(inner.group(async |h| h.go(work)));
                                        assert!(nested.as_mut().now_or_never().is_none_or(|()| inner.is_cancelled()));
                                    }
                                }
                                yield_now().await;
                            }
                        });
                    }
                    yield_now().await;
                    std::thread::scope(|threads| {
                        threads.spawn(|| g.cancel());
                        threads.spawn(|| g.cancel());
                    });
                    over.store(true, Ordering::Release);
                })
                .await;
                assert_eq!(made.get(), gone.get());
            });
        }
    });
}

/// How far a group's future gets before it is given up.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Unpolled,
    InBody,
    WaitingForTasks,
    ReadyButUnpolled,
}

const STAGES: [Stage; 4] = [Stage::Unpolled, Stage::InBody, Stage::WaitingForTasks, Stage::ReadyButUnpolled];

// S4, R3: a group's future that is dropped, or forgotten, in any stage: its tasks are cancelled, or run on; the root waits for
// them.
on_every_kind!(s4_a_group_given_up_in_every_stage, async |s| {
    for stage in STAGES {
        for forgotten in [false, true] {
            let (gone, started, go_on) = (Count::default(), Chan::new(1), Chan::<()>::new(0));
            let (task, body) = (gone.on_drop(), gone.on_drop());
            let (ready, end, wait) = (started.clone(), go_on.clone(), go_on.clone());
            let mut group = Box::pin(s.group(async move |g| {
                let _body = body;
                g.go(async move {
                    let _task = task;
                    ready.send(()).await.unwrap();
                    end.recv().await;
                });
                if stage == Stage::InBody {
                    wait.recv().await;
                    for_ever().await;
                }
            }));
            if stage != Stage::Unpolled {
                start(&mut group).await;
                started.recv().await;
            }
            if stage == Stage::ReadyButUnpolled {
                go_on.close();
                while gone.get() < 2 {
                    yield_now().await;
                }
            }
            if forgotten {
                orion_tests::leaks_on_purpose("forgets a group's future");
                std::mem::forget(group);
                go_on.close();
            } else {
                drop(group);
            }
            // Of a forgotten future the body stays, and before its first poll the task is in it.
            let left = match (forgotten, stage) {
                (true, Stage::Unpolled) => 2,
                (true, Stage::InBody) => 1,
                _ => 0,
            };
            while gone.get() < 2 - left {
                yield_now().await;
            }
        }
    }
});

// S3, X2: a group's future that another task goes on polling stays the first one's: that is complete when the group's tasks are,
// and a cancel of it reaches them, while the other gets the body's value.
on_every_kind!(s3_a_group_that_moves_to_another_task, async |s| {
    let (hand_over, gone, started) = (Chan::new(1), Count::default(), Chan::new(1));
    let first = s.spawn({
        let (g, give, below, ready) = ((*s).clone(), hand_over.clone(), gone.on_drop(), started.clone());
        async move {
            let mut group = Box::pin(g.group(async move |h| {
                let child = h.spawn(async move {
                    let _below: OnDrop = below;
                    ready.send(()).await.unwrap();
                    for_ever().await;
                });
                child.await.is_err()
            }));
            start(&mut group).await;
            give.send(group).await.unwrap();
            "returned"
        }
    });
    started.recv().await;
    let group = hand_over.recv().await.unwrap();
    let second = s.spawn(group);
    yield_now().await;
    assert!(!first.is_finished() && !second.is_finished());
    first.cancel();
    assert!(second.await.unwrap(), "the child was cancelled");
    assert_eq!(first.await.unwrap(), "returned");
    assert_eq!(gone.get(), 1);
});

// X6, X2: a task that cancels itself, and one that cancels what it is below of, end at their next suspension.
on_every_kind!(x6_tasks_that_cancel_themselves, async |s| {
    s.group(async |g| {
        let (inner, handles) = (g.clone(), Chan::new(1));
        let own = handles.clone();
        let task = g.spawn(async move {
            let me: orion_rt::JoinHandle<'_, (), _> = own.recv().await.unwrap();
            me.cancel();
            inner.group(async |h| h.cancel()).await;
            assert!(orion_rt::is_cancelled());
            yield_now().await;
            unreachable!("it is cancelled");
        });
        handles.send(task).await.unwrap();
    })
    .await;
});

// P4 is not in the way: a panic of the body while its tasks' destructors panic too.
#[test]
fn p1_the_first_of_many_panics() {
    watched(|| {
        let caught = catch_unwind(|| {
            run(async |s| {
                for _ in 0..3 {
                    s.go(async {
                        let _bomb = Then(|| panic!("later"));
                        for_ever().await;
                    });
                }
                yield_now().await;
                let _bomb = Then(|| s.cancel());
                panic!("first");
            });
        });
        assert_eq!(panic_message(caught), "first");
    });
}

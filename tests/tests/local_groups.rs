//! Local groups: children polled inside the calling task, what they may borrow, and in which order they run (S4, Y1, Y4, D6, I1, J8).
//! How they end: `local_children.rs`.

use std::future::Future;
use std::panic::catch_unwind;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use orion_rt::{Chan, JoinHandle, Local, LocalGroup, TaskState, dumper, run, select, task_local, yield_now};
use orion_tests::{Count, Then, begin, for_ever, on_every_kind, panic_message, poll_once, watched, workers};

// Children borrow the caller's own variables, mutably too, and are gone when the call is over.
on_every_kind!(children_borrow_from_the_caller, async |s| {
    let mut x = 0;
    let mut list = Vec::new();
    let words = [String::from("a"), String::from("bc")];
    let returned = s
        .local(async |g| {
            g.go(async {
                yield_now().await;
                x += 1;
            });
            g.go(async { list.push(words[0].len()) });
            let length = g.spawn(async { words[1].len() });
            g.clone().go(async { assert_eq!(words.len(), 2) });
            length.await.unwrap()
        })
        .await;
    assert_eq!((x, list, returned), (1, vec![1], 2));
});

// The bodies of functions that take the group.
#[test]
fn helpers_take_a_reference() {
    async fn all<'a>(g: &LocalGroup<'a, Local>, counts: &'a mut [u32]) {
        for count in counts {
            g.go(async move { *count += 1 });
        }
        yield_now().await;
    }
    async fn any(g: &LocalGroup<'_>) -> u32 {
        let one = g.spawn(async { 1 });
        one.await.unwrap() + g.spawn(async { 2 }).get().await
    }
    fn chain<'a>(g: &LocalGroup<'a>, depth: u32) -> Pin<Box<dyn Future<Output = u32> + Send + 'a>> {
        let g = g.clone();
        Box::pin(async move { if depth == 0 { 0 } else { g.spawn(chain(&g, depth - 1)).await.unwrap() + 1 } })
    }
    let mut counts = [0; 3];
    run(async |s| s.local(async |g| all(&g, &mut counts).await).await);
    assert_eq!(counts, [1; 3]);
    let sum = workers(2).run(async |s| s.local(async |g| any(&g).await + chain(&g, 5).await).await);
    assert_eq!(sum, 8);
}

// On `Multi` the future is `Send`: a task of a worker may await it, with borrows of its own variables.
#[test]
fn a_local_group_inside_a_task_of_a_worker() {
    watched(|| {
        let runtime = workers(2);
        let total = runtime.run(async |s| {
            let handles: Vec<_> = (0..4_u64)
                .map(|i| {
                    s.spawn(async move {
                        let mut sum = 0;
                        let own = [i, i + 1];
                        s.local(async |g| {
                            let (a, b) = (g.spawn(async { own[0] }), g.spawn(async { own[1] }));
                            yield_now().await;
                            g.go(async { sum = a.await.unwrap() + b.await.unwrap() });
                        })
                        .await;
                        sum
                    })
                })
                .collect();
            let mut total = 0;
            for handle in handles {
                total += handle.await.unwrap();
            }
            total
        });
        assert_eq!(total, 16);
    });
}

// Children run in the order of their wake-ups, the body first, and only those that were woken.
#[test]
fn only_woken_children_are_polled_in_the_order_of_wake_ups() {
    run(async |s| {
        let order = Mutex::new(Vec::new());
        let polls = [Count::default(), Count::default()];
        let gate = Chan::new(1);
        s.local(async |g| {
            for i in 0..2 {
                let (order, polls, gate) = (&order, &polls, &gate);
                g.go(async move {
                    let mut wait = pin!(gate.recv());
                    std::future::poll_fn(|cx| {
                        polls[i].add();
                        wait.as_mut().poll(cx)
                    })
                    .await;
                    order.lock().unwrap().push(i);
                });
            }
            g.go(async { order.lock().unwrap().push(2) });
            order.lock().unwrap().push(9);
            for polls in &polls {
                for _ in 0..5 {
                    yield_now().await;
                }
                assert_eq!(polls.get(), 1);
                gate.send(()).await.unwrap();
            }
        })
        .await;
        assert_eq!(*order.lock().unwrap(), [9, 2, 0, 1]);
        assert_eq!((polls[0].get(), polls[1].get()), (2, 2));
    });
}

// Y4: children that never stop waking each other leave turns to other tasks. Y1: one that yields lets other tasks run first.
on_every_kind!(y4_a_busy_group_leaves_turns_to_other_tasks, async |s| {
    let stop = Chan::<()>::new(1);
    let signal = stop.clone();
    s.go(async move {
        for _ in 0..10 {
            yield_now().await;
        }
        signal.close();
    });
    s.local(async |g| {
        let balls = [Chan::unbounded(), Chan::unbounded()];
        balls[0].send(0_u32).await.unwrap();
        let [left, right] = &balls;
        let play = async |from: &Chan<u32>, to: &Chan<u32>| {
            while let Some(n) = from.recv().await {
                to.send(n + 1).await.unwrap();
            }
        };
        g.go({
            let (left, right) = (left.clone(), right.clone());
            async move { play(&left, &right).await }
        });
        g.go({
            let (left, right) = (left.clone(), right.clone());
            async move { play(&right, &left).await }
        });
        while !stop.is_closed() {
            yield_now().await;
        }
        g.cancel();
    })
    .await;
});

// A handle of a child may go to a plain thread, which blocks for it.
#[test]
fn a_plain_thread_joins_a_child() {
    watched(|| {
        let runtime = workers(2);
        runtime.run(async |s| {
            let (give, take) = Chan::new(1).split();
            std::thread::scope(|threads| {
                let thread = threads.spawn(move || {
                    let child: JoinHandle<'_, u32> = take.recv_blocking().unwrap();
                    child.join_blocking().unwrap()
                });
                futures::executor::block_on(async {
                    s.local(async |g| assert!(give.send(g.spawn(async { 6 })).await.is_ok())).await;
                });
                assert_eq!(thread.join().unwrap(), 6);
            });
        });
    });
}

// Y2: a local group gets on in a turn whose budget another has spent, one child at a time: behind a future that spends that of each
// turn, and inside another executor, which never ends the turn.
on_every_kind!(y2_a_local_group_gets_on_when_the_budget_is_spent, async |s| {
    let spend = async || {
        let ch = Chan::new(1);
        for _ in 0..if cfg!(miri) { 70 } else { 1000 } {
            ch.send(()).await.unwrap();
            ch.recv().await;
        }
    };
    let busy = async {
        loop {
            spend().await;
        }
    };
    let sum = s.local(async |g| g.spawn(async { 1 }).get().await + g.spawn(async { 2 }).get().await);
    select! {
        biased;
        () = busy => unreachable!(),
        sum = sum => assert_eq!(sum, 3),
    }
    futures::executor::block_on(async {
        spend().await;
        let group = s.local(async |g| g.spawn(spend()).get().await);
        group.await;
    });
});

// Local groups nest, and a group inside a local group is waited for by the task.
on_every_kind!(groups_of_both_sorts_nest, async |s| {
    let mut sum = 0;
    s.local(async |outer| {
        let inner = s.local(async |inner| {
            let a = inner.spawn(async { 1 });
            let b = outer.spawn(async { 2 });
            inner.spawn(async move { a.await.unwrap() + b.await.unwrap() }).get().await
        });
        let below = outer.spawn(s.group(async |g| g.spawn(async { 4 }).get().await));
        sum = inner.await + below.await.unwrap();
    })
    .await;
    assert_eq!(sum, 7);
});

// The teardown of a thousand nested local groups, when they end and when they are dropped half-way.
#[test]
fn a_thousand_levels() {
    type Boxed<'a> = Pin<Box<dyn Future<Output = usize> + 'a>>;
    fn nest<'a>(s: &'a orion_rt::Group<'_, Local>, depth: usize, hang: bool) -> Boxed<'a> {
        Box::pin(async move {
            if depth == 0 {
                if hang {
                    for_ever().await;
                }
                return 0;
            }
            s.local(async |g| g.spawn(nest(s, depth - 1, hang)).get().await + 1).await
        })
    }
    let depth = if cfg!(miri) { 20 } else { 1000 };
    let deep = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
        run(async |s| {
            assert_eq!(nest(s, depth, false).await, depth);
            let mut hanging = nest(s, depth, true);
            begin(hanging.as_mut()).await;
            drop(hanging);
        });
    });
    deep.unwrap().join().unwrap();
}

// D6: a task that waits for a local group says where.
on_every_kind!(d6_the_wait_is_noted_with_its_place, async |s| {
    let stop = Chan::<()>::new(0);
    let wait = stop.clone();
    let line = line!() + 3;
    s.task().name("opener").go(async move {
        let waits = async || assert_eq!(wait.recv().await, None);
        s.local(async |g| {
            g.go(waits());
            g.go(waits());
        })
        .await;
    });
    loop {
        yield_now().await;
        let dump = dumper().unwrap().dump();
        let opener = dump.tasks().iter().find(|task| &*task.name == "opener").expect("it lives");
        if opener.state == TaskState::Parked {
            let at = opener.waits[0].location().unwrap();
            assert!(at.file().ends_with("local_groups.rs") && at.line() == line, "{opener}");
            break;
        }
    }
    stop.close();
});

// I1, C6: the future is polled by hand, with changing wakers; a wake-up of a child wakes the last one. It may be forgotten.
#[test]
fn a_child_wakes_the_last_waker_of_the_group() {
    run(async |s| {
        let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
        let go = Arc::new(Mutex::new(false));
        let (keep, ready) = (Arc::clone(&kept), Arc::clone(&go));
        let mut group = pin!(s.local(async move |g| {
            g.go(std::future::poll_fn(move |cx| {
                *keep.lock().unwrap() = Some(cx.waker().clone());
                if *ready.lock().unwrap() { Poll::Ready(()) } else { Poll::Pending }
            }));
        }));
        let (first, second) = (Count::default(), Count::default());
        assert!(poll_once(group.as_mut(), &first).is_pending());
        assert!(poll_once(group.as_mut(), &second).is_pending());
        *go.lock().unwrap() = true;
        let waker = kept.lock().unwrap().take().unwrap();
        let elsewhere = waker.clone();
        std::thread::spawn(move || elsewhere.wake()).join().unwrap();
        waker.wake_by_ref();
        assert_eq!((first.get(), second.get()), (0, 1));
        assert!(poll_once(group.as_mut(), &second).is_ready());
        waker.wake();
        assert_eq!(second.get(), 1);

        let mut forgotten = Box::pin(s.local(async |g| {
            g.go(for_ever());
            for_ever().await;
        }));
        assert!(poll_once(forgotten.as_mut(), &second).is_pending());
        orion_tests::leaks_on_purpose("forgets a local group's future");
        std::mem::forget(forgotten);
    });
}

// On `Local` children need not be `Send`, nor their outputs.
#[test]
fn children_of_run_need_not_be_send() {
    run(async |s| {
        let shared = Rc::new(1);
        let twice = s.local(async |g| {
            let child = g.spawn(async { Rc::clone(&shared) });
            yield_now().await;
            *child.await.unwrap() * 2
        });
        assert_eq!(twice.await, 2);
    });
}

// J8: under a strict root a child's handle is joined or released, like any; a child that is cut short is excused. A join set that
// is dropped has released its tasks.
#[test]
fn j8_a_childs_handle_that_was_not_used_is_named() {
    let strict = || orion_rt::Runtime::builder().strict(true).build_local().unwrap();
    let dropped = catch_unwind(|| strict().run(async |s| s.local(async |g| drop(g.spawn(async {}))).await));
    let message = panic_message(dropped);
    assert!(message.starts_with("strict mode: 1 thing was left open"), "{message}");
    assert!(message.contains("child of a local group") && message.contains("local_groups.rs:"), "{message}");
    strict().run(async |s| {
        s.local(async |g| {
            g.spawn(async {}).release();
            g.spawn(async {}).await.unwrap();
            let inner = g.clone();
            let child = g.spawn(async move {
                let _open = inner.spawn(for_ever());
                for_ever().await;
            });
            yield_now().await;
            child.cancel();
            drop(child.await);
            g.cancel();
        })
        .await;
        let mut set = s.join_set();
        set.spawn(async { 1 });
        set.spawn(async { 2 });
        assert!(set.next().await.is_some());
        drop(set);
    });
}

task_local! {
    static REQUEST: u32;
}

// `task_local!`: a child inherits what is set where it is spawned, and sees it in every poll and in its destructors; the body and
// its siblings keep theirs.
on_every_kind!(a_child_inherits_task_locals, async |s| {
    let seen = Mutex::new(Vec::new());
    let look = |seen: &Mutex<Vec<u32>>| seen.lock().unwrap().push(REQUEST.try_get().unwrap_or(0));
    s.local(async |g| {
        let child = async || {
            look(&seen);
            yield_now().await;
            look(&seen);
        };
        g.go(child());
        REQUEST.scope(7, async { g.go(child()) }).await;
        let hanging = REQUEST.scope(8, async {
            g.spawn(async {
                let _last = Then(|| look(&seen));
                for_ever().await;
            })
        });
        let hanging = hanging.await;
        yield_now().await;
        hanging.cancel();
        drop(hanging.await);
        look(&seen);
    })
    .await;
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    assert_eq!(seen, [0, 0, 0, 7, 7, 8]);
});

//! tokio's `task_abort.rs`, `rt_common.rs`, `rt_basic.rs` and the cancel-safety tests of `sync_mpsc.rs`. What is different: a task's panic is
//! its scope's (P1), so a joiner outside sees it; nothing is detached.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use futures::FutureExt;
use orion_rt::{Chan, SendError, TaskError, run, select, yield_now};
use orion_tests::{Count, Then, for_ever, now, on_every_kind, panic_message, poll_once, watched, workers};

use crate::{receivers_park, senders_park};

// X1, J5 (test_abort_without_panic_3157, 3662): a task parked for ever is dropped on request, before its joiner goes on.
on_every_kind!(a_parked_task_is_dropped_on_request, async |s| {
    let (dropped, parked) = (Count::default(), Chan::new(0));
    let (counted, tell) = (dropped.on_drop(), parked.clone());
    let task = s.spawn(async move {
        let _counted = counted;
        tell.send(()).await.unwrap();
        for_ever().await;
    });
    parked.recv().await;
    task.cancel();
    assert!(matches!(task.await, Err(TaskError::Cancelled)));
    assert_eq!(dropped.get(), 1);
    // Whatever is spawned then runs as ever.
    s.spawn(yield_now()).await.unwrap();
});

// X6 (test_abort_without_panic_3662): the request comes from another thread.
#[test]
fn a_request_from_another_thread() {
    watched(|| {
        workers(1).run(async |s| {
            let task = s.spawn(for_ever());
            thread::scope(|threads| _ = threads.spawn(|| task.cancel()));
            assert!(matches!(task.await, Err(TaskError::Cancelled)));
        });
    });
}

// R1, X1 (remote_abort_local_set_3929): what is not `Send` is dropped on its own thread, whoever asked. On `Local` only tasks of the
// thread can ask; a waker that wakes from elsewhere must not drop it there either.
#[test]
fn what_is_not_send_is_dropped_at_home() {
    struct Home(thread::ThreadId, Rc<()>);
    impl Drop for Home {
        fn drop(&mut self) {
            assert_eq!(self.0, thread::current().id());
            assert_eq!(Rc::strong_count(&self.1), 1);
        }
    }
    watched(|| {
        run(async |s| {
            let home = Home(thread::current().id(), Rc::new(()));
            let away = Arc::new(std::sync::Mutex::new(None::<Waker>));
            let keep = Arc::clone(&away);
            let task = s.spawn(async move {
                poll_fn(|cx| {
                    *keep.lock().unwrap() = Some(cx.waker().clone());
                    Poll::<()>::Pending
                })
                .await;
                drop(home);
            });
            yield_now().await;
            let waker = away.lock().unwrap().take().unwrap();
            let elsewhere = thread::spawn(move || waker.wake());
            task.cancel();
            assert!(matches!(task.await, Err(TaskError::Cancelled)));
            elsewhere.join().unwrap();
        });
    });
}

// X1, J3 (test_abort_wakes_task_3964): a request takes effect though the handle is dropped at once.
on_every_kind!(a_request_outlives_its_handle, async |s| {
    let (dropped, parked) = (Count::default(), Chan::new(0));
    let (counted, tell) = (dropped.on_drop(), parked.clone());
    let task = s.spawn(async move {
        let _counted = counted;
        tell.send(()).await.unwrap();
        for_ever().await;
    });
    parked.recv().await;
    task.cancel();
    drop(task);
    while dropped.get() == 0 {
        yield_now().await;
    }
});

// P3, P1 (test_abort_task_that_panics_on_drop_contained, .._returned): a panic of a destructor that a cancel has run is the task's, and goes
// to its scope.
on_every_kind!(a_destructor_panics_in_a_cancelled_task, async |s| {
    let outer = s;
    let group = outer.group(async |g| {
        let parked = Chan::new(0);
        let tell = parked.clone();
        let task = g.spawn(async move {
            let _bomb = Then(|| panic!("in the destructor"));
            tell.send(()).await.unwrap();
            for_ever().await;
        });
        parked.recv().await;
        task.cancel();
        drop(task);
        for_ever().await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"in the destructor"));
    outer.spawn(yield_now()).await.unwrap();
});

// P1 (test_join_error_display): what a joiner outside is told of a panic: the formatted text, the literal, or that there is none.
on_every_kind!(what_a_joiner_is_told_of_a_panic, async |s| {
    for (kind, said) in [(0, "value: 1234"), (1, "literal"), (2, "")] {
        let outcome = Chan::new(1);
        let give = outcome.clone();
        let outer = s;
        let group = outer.group(async move |g| {
            let task = g.spawn(async move {
                yield_now().await;
                match kind {
                    0 => panic!("value: {}", 1234),
                    1 => panic!("literal"),
                    _ => std::panic::panic_any(1234_i32),
                }
            });
            assert!(give.send(task).await.is_ok());
            for_ever().await;
        });
        assert!(AssertUnwindSafe(group).catch_unwind().await.is_err());
        let task: orion_rt::JoinHandle<'_, (), _> = outcome.recv().await.unwrap();
        let error = task.await.unwrap_err();
        let TaskError::Panicked(panic) = &error else { panic!("{error}") };
        assert!(panic.message().contains(said), "{}", panic.message());
        assert!(error.to_string().contains("panicked"), "{error}");
    }
});

// S1, J1 (spawn_many_from_task, spawn_await_chain): tasks that spawn tasks, and chains of joins.
on_every_kind!(tasks_spawn_tasks_and_join_them, async |s| {
    let total = s
        .spawn(async move {
            let tasks: Vec<_> = (0..20)
                .map(|i| {
                    s.spawn(async move { s.spawn(async move { s.spawn(async move { i }).get().await }).get().await })
                })
                .collect();
            let mut total = 0;
            for task in tasks {
                total += task.await.unwrap();
            }
            total
        })
        .await;
    assert_eq!(total.unwrap(), 190);
});

// R3, P1 (outstanding_tasks_dropped, eagerly_drops_futures_on_shutdown): a root that ends by a panic has dropped every future before
// it raises it.
#[test]
fn nothing_is_left_when_a_root_ends() {
    watched(|| {
        for n in [0, 2] {
            let left = Arc::new(());
            let hold = || Arc::clone(&left);
            let result = catch_unwind(AssertUnwindSafe(|| {
                if n == 0 {
                    run(async |s| {
                        let held = hold();
                        s.go(async move {
                            for_ever().await;
                            drop(held)
                        });
                        yield_now().await;
                        panic!("enough");
                    });
                } else {
                    workers(n).run(async |s| {
                        let held = hold();
                        s.go(async move {
                            for_ever().await;
                            drop(held)
                        });
                        yield_now().await;
                        panic!("enough");
                    });
                }
            }));
            assert_eq!(panic_message(result), "enough");
            assert_eq!(Arc::strong_count(&left), 1);
        }
    });
}

// R4 (nested_rt, create_rt_in_block_on): a runtime may be made inside a task; a root inside says what to do instead.
#[test]
fn a_root_inside_a_task_names_the_fix() {
    watched(|| {
        let message = panic_message(catch_unwind(|| {
            run(async |_| {
                let inner = workers(1);
                inner.run(async |_| {});
            });
        }));
        assert!(message.contains("group"), "{message}");
    });
}

// Y4, S6 (complete_block_on_under_load, complete_task_under_load): tasks that never stop running keep nobody from being heard.
on_every_kind!(busy_tasks_do_not_starve_the_body, async |s| {
    s.group(async |g| {
        let (done, result) = Chan::new(0).split();
        for _ in 0..4 {
            g.go(async {
                loop {
                    yield_now().await
                }
            });
        }
        g.go(async move { done.send(7).await.unwrap() });
        assert_eq!(result.recv().await, Some(7));
        g.cancel();
    })
    .await;
});

/// Ready at the second poll, as tokio's tests have it; wakes itself.
struct PanicsWhenPolled(Count);

impl Future for PanicsWhenPolled {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        panic!("polled");
    }
}

impl Drop for PanicsWhenPolled {
    fn drop(&mut self) {
        self.0.add();
    }
}

// P1 (panic_in_task, panic_in_block_on): a future that panics is dropped, once, before the panic is raised.
on_every_kind!(a_future_that_panics_is_dropped, async |s| {
    let dropped = Count::default();
    let future = PanicsWhenPolled(dropped.clone());
    let caught = AssertUnwindSafe(s.group(async move |g| g.go(future))).catch_unwind().await;
    assert_eq!((caught.unwrap_err().downcast_ref::<&str>(), dropped.get()), (Some(&"polled"), 1));
});

// S6, Y1 (no_extra_poll): a task is polled when something has happened, and not otherwise.
#[test]
fn no_poll_without_a_reason() {
    run(async |s| {
        let (tx, rx) = Chan::unbounded().split();
        let polls = Count::default();
        let counted = polls.clone();
        let mut work = Box::pin(async move { while rx.recv().await.is_some() {} });
        s.go(poll_fn(move |cx| {
            counted.add();
            work.as_mut().poll(cx)
        }));
        for _ in 0..3 {
            yield_now().await;
        }
        assert_eq!(polls.get(), 1);
        tx.send(()).await.unwrap();
        for _ in 0..3 {
            yield_now().await;
        }
        assert_eq!(polls.get(), 2);
        tx.send(()).await.unwrap();
        tx.send(()).await.unwrap();
        drop(tx);
        for _ in 0..3 {
            yield_now().await;
        }
        assert_eq!(polls.get(), 3, "two values and the end are one reason");
    });
}

// X1, P3 (acquire_mutex_in_drop, wake_in_drop_after_panic, wake_while_rt_is_dropping): tasks whose destructors wake each other, in whatever order
// they are torn down.
on_every_kind!(destructors_wake_tasks_that_are_torn_down, async |s| {
    for panics in [false, true] {
        let outer = s;
        let group = outer.group(async move |g| {
            let (a, b) = (Chan::<()>::new(1), Chan::<()>::new(1));
            for (mine, other) in [(a.clone(), b.clone()), (b.clone(), a.clone())] {
                g.go(async move {
                    let _wake = Then(move || _ = other.try_send(()));
                    mine.recv().await;
                    unreachable!("torn down before");
                });
            }
            receivers_park(&a, 1).await;
            receivers_park(&b, 1).await;
            g.cancel();
            assert!(!panics, "boom");
        });
        assert_eq!(AssertUnwindSafe(group).catch_unwind().await.is_err(), panics);
    }
});

// C9, J6 (wake_by_ref_from_thread_local, wake_by_val_from_thread_local): a waker that a thread-local's destructor wakes when the root, the
// runtime and most of the thread have gone.
#[test]
#[cfg_attr(miri, ignore = "the order of destructors of thread-locals is the platform's")]
fn a_waker_wakes_in_the_destructor_of_a_thread_local() {
    struct Late(Option<Waker>, bool, std::sync::mpsc::Sender<()>);
    impl Drop for Late {
        fn drop(&mut self) {
            let waker = self.0.take().unwrap();
            if self.1 {
                waker.wake_by_ref();
            } else {
                waker.wake();
            }
            self.2.send(()).unwrap();
        }
    }
    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    watched(|| {
        for (multi, by_ref) in [(false, false), (false, true), (true, false), (true, true)] {
            let (done, is_done) = std::sync::mpsc::channel();
            thread::spawn(move || {
                let keep = poll_fn(move |cx| {
                    let late = Late(Some(cx.waker().clone()), by_ref, done.clone());
                    LATE.with(|tl| *tl.borrow_mut() = Some(late));
                    Poll::Ready(())
                });
                if multi {
                    workers(1).run(async |s| s.spawn(keep).await.unwrap());
                } else {
                    run(async |s| s.spawn(keep).await.unwrap());
                }
            })
            .join()
            .unwrap();
            is_done.recv().unwrap();
        }
    });
}

// C6, X5 (sync_mpsc: the permits of a bounded channel): a sender that gives up waiting takes its value and its place with it; who is behind
// it moves up.
on_every_kind!(a_sender_that_gives_up_lets_the_next_in, async |s| {
    let chan = Chan::new(1);
    chan.send(0).await.unwrap();
    let (first, second) = (chan.clone(), chan.clone());
    let impatient = s.spawn(async move { first.send(1).await });
    senders_park(&chan, 1).await;
    let patient = s.spawn(async move { second.send(2).await });
    senders_park(&chan, 2).await;
    impatient.cancel();
    assert!(matches!(impatient.await, Err(TaskError::Cancelled)));
    assert_eq!(chan.inspect().senders_waiting, 1);
    assert_eq!((chan.recv().await, chan.recv().await), (Some(0), Some(2)));
    patient.await.unwrap().unwrap();
});

// C6, X5 (sync_mpsc: ready_close_cancel_bounded, permit_available_not_acquired_close): a close between a hand-over and its end.
#[test]
fn a_close_between_hand_over_and_poll() {
    let chan = Chan::new(0);
    let wakes = Count::default();
    let mut receive = Box::pin(chan.recv());
    assert!(poll_once(receive.as_mut(), &wakes).is_pending());
    chan.try_send(1).unwrap();
    assert_eq!(wakes.get(), 1);
    chan.close();
    // X5: what was handed over is still delivered, to this receiver or, if it goes, to the next.
    drop(receive);
    assert_eq!(now(chan.recv()), Some(1));
    assert_eq!(now(chan.recv()), None);

    let full = Chan::new(1);
    full.try_send(0).unwrap();
    let mut send = Box::pin(full.send(1));
    assert!(poll_once(send.as_mut(), &wakes).is_pending());
    assert_eq!(full.try_recv(), Ok(0), "the waiting sender's value takes the place");
    full.close();
    assert_eq!(now(send), Ok(()));
    assert_eq!((now(full.recv()), now(full.recv())), (Some(1), None));
}

// C6, X5 (sync_mpsc: recv in a select! that something else wins): a receive that loses loops away no value.
on_every_kind!(a_receive_in_a_loop_of_selects_loses_nothing, async |s| {
    let total = if cfg!(miri) { 20 } else { 1000 };
    for capacity in [0, 1, 16] {
        let (tx, rx) = Chan::new(capacity).split();
        s.go(async move {
            for i in 0..total {
                tx.send(i).await.unwrap();
            }
        });
        let mut next = 0;
        loop {
            select! {
                v = rx.recv() => match v {
                    Some(v) => {
                        assert_eq!(v, next);
                        next += 1;
                    }
                    None => break,
                },
                () = yield_now() => {}
            }
        }
        assert_eq!(next, total);
    }
});

// C6 (sync_mpsc: release_waker_on_rx_drop): a waiting operation that is dropped gives its waker back at once.
#[test]
fn a_dropped_operation_gives_its_waker_back() {
    struct Silent;
    impl Wake for Silent {
        fn wake(self: Arc<Self>) {}
    }
    let silent = Arc::new(Silent);
    let waker = Waker::from(Arc::clone(&silent));
    let mut cx = Context::from_waker(&waker);
    let (empty, full) = (Chan::<u8>::new(1), Chan::new(0));
    let mut receive = Box::pin(empty.recv());
    let mut send = Box::pin(full.send(1));
    let mut choose = Box::pin(async {
        select! { v = <-empty => v, full <- 2 => None }
    });
    assert!(receive.as_mut().poll(&mut cx).is_pending());
    assert!(send.as_mut().poll(&mut cx).is_pending());
    assert!(choose.as_mut().poll(&mut cx).is_pending());
    assert_eq!(Arc::strong_count(&silent), 5);
    drop(receive);
    drop(send);
    drop(choose);
    assert_eq!(Arc::strong_count(&silent), 2);
}

// C3, C4 (sync_mpsc: try_recv_after_receiver_close, try_send_fail, dropping_rx_closes_channel): the last receiver to go closes; the value comes back.
#[test]
fn the_last_receiver_closes() {
    let (tx, rx) = Chan::new(2).split();
    let more = rx.clone();
    tx.try_send(Arc::new(())).unwrap();
    drop(rx);
    assert!(!tx.is_closed());
    drop(more);
    assert!(tx.is_closed());
    let value = Arc::new(());
    let SendError(back) = now(tx.send(Arc::clone(&value))).unwrap_err();
    assert!(Arc::ptr_eq(&value, &back));
}

//! Entry and runtimes: rules R1 to R8.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

use orion_rt::{Chan, run, yield_now};
use orion_tests::{Count, Then, on_every_kind, panic_message, watched, workers};

const TASKS: u64 = if cfg!(miri) { 10 } else { 100 };

// R1, R3: the value comes back, and the root waits for tasks nobody joins.
on_every_kind!(r3_the_root_waits_for_every_task, async |s| {
    let n = Count::default();
    let read = n.clone();
    for _ in 0..100 {
        let n = n.clone();
        s.go(async move {
            yield_now().await;
            n.add();
        });
    }
    let inner = s.spawn(async move { 7 });
    assert_eq!(inner.await.unwrap(), 7);
    s.keep(Then(move || assert_eq!(read.get(), 100)));
});

// S7, R8: kept values are dropped when all tasks are gone, last first.
#[test]
fn r8_kept_values_are_dropped_last_first() {
    let order = std::cell::RefCell::new(Vec::new());
    run(async |s| {
        for i in 0..3 {
            let order = &order;
            s.keep(Then(move || order.borrow_mut().push(i)));
        }
    });
    assert_eq!(order.into_inner(), [2, 1, 0]);
}

// R8, P3: a kept value's destructor panics with a payload whose own destructor panics, and it is not the first: all the others are
// dropped, and the first payload is the root's.
#[test]
fn r8_a_payload_that_panics_keeps_no_kept_value_from_its_drop() {
    orion_tests::leaks_on_purpose("what a payload's destructor panics with is forgotten");
    let drops = Count::default();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        run(async |s| {
            s.keep(drops.on_drop());
            s.keep(Then(|| panic_any(Then(|| panic!("the payload's destructor")))));
            s.keep(Then(|| panic!("the first")));
        });
    }));
    assert_eq!(panic_message(caught), "the first");
    assert_eq!(drops.get(), 1);
}

// R4: a root inside a task is refused with the fix's name; several roots share the workers.
#[test]
fn r4_roots_do_not_nest_and_do_share() {
    watched(|| {
        for nested in [
            (|| run(async |_| run(async |_| ()))) as fn(),
            || run(async |s| s.spawn(async { run(async |_| ()) }).await.unwrap()),
            || workers(1).run(async |_| run(async |_| ())),
            || workers(1).run(async |s| s.spawn(async { workers(1).run(async |_| ()) }).await.unwrap()),
        ] {
            let message = panic_message(catch_unwind(nested));
            assert!(message.contains("group"), "{message}");
        }
        let runtime = workers(2);
        std::thread::scope(|threads| {
            for i in 0..if cfg!(miri) { 2 } else { 6_u64 } {
                let runtime = &runtime;
                threads.spawn(move || {
                    let sum = runtime.run(async |s| {
                        let handles: Vec<_> = (0..TASKS).map(|k| s.spawn(async move { i * k })).collect();
                        let mut sum = 0;
                        for handle in handles {
                            sum += handle.await.unwrap();
                        }
                        sum
                    });
                    assert_eq!(sum, i * TASKS * (TASKS - 1) / 2);
                });
            }
        });
    });
}

// R5: a runtime that is dropped while its workers still start ends them all. (Miri found a worker that missed its wake-up.)
#[test]
fn r5_a_runtime_dropped_at_once_ends() {
    watched(|| (0..if cfg!(miri) { 8 } else { 200 }).for_each(|_| drop(workers(2))));
}

// R6: a bad setting is an error in the setting's own name.
#[test]
fn r6_bad_settings_say_what_to_do() {
    let error = orion_rt::Runtime::builder().workers(0).build().unwrap_err();
    assert!(error.to_string().contains("workers(0)") && error.to_string().contains("build_local"));
    let builder = || orion_rt::Runtime::builder();
    let error = builder().deterministic(true).build().unwrap_err();
    assert!(error.to_string().contains("deterministic") && error.to_string().contains("build_local"), "{error}");
    let error = builder().deterministic(true).workers(2).build_local().unwrap_err();
    assert!(error.to_string().contains("workers") && error.to_string().contains("deterministic"), "{error}");
    assert!(builder().deterministic(true).workers(1).build_local().is_ok());
    let error = builder().thread_name("a\0b").build().unwrap_err();
    assert!(error.to_string().contains("thread_name"), "{error}");
    let error = builder().workers(70_000).build().unwrap_err();
    assert!(error.to_string().contains("workers"), "{error}");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    let error = builder().workers(3).build_local().unwrap_err();
    assert!(error.to_string().contains("workers") && error.to_string().contains("build_local"));
}

// R1: futures and values need not be Send, for the body of a Multi root too.
#[test]
fn r1_local_futures_need_not_be_send() {
    let value = run(async |s| {
        let rc = std::rc::Rc::new(3);
        let task = s.spawn({
            let rc = std::rc::Rc::clone(&rc);
            async move {
                yield_now().await;
                rc
            }
        });
        task.await.unwrap()
    });
    assert_eq!(*value, 3);
    let value = workers(2).run(async |_| {
        let rc = std::rc::Rc::new(4);
        yield_now().await;
        rc
    });
    assert_eq!(*value, 4);
}

// R3: a Local task woken from other threads, after the root's end too.
#[test]
fn r3_wakers_work_from_any_thread() {
    watched(|| {
        for _ in 0..if cfg!(miri) { 1 } else { 50 } {
            run(async |s| {
                let chan = Chan::new(0);
                let send = chan.clone();
                let thread = std::thread::spawn(move || (0..20).for_each(|i| send.send_blocking(i).unwrap()));
                let task = s.spawn(async move {
                    let mut sum = 0;
                    for _ in 0..20 {
                        sum += chan.recv().await.unwrap();
                    }
                    sum
                });
                assert_eq!(task.await.unwrap(), 190);
                thread.join().unwrap();
            });
        }
    });
}

// R4: a destructor that the runtime runs between two polls is inside it as well.
#[test]
fn r4_no_root_inside_the_destructor_of_a_result() {
    struct Nests<'a>(&'a orion_rt::LocalRuntime, &'a Count);
    impl Drop for Nests<'_> {
        fn drop(&mut self) {
            let message = panic_message(catch_unwind(std::panic::AssertUnwindSafe(|| self.0.run(async |_| ()))));
            assert!(message.contains("group"), "{message}");
            self.1.add();
        }
    }
    watched(|| {
        let runtime = orion_rt::Runtime::builder().build_local().unwrap();
        let dropped = Count::default();
        runtime.run(async |s| {
            s.spawn(async { Nests(&runtime, &dropped) }).release();
            while dropped.get() == 0 {
                yield_now().await;
            }
            assert_eq!(s.spawn(async { 1 }).await.unwrap(), 1);
        });
    });
}

// R3: a thread that wakes the body may be overtaken by the root's end.
#[test]
fn r3_a_wake_up_from_outside_races_with_the_roots_end() {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    use std::task::{Poll, Waker};
    watched(|| {
        let runtime = workers(1);
        for _ in 0..if cfg!(miri) { 4 } else { 200 } {
            let (slot, taken) = (std::sync::Mutex::new(None::<Waker>), AtomicBool::new(false));
            let root = std::thread::current();
            std::thread::scope(|threads| {
                threads.spawn(|| {
                    let waker = loop {
                        match slot.lock().unwrap().take() {
                            Some(waker) => break waker,
                            None => std::thread::yield_now(),
                        }
                    };
                    taken.store(true, SeqCst);
                    waker.wake();
                });
                // Wakes the root's thread for no reason, as any code may.
                threads.spawn(|| {
                    while !taken.load(SeqCst) {
                        std::thread::yield_now();
                    }
                    for _ in 0..20 {
                        root.unpark();
                        std::thread::yield_now();
                    }
                });
                runtime.run(async |_| {
                    let mut first = true;
                    std::future::poll_fn(|cx| {
                        if std::mem::take(&mut first) {
                            *slot.lock().unwrap() = Some(cx.waker().clone());
                        }
                        if taken.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
                    })
                    .await;
                });
            });
        }
    });
}

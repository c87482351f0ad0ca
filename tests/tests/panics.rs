//! Panics: rules P1 and P3. P4 ends the process: `abort.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

use orion_rt::{Chan, run, yield_now};
use orion_tests::{Count, Then, for_ever, on_every_kind, panic_message, watched, workers};

// P1: a panic cancels the siblings and the body; when all are gone the first payload is re-raised unchanged.
#[test]
fn p1_a_panic_cancels_all_and_is_raised() {
    watched(|| {
        for n in 0..4 {
            let dropped = Count::default();
            let read = dropped.clone();
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let body = async |s: &orion_rt::Scope<'_, '_, orion_rt::Multi>| {
                    let counted = dropped.on_drop();
                    s.go(async move {
                        let _counted = counted;
                        for_ever().await;
                    });
                    s.go(async { panic_any(17_u8) });
                    let _body = dropped.on_drop();
                    for_ever().await;
                };
                if n == 0 {
                    run(async |s| {
                        let counted = dropped.on_drop();
                        s.go(async move {
                            let _counted = counted;
                            for_ever().await;
                        });
                        s.go(async { panic_any(17_u8) });
                        let _body = dropped.on_drop();
                        for_ever().await;
                    });
                } else {
                    workers(n).run(body);
                }
            }));
            assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 17);
            assert_eq!(read.get(), 2);
        }
    });
}

// P1: a group re-raises in the task that opened it; who is outside can go on.
on_every_kind!(p1_a_group_raises_its_panic_in_the_opener, async |s| {
    let n = Count::default();
    let read = n.clone();
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(s.group(async |g| {
        let counted = n.on_drop();
        g.go(async move {
            let _counted = counted;
            for_ever().await;
        });
        g.spawn(async { panic!("in the group") }).release();
        for_ever().await;
    })))
    .await;
    assert_eq!(result.unwrap_err().downcast_ref::<&str>(), Some(&"in the group"));
    assert_eq!(read.get(), 1);
});

// P1: the joiner that is not itself torn down gets the message.
on_every_kind!(p1_the_joiner_gets_the_message, async |s| {
    let outcome = Chan::new(1);
    let tell = outcome.clone();
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(
        s.group(async |g| g.spawn(async { panic!("number {}", 5) })),
    ));
    assert!(result.await.is_err());
    // A handle that left the group before the panic.
    let handle_out = Chan::new(1);
    let give = handle_out.clone();
    let outer = s;
    let watcher = s.spawn(async move {
        let handle: orion_rt::JoinHandle<'_, (), _> = handle_out.recv().await.unwrap();
        let error = handle.await.unwrap_err();
        tell.send(error.to_string()).await.unwrap();
    });
    let result = futures::FutureExt::catch_unwind(AssertUnwindSafe(outer.group(async move |g| {
        let failing = g.spawn(async {
            yield_now().await;
            panic!("number {}", 6)
        });
        give.send(failing).await.unwrap();
        for_ever().await;
    })));
    assert!(result.await.is_err());
    watcher.await.unwrap();
    assert!(outcome.recv().await.unwrap().contains("number 6"));
});

// P3: a panic in a destructor of a task's future is a panic of that task.
#[test]
fn p3_a_panic_in_a_destructor_is_the_tasks() {
    watched(|| {
        let message = panic_message(catch_unwind(|| {
            run(async |s| {
                let task = s.spawn(async {
                    let _bomb = Then(|| panic!("destructor"));
                    for_ever().await;
                });
                yield_now().await;
                task.cancel();
                let _ = task.await;
            });
        }));
        assert_eq!(message, "destructor");
        let message = panic_message(catch_unwind(|| {
            workers(2).run(async |s| {
                let g = s;
                g.cancel();
                let bomb = Then(|| panic!("refused"));
                g.go(async move {
                    let _bomb = bomb;
                });
            });
        }));
        assert_eq!(message, "refused");
    });
}

// P3: a payload that panics in its own destructor takes nothing down.
#[test]
fn p3_secondary_payloads_are_contained() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("payload");
            }
        }
    }
    watched(|| {
        let caught = catch_unwind(|| {
            workers(2).run(async |s| {
                for _ in 0..8 {
                    s.go(async {
                        yield_now().await;
                        panic_any(Bomb);
                    });
                }
                for_ever().await;
            });
        });
        std::mem::forget(caught.unwrap_err());
    });
}

//! Blocking calls and the ends of what they belong to: R1, R3, R4, R5, P1.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use orion_rt::{Chan, Runtime, run};
use orion_tests::{Count, for_ever, gate, on_every_kind, panic_message, watched, workers};

// R3: the root's end waits for calls whose handles are gone, and the body is not asked.
on_every_kind!(r3_a_scope_waits_for_its_calls, async |s| {
    let finished = Count::default();
    let (opener, gate) = gate();
    let ended = s.spawn({
        let (finished, s) = (finished.clone(), (*s).clone());
        async move {
            s.group(async |g| {
                g.spawn_blocking(move || {
                    gate.pass();
                    finished.add();
                })
                .release();
            })
            .await;
        }
    });
    opener.begun().await;
    assert!(!ended.is_finished());
    drop(opener);
    ended.await.unwrap();
    assert_eq!(finished.get(), 1);
});

#[test]
fn r3_the_root_returns_after_its_calls() {
    watched(|| {
        for n in [1, 2] {
            let finished = AtomicUsize::new(0);
            let (opener, gate) = gate();
            let opener = Mutex::new(Some(opener));
            workers(n).run(async |s| {
                s.spawn_blocking(|| {
                    gate.pass();
                    finished.fetch_add(1, Ordering::SeqCst);
                })
                .release();
                let opener = opener.lock().unwrap().take().unwrap();
                opener.begun().await;
                // Opened when the body has ended: the call's last steps race with the root's end.
                drop(opener);
            });
            assert_eq!(finished.load(Ordering::SeqCst), 1);
        }
    });
}

// P1, R3: a panic elsewhere tears the root down, which still waits for the call that borrows from outside.
#[test]
fn p1_a_panic_of_a_sibling_waits_for_a_running_call() {
    watched(|| {
        for n in [1, 2] {
            let mut buffer = [0_u8; 16];
            let slice = &mut buffer[..];
            let (opener, gate) = gate();
            let caught = catch_unwind(AssertUnwindSafe(|| {
                workers(n).run(async |s| {
                    s.spawn_blocking(move || {
                        gate.pass();
                        slice.fill(9);
                    })
                    .release();
                    opener.begun().await;
                    s.go(async move {
                        // The gate opens when this unwinds.
                        let _opener = opener;
                        panic!("sibling");
                    });
                    for_ever().await;
                });
            }));
            assert_eq!(panic_message(caught), "sibling");
            assert!(buffer.iter().all(|&b| b == 9), "the call has run to its end");
        }
    });
}

// P1: a panic in the closure is a panic of the task: the scope raises the payload, unchanged; captured values are gone before.
#[test]
fn p1_a_panic_in_a_call_is_its_tasks() {
    watched(|| {
        for n in [0, 1, 2] {
            let drops = Count::default();
            let captured = drops.on_drop();
            let f = move || -> u32 {
                let _captured = captured;
                panic!("in the call")
            };
            let caught = catch_unwind(AssertUnwindSafe(|| match n {
                0 => run(async |s| drop(s.spawn_blocking(f).await)),
                n => workers(n).run(async |s| drop(s.spawn_blocking(f).await)),
            }));
            assert_eq!(panic_message(caught), "in the call");
            assert_eq!(drops.get(), 1);
        }
    });
}

// P1: the hook sees a call's panic once, whatever threads it passes.
#[test]
fn p1_the_hook_sees_a_calls_panic_once() {
    watched(|| {
        let seen = Count::default();
        let count = seen.clone();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() == Some("counted by the hook") {
                count.add();
            } else {
                before(info);
            }
        }));
        let caught = catch_unwind(|| {
            run(async |s| s.spawn_blocking(|| panic!("counted by the hook")).get().await);
        });
        assert!(caught.is_err());
        assert_eq!(seen.get(), 1);
        drop(std::panic::take_hook());
    });
}

// R4: inside a call roots are allowed, on the same runtime too, and there is no current task.
#[test]
fn r4_a_root_inside_a_call() {
    watched(|| {
        let runtime = workers(2);
        let (a, b, none) = runtime.run(async |s| {
            let a = s.spawn_blocking(|| run(async |s| s.spawn(async { 1 }).await.unwrap()));
            let b = s.spawn_blocking(|| runtime.run(async |s| s.spawn_blocking(|| 2).await.unwrap()));
            let none = s.spawn_blocking(|| orion_rt::dumper().is_none());
            (a.await.unwrap(), b.await.unwrap(), none.await.unwrap())
        });
        assert_eq!((a, b, none), (1, 2, true));
        assert_eq!(
            run(async |s| s.spawn_blocking(|| run(async |s| s.spawn_blocking(|| 3).await.unwrap())).await.unwrap()),
            3
        );
    });
}

/// The threads of this process whose name begins with `name`.
#[cfg(all(target_os = "linux", not(miri)))]
fn threads_called(name: &str) -> usize {
    let comm =
        |entry: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(entry.ok()?.path().join("comm")).ok();
    std::fs::read_dir("/proc/self/task").unwrap().filter_map(comm).filter(|comm| comm.starts_with(name)).count()
}

// R1, R5: no thread is left when a runtime is dropped.
#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn r5_the_threads_end_with_their_runtime() {
    watched(|| {
        let runtime = Runtime::builder().workers(2).thread_name("gone").build().unwrap();
        let calls = |n: usize| {
            runtime.run(async |s| (0..n).for_each(|_| s.spawn_blocking(thread::yield_now).release()));
        };
        calls(20);
        assert!(threads_called("gone-block") > 0);
        drop(runtime);
        assert_eq!(threads_called("gone"), 0);
        let local = Runtime::builder().thread_name("lgone").build_local().unwrap();
        local.run(async |s| s.spawn_blocking(|| ()).await.unwrap());
        assert_eq!(threads_called("lgone"), 1);
        drop(local);
        assert_eq!(threads_called("lgone"), 0);
    });
}

// R1: `run` leaves no thread behind, whether it returns or unwinds.
#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn r1_run_leaves_no_thread_behind() {
    watched(|| {
        // In a process of many tests, threads of other roots come and go: told apart by their closures' own threads.
        // The system may list one for a moment after it has been joined.
        let gone = |tid: &str| {
            while std::path::Path::new("/proc/self/task").join(tid).exists() {
                thread::yield_now();
            }
        };
        let own_tid =
            || std::fs::read_link("/proc/thread-self").unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let tid = run(async |s| s.spawn_blocking(own_tid).await.unwrap());
        gone(&tid);
        let seen = Mutex::new(String::new());
        let caught = catch_unwind(AssertUnwindSafe(|| {
            run(async |s| {
                *seen.lock().unwrap() = s.spawn_blocking(own_tid).await.unwrap();
                panic!("after the call");
            })
        }));
        assert!(caught.is_err());
        gone(&seen.into_inner().unwrap());
    });
}

// R5: a runtime may be dropped by one of its own calls, which does not wait for itself.
#[test]
fn r5_a_call_drops_its_runtime() {
    watched(|| {
        let runtime = std::sync::Arc::new(workers(1));
        let (tx, rx) = mpsc::channel::<()>();
        let inside = std::sync::Arc::clone(&runtime);
        runtime.run(async |s| {
            s.spawn_blocking(move || {
                // The last handle goes here, or with the caller's below.
                drop(inside);
                drop(tx);
            })
            .release();
        });
        drop(runtime);
        assert!(rx.recv().is_err());
    });
}

// C14, J8: what a call leaves open is raised by its strict root.
#[test]
fn c14_a_call_of_a_strict_root() {
    watched(|| {
        let caught = catch_unwind(|| {
            let local = Runtime::builder().strict(true).build_local().unwrap();
            local.run(async |s| {
                let leave_open = || Chan::new(1).named("jar").try_send(1).unwrap();
                s.spawn_blocking(leave_open).await.unwrap();
            });
        });
        let message = panic_message(caught);
        assert!(message.contains("\"jar\""), "{message}");
    });
}

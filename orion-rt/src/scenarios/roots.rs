//! Roots and runtimes: how they begin, share workers, and end.

use super::*;
use crate::Chan;

// R4: two roots on the same workers are independent: a panic, or a cancel, of one does not touch the other.
#[test]
fn two_roots_share_the_workers() {
    explore(|| {
        let runtime = Arc::new(runtime(1 + choose(2) as usize));
        let bridge = Chan::new(0);
        let other = thread::spawn({
            let (runtime, bridge) = (Arc::clone(&runtime), bridge.clone());
            move || {
                payload_of(|| {
                    runtime.run(async |s| {
                        let task = s.spawn(async move { bridge.recv().await.unwrap() });
                        assert_eq!(task.join().await.unwrap(), 7);
                        s.go(async { raise("this root only") });
                        for_ever().await;
                    });
                })
            }
        });
        let answer = runtime.run(async |s| {
            let sender = s.spawn(async move { bridge.send(7).await.unwrap() });
            sender.join().await.unwrap();
            s.go(for_ever());
            s.cancel();
            42
        });
        assert_eq!((answer, other.join().unwrap()), (42, Some("this root only")));
    });
}

// R2, R5: workers that are starting, searching or going to sleep end when the runtime is dropped.
#[test]
fn a_runtime_ends_while_its_workers_go_to_sleep() {
    explore(|| {
        let runtime = runtime(1 + choose(3) as usize);
        if choose(2) == 0 {
            runtime.run(async |s| s.go(async {}));
        }
        drop(runtime);
    });
}

// R2, Y4: work that comes while workers fall asleep is found: from a task, from the body, from another thread.
#[test]
fn no_work_is_slept_over() {
    explore(|| {
        let runtime = runtime(2);
        let ch = Chan::new(0);
        let outside = thread::spawn({
            let ch = ch.clone();
            move || {
                for i in 0..2 {
                    ch.send_blocking(i).unwrap();
                }
            }
        });
        let sum = runtime.run(async |s| {
            let echo = s.spawn(async move { ch.recv().await.unwrap() + ch.recv().await.unwrap() });
            let more: Vec<_> = (0..2).map(|i| s.spawn(async move { i })).collect();
            let mut sum = echo.join().await.unwrap();
            for task in more {
                sum += task.join().await.unwrap();
            }
            sum
        });
        assert_eq!(sum, 2);
        outside.join().unwrap();
    });
}

// R1, R4: a root on one thread is woken from another, all the way to its end.
#[test]
fn a_local_root_is_woken_from_elsewhere() {
    explore(|| {
        let ch = Chan::new(choose(2) as usize);
        let outside = thread::spawn({
            let ch = ch.clone();
            move || {
                ch.send_blocking(1).unwrap();
                ch.close()
            }
        });
        let got = crate::run(async |s| {
            let task = s.spawn({
                let ch = ch.clone();
                async move { ch.recv().await }
            });
            let got = task.await.unwrap();
            assert_eq!(ch.recv().await, None);
            got
        });
        assert_eq!(got, Some(1));
        assert!(outside.join().unwrap());
    });
}

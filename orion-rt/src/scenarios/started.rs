//! Roots that no thread waits for, and tasks that nobody waits for.

use super::*;
use crate::{Chan, Group, TaskError};
use shuttle::future::block_on;

// R5, R3: a started root is awaited, dropped, or left to its runtime's end: everything in it is dropped by then.
#[test]
fn a_started_root_ends() {
    explore(|| {
        let census = Census::new();
        let runtime = runtime(1 + choose(2) as usize);
        let root = runtime.start({
            let census = Arc::clone(&census);
            async move |g: Group<'static>| {
                let alive = census.enter(0);
                let task = g.spawn(async move {
                    let _alive = alive;
                    crate::yield_now().await;
                    7
                });
                g.go(crate::yield_now());
                task.await.unwrap_or(0)
            }
        });
        match choose(3) {
            0 => assert_eq!(block_on(root).unwrap(), 7),
            1 => drop(root),
            _ => {
                let waits = thread::spawn(move || block_on(root));
                drop(runtime);
                assert!(matches!(waits.join().unwrap(), Ok(0 | 7) | Err(TaskError::Cancelled)));
                return census.assert_empty();
            }
        }
        drop(runtime);
        census.assert_empty();
    });
}

// R5, S2, J6: a handle and a group that have left a started root are used while it ends.
#[test]
fn handles_outlive_a_started_root() {
    explore(|| {
        let census = Census::new();
        let runtime = runtime(2);
        let (leave, left) = Chan::new(1).split();
        let dropped = choose(2) == 0;
        let root = runtime.start({
            let census = Arc::clone(&census);
            async move |g: Group<'static>| {
                let result = census.enter(0);
                let handle = g.spawn(async move { result });
                assert!(leave.send((g.clone(), handle)).await.is_ok());
            }
        });
        let outside = thread::spawn({
            let census = Arc::clone(&census);
            move || {
                let Some((group, handle)) = left.recv_blocking() else { return };
                let alive = census.enter(1);
                let late = group.spawn(async move {
                    let _alive = alive;
                    crate::yield_now().await;
                });
                match choose(3) {
                    0 => drop(handle),
                    1 => assert!(block_on(handle.join()).is_ok_and(|result| result.id == 0) || dropped),
                    _ => group.cancel(),
                }
                let _ = block_on(late.join());
            }
        });
        if dropped {
            drop(root);
        } else {
            block_on(root).unwrap();
        }
        outside.join().unwrap();
        drop(runtime);
        census.assert_empty();
    });
}

// R5: a started root ends on a plain thread, which has just set its deadline, and the value that nobody wants any more has the runtime.
#[test]
fn a_runtime_goes_with_the_value_of_its_root() {
    explore(|| {
        let runtime = runtime(1);
        let (leave, left) = Chan::new(1).split();
        let (give, given) = Chan::new(1).split();
        let root = runtime.start(async move |g: Group<'static>| {
            assert!(leave.send(g).await.is_ok());
            given.recv().await
        });
        let group = left.recv_blocking().expect("the body sends it");
        let outside = thread::spawn(move || group.cancel_after(Duration::from_secs(3600)));
        assert!(give.send_blocking(runtime).is_ok());
        drop(root);
        outside.join().unwrap();
    });
}

// P1, R5: the future of a group with a panic inside leaves its started root, and is dropped while that ends, or later.
#[test]
fn a_group_with_a_panic_outlives_its_started_root() {
    explore(|| {
        let runtime = runtime(2);
        let left = Chan::new(1);
        let root = runtime.start({
            let left = left.clone();
            async move |g: Group<'static>| {
                let outer = g.clone();
                g.spawn(async move {
                    let mut group: Boxed<'static> = Box::pin(outer.group(async move |g| {
                        g.go(async { raise("inner") });
                        for_ever().await;
                    }));
                    assert!(poll_once(group.as_mut()).await.is_pending());
                    let _ = left.send(group).await;
                })
                .await
                .unwrap();
            }
        });
        let outside = thread::spawn(move || drop(left.recv_blocking()));
        match block_on(root) {
            Ok(()) => {}
            Err(TaskError::Panicked(panic)) => assert_eq!(panic.message(), "inner"),
            Err(other) => panic!("{other}"),
        }
        outside.join().unwrap();
    });
}

// S9: a background task goes with the last ordinary one, also where it is spawned, or spawns, at that moment.
#[test]
fn background_tasks_go_with_the_last_other() {
    explore(|| {
        let census = Census::new();
        runtime(1 + choose(2) as usize).run(async |s| {
            let in_group = choose(2) == 0;
            let program = async |g: Group<'_>| {
                let spawner = {
                    let (g, census) = (g.clone(), Arc::clone(&census));
                    async move {
                        let alive = census.enter(0);
                        g.task().background().go(async move {
                            let _alive = alive;
                            for_ever().await;
                        });
                    }
                };
                g.task().background().go({
                    let (g, census) = (g.clone(), Arc::clone(&census));
                    async move {
                        crate::yield_now().await;
                        let alive = census.enter(1);
                        g.go(async move {
                            let _alive = alive;
                            crate::yield_now().await;
                        });
                        for_ever().await;
                    }
                });
                g.go(spawner);
                crate::yield_now().await;
            };
            if in_group {
                s.group(program).await;
                census.assert_empty();
            } else {
                program((*s).clone()).await;
            }
        });
        census.assert_empty();
    });
}

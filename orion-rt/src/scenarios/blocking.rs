//! Blocking calls and their threads, and forked closures.

use super::*;
use crate::{Chan, Group, TaskError, fork_join};
use shuttle::future::block_on;

/// A runtime with few threads for blocking calls.
fn with_few_threads() -> Runtime {
    let (seed, threads) = (thread_rng().r#gen(), 1 + choose(2) as usize);
    Runtime::builder()
        .workers(1 + choose(2) as usize)
        .seed(seed)
        .max_blocking_threads(threads)
        .build()
        .expect("threads start")
}

// S10, R3: each call runs or is taken back, and what it has captured is gone when its completion is seen. Threads leave and are
// started again meanwhile: the time they rest is one step here.
#[test]
fn calls_run_or_are_taken_back() {
    explore(|| {
        let census = Census::new();
        let runtime = with_few_threads();
        runtime.run(async |s| {
            let calls: Vec<_> = (0..3)
                .map(|i| {
                    let captured = census.enter(i);
                    s.spawn_blocking(move || captured.id)
                })
                .collect();
            for (i, call) in calls.into_iter().enumerate() {
                if choose(2) == 0 {
                    call.cancel();
                }
                match call.join().await {
                    Ok(id) => assert_eq!(id, i),
                    Err(TaskError::Cancelled) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!(census.alive(), 0);
        });
        drop(runtime);
        census.assert_empty();
    });
}

// P1, R3: a panic beside calls that are queued, running, or done.
#[test]
fn a_panic_beside_calls() {
    explore(|| {
        let census = Census::new();
        let runtime = with_few_threads();
        let payload = payload_of(|| {
            runtime.run(async |s| {
                for i in 0..2 {
                    let captured = census.enter(i);
                    s.spawn_blocking(move || drop(captured)).release();
                }
                s.go(async { raise("beside") });
            });
        });
        assert_eq!(payload, Some("beside"));
        census.assert_empty();
    });
}

// R5: a runtime goes in one of its own calls, which may be its last owner, or with its creator.
#[test]
fn a_call_drops_its_runtime() {
    explore(|| {
        let census = Census::new();
        let runtime = Arc::new(with_few_threads());
        let (owner, alive) = (Arc::clone(&runtime), census.enter(0));
        let root = runtime.start(async move |g: Group<'static>| {
            let call = g.spawn_blocking(move || {
                drop(owner);
                alive
            });
            call.await.map(|alive| alive.id)
        });
        drop(runtime);
        // Whoever drops the runtime asks the root to stop.
        assert!(matches!(block_on(root), Ok(Ok(0)) | Err(TaskError::Cancelled)));
        census.assert_empty();
    });
}

// C9, S10: a call and a task hand values to each other.
#[test]
fn a_call_talks_to_a_task() {
    explore(|| {
        let census = Census::new();
        with_few_threads().run(async |s| {
            let ch = Chan::new(choose(2) as usize);
            let (feed, counter) = (ch.clone(), Arc::clone(&census));
            let call = s.spawn_blocking(move || (0..3).all(|i| feed.send_blocking(counter.enter(i)).is_ok()));
            for i in 0..3 {
                assert_eq!(ch.recv().await.map(|value| value.id), Some(i));
            }
            assert!(call.join().await.unwrap());
        });
        census.assert_empty();
    });
}

/// Forks `depth` times on each side and wakes whoever waits for values.
fn fork(depth: u32, census: &Arc<Census>, out: &Chan<Counted>) -> usize {
    if depth == 0 {
        assert!(out.try_send(census.enter(0)).is_ok());
        return 1;
    }
    let (a, b) = fork_join(|| fork(depth - 1, census, out), || fork(depth - 1, census, out));
    a + b
}

// S10, R3: forks of two tasks on few workers, whose closures wake a third task; all of them end, wherever the closures run.
#[test]
fn forks_and_the_tasks_they_wake() {
    explore(|| {
        let census = Census::new();
        runtime(2 + choose(2) as usize).run(async |s| {
            let out = Chan::unbounded();
            let tasks: Vec<_> = (0..2)
                .map(|_| {
                    let (census, out) = (Arc::clone(&census), out.clone());
                    s.spawn(async move { fork(2, &census, &out) })
                })
                .collect();
            for _ in 0..8 {
                assert!(out.recv().await.is_some());
            }
            for task in tasks {
                assert_eq!(task.join().await.unwrap(), 4);
            }
        });
        census.assert_empty();
    });
}

// S10, R3: either side panics; the other has ended by then, and what both borrow is there.
#[test]
fn panics_of_forks() {
    explore(|| {
        let census = Census::new();
        let (left, right) = (choose(2) == 0, choose(2) == 0);
        let payload = payload_of(|| {
            runtime(2).run(async |s| {
                let census = &census;
                let task = s.spawn(async move {
                    let side = |panics: bool, what: &'static str| {
                        let alive = census.enter(0);
                        if panics {
                            raise(what)
                        }
                        alive
                    };
                    let (a, b) = fork_join(|| side(left, "left"), || side(right, "right"));
                    drop((a, b));
                });
                task.release();
            });
        });
        let expected = if left { Some("left") } else { right.then_some("right") };
        assert_eq!(payload, expected);
        census.assert_empty();
    });
}

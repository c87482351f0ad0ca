//! Wakers in foreign hands: kept beyond the task, its root and its runtime, and used while those end.

use super::*;
use crate::{Chan, Scope};

// J6, R8: the body is woken from another thread while it ends, and with it the root.
#[test]
fn a_body_is_woken_while_its_root_ends() {
    explore(|| {
        let runtime = runtime(1);
        let event = Arc::<Event>::default();
        let elsewhere = happens_elsewhere(&event);
        runtime.run(async |_| Arc::clone(&event).wait().await);
        elsewhere.join().unwrap();
        event.wake();
    });
}

// J6: a task is woken late, after its end, after its root's and its runtime's; its result was dropped once, before.
#[test]
fn a_waker_outlives_everything() {
    explore(|| {
        let census = Census::new();
        let event = Arc::<Event>::default();
        let runtime = runtime(2);
        let elsewhere = happens_elsewhere(&event);
        runtime.run(async |s| {
            let result = census.enter(0);
            let task = s.spawn({
                let event = Arc::clone(&event);
                async move {
                    event.wait().await;
                    result
                }
            });
            match choose(3) {
                0 => drop(task.join().await),
                1 => task.cancel(),
                _ => std::mem::forget(task),
            }
        });
        census.assert_empty();
        if choose(2) == 0 {
            drop(runtime);
        }
        event.wake();
        elsewhere.join().unwrap();
    });
}

fn forget_or_join<'s>(s: &Scope<'s, '_, crate::Local>, event: &Arc<Event>, census: &Arc<Census>) {
    let result = census.enter(0);
    let event = Arc::clone(event);
    let task = s.spawn(async move {
        event.wait().await;
        result
    });
    match choose(3) {
        0 => s.go(async move { drop(task.await) }),
        1 => task.cancel(),
        _ => std::mem::forget(task),
    }
}

// J6, R1: the same for a root on one thread: its wakers count in two places, and its inbox closes at its end.
#[test]
fn a_waker_of_a_local_root_outlives_it() {
    explore(|| {
        let census = Census::new();
        let event = Arc::<Event>::default();
        let elsewhere = happens_elsewhere(&event);
        crate::run(async |s| forget_or_join(s, &event, &census));
        census.assert_empty();
        event.wake();
        elsewhere.join().unwrap();
    });
}

// F4: a joiner on another worker, woken by the end of a task, which at the same time gives its handle up.
#[test]
fn a_join_is_dropped_while_the_task_ends() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let gate = Chan::new(1);
            let result = census.enter(0);
            let task = s.spawn({
                let gate = gate.clone();
                async move {
                    gate.recv().await;
                    result
                }
            });
            s.go(async move {
                at_most(1 + choose(2), task.join()).await;
            });
            gate.send(()).await.unwrap();
        });
        census.assert_empty();
    });
}

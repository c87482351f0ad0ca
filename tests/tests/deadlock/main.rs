//! Deadlocks: rules D1, D2 and D4, and what leans on them (L9, X3, J4, S9, R5).

use std::future::{Future as _, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orion_rt::{
    Builder, Chan, Deadlock, DeadlockPolicy, JoinHandle, Kind, Runtime, Select, TaskError, run, select, shield, sleep,
    timeout, yield_now,
};
use orion_tests::{Count, WORKERS, watched, workers};

/// Settings of a runtime that tells of deadlocks, and those it has told of.
fn telling(policy: DeadlockPolicy) -> (Builder, Arc<Mutex<Vec<Deadlock>>>) {
    let told = Arc::<Mutex<Vec<Deadlock>>>::default();
    let heard = Arc::clone(&told);
    let hook = move |deadlock: &Deadlock| heard.lock().unwrap().push(deadlock.clone());
    (Runtime::builder().deadlock(policy).on_deadlock(hook), told)
}

/// What a runtime of some kind has said of a body that does not end.
fn found<T>(ended: Result<T, Deadlock>, told: &Mutex<Vec<Deadlock>>) -> Deadlock {
    let Err(deadlock) = ended else { panic!("the root has ended by itself") };
    let told = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(told.len(), 1, "the hook is told once");
    assert_eq!(told[0].to_string(), deadlock.to_string());
    deadlock
}

/// The deadlocks that a body ends in, on one thread and on workers.
macro_rules! stuck {
    ($body:expr) => {
        watched(|| {
            let (builder, told) = telling(DeadlockPolicy::Off);
            let mut deadlocks = vec![found(builder.build_local().unwrap().try_run($body), &told)];
            for &n in WORKERS {
                let (builder, told) = telling(DeadlockPolicy::Off);
                deadlocks.push(found(builder.workers(n).build().unwrap().try_run($body), &told));
            }
            deadlocks
        })
    };
}

/// Runs a body that is no deadlock, on one thread and on workers.
macro_rules! goes_on {
    ($body:expr) => {
        watched(|| {
            let (builder, told) = telling(DeadlockPolicy::Panic);
            builder.build_local().unwrap().run($body);
            assert!(told.lock().unwrap().is_empty());
            for &n in WORKERS {
                let (builder, told) = telling(DeadlockPolicy::Panic);
                builder.workers(n).build().unwrap().run($body);
                assert!(told.lock().unwrap().is_empty());
            }
        })
    };
}

/// Two tasks of `$scope` that join each other.
macro_rules! join_each_other {
    ($scope:expr) => {{
        let s = $scope;
        let (first, second) = (s.chan(1), s.chan(1));
        let one = s.task().name("one").spawn(async move { joined(second.recv().await.unwrap()).await });
        let two = s.task().name("two").spawn(async move { joined(first.recv().await.unwrap()).await });
        first.send(one).await.unwrap();
        second.send(two).await.unwrap();
    }};
}

/// A thread that sends `value` once, late: after roots have been looked at.
fn sends_late(jobs: &Chan<u8>, value: u8, after: Duration) -> std::thread::JoinHandle<()> {
    let sender = jobs.clone();
    std::thread::spawn(move || {
        std::thread::park_timeout(after);
        sender.send_blocking(value).unwrap();
    })
}

async fn joined<K: Kind>(handle: JoinHandle<'_, (), K>) {
    handle.await.unwrap();
}

mod external;
mod outside;
mod proven;
mod shields;
mod suspected;

//! Models of a local group's queue: children that other threads wake and cancel, against the poll of the group that parks.

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::{Ready, Record};
use crate::coop::Root;
use crate::task::state::{Start, Suspend};

/// The group's executor: counts its wake-ups.
struct Executor(AtomicUsize);

impl Wake for Executor {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// What the group's future does in one poll; `true`: its child is over, with `flag` set or by a request.
fn poll(ready: &Ready, waker: &Waker, flag: &AtomicUsize) -> bool {
    loop {
        drop(ready.begin());
        while let Some(record) = ready.pop() {
            if record.start(|| false) == Start::Cancel || flag.load(Ordering::Acquire) == 1 {
                record.finish();
                ready.close();
                return true;
            }
            match record.suspend(|| false) {
                Suspend::Parked => {}
                Suspend::Requeue => ready.push([record]),
                Suspend::Cancel => {
                    record.finish();
                    ready.close();
                    return true;
                }
            }
        }
        if ready.park(waker.clone()) {
            return false;
        }
    }
}

fn check(threads: usize, act: impl Fn(&Arc<Record>, &AtomicUsize) + Copy + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let ready = Ready::new(Root::NONE);
        let record = Record::new(Arc::clone(&ready), std::panic::Location::caller());
        ready.push([Arc::clone(&record)]);
        let flag = Arc::new(AtomicUsize::new(0));
        let executor = Arc::new(Executor(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&executor));
        let others: Vec<_> = (0..threads)
            .map(|_| {
                let (record, flag) = (Arc::clone(&record), Arc::clone(&flag));
                thread::spawn(move || act(&record, &flag))
            })
            .collect();
        let mut over = poll(&ready, &waker, &flag);
        others.into_iter().for_each(|other| other.join().unwrap());
        let woken = executor.0.load(Ordering::Acquire);
        assert!(woken <= 1, "one wake-up per park");
        if !over {
            assert_eq!(woken, 1, "what the poll has not seen wakes the group");
            over = poll(&ready, &waker, &flag);
        }
        assert!(over);
    });
}

// Y5, X6: a wake-up of a child before, during or after the group's poll is never lost.
#[test]
fn model_a_childs_wake_is_never_lost() {
    check(2, |record, flag| {
        flag.store(1, Ordering::Release);
        record.wake_by_ref();
    });
}

// X1, X6: nor is a request to stop, made once or by two at the same time.
#[test]
fn model_a_childs_cancel_is_never_lost() {
    check(1, |record, _| record.cancel());
    check(2, |record, _| record.cancel());
}

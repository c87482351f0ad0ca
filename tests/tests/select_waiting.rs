//! What may happen to a select that waits: C3, C6, C7, X5.

use std::pin::pin;

use orion_rt::{Chan, Runtime, select};
use orion_tests::{Count, now, poll_once, watched};

// C6
#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let chan = Chan::new(0);
    let (first, second) = (Count::default(), Count::default());
    let mut select = pin!(async {
        select! {
            v = <-chan => v,
            v = <-chan => v,
        }
    });
    assert!(poll_once(select.as_mut(), &first).is_pending());
    assert!(poll_once(select.as_mut(), &second).is_pending());
    chan.try_send(1).unwrap();
    assert_eq!((first.get(), second.get()), (0, 1));
    assert_eq!(now(select), Some(1));
}

// C6: a future that waits is moved to another thread between two polls.
#[test]
fn a_waiting_select_may_change_threads() {
    let chan = Chan::new(0);
    let mut select = Box::pin({
        let chan = chan.clone();
        async move {
            select! {
                v = <-chan => v,
                _ = std::future::pending::<()>() => None,
            }
        }
    });
    assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    let mut select = watched(|| {
        std::thread::spawn(move || {
            assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
            select
        })
        .join()
        .unwrap()
    });
    chan.try_send(5).unwrap();
    assert_eq!(now(select.as_mut()), Some(5));
}

// C6, C7: what was handed to a select that nobody polls or drops stays with it; everything else goes on.
#[test]
fn a_select_set_aside_does_no_harm() {
    let (chan, other) = (Chan::new(0), Chan::new(0));
    let mut select = Box::pin({
        let (chan, other) = (chan.clone(), other.clone());
        async move {
            let mut slot = Some(2);
            select! {
                v = <-chan => v,
                other <- take slot => None,
                else => None,
            }
        }
    });
    assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    let aside = std::mem::ManuallyDrop::new(select);
    chan.try_send(1).unwrap();
    assert!(other.try_recv().is_err(), "its other arm is gone");
    assert!(chan.try_recv().is_err());
    assert!(chan.try_send(3).is_err(), "it waits no more");
    drop(std::mem::ManuallyDrop::into_inner(aside));
    assert_eq!(chan.try_recv(), Ok(1));
}

// X5: a returned value goes to the receiver that has waited longest.
#[test]
fn a_dropped_select_passes_its_value_on() {
    let chan = Chan::new(0);
    let wait = |chan: Chan<u8>| {
        Box::pin(async move {
            select! {
                v = <-chan => v,
                _ = std::future::pending::<()>() => None,
            }
        })
    };
    let mut waiting = [0; 3].map(|_| wait(chan.clone()));
    for select in &mut waiting {
        assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    }
    chan.try_send(5).unwrap();
    let [first, mut second, mut third] = waiting;
    drop(first);
    assert_eq!(now(second.as_mut()), Some(5));
    assert!(poll_once(third.as_mut(), &Count::default()).is_pending());
}

// C1: selects are served in the order in which they began to wait.
#[test]
fn first_come_first_served() {
    let chan = Chan::new(0);
    let (a, b) = (&chan, Chan::<u8>::new(0));
    let wait = || async {
        select! {
            v = <-a => v,
            v = <-b => v,
        }
    };
    let (mut first, mut second) = (pin!(wait()), pin!(wait()));
    assert!(poll_once(first.as_mut(), &Count::default()).is_pending());
    assert!(poll_once(second.as_mut(), &Count::default()).is_pending());
    // Polling again keeps the place.
    assert!(poll_once(first.as_mut(), &Count::default()).is_pending());
    chan.try_send(1).unwrap();
    chan.try_send(2).unwrap();
    assert_eq!((now(first), now(second)), (Some(1), Some(2)));
}

// C3
#[test]
fn close_wakes_and_gives_the_value_back() {
    let (full, wakes) = (Chan::new(0), Count::default());
    let mut select = pin!(async {
        select! {
            r = full <- String::from("back") => r.unwrap_err().0,
            _ = std::future::pending::<()>() => String::new(),
        }
    });
    assert!(poll_once(select.as_mut(), &wakes).is_pending());
    assert!(full.close());
    assert_eq!(wakes.get(), 1);
    assert_eq!(now(select), "back");
}

/// Sends `VALUES` values on either channel and meanwhile receives on both, until all of `tasks` have sent theirs.
async fn exchange(a: Chan<u64>, b: Chan<u64>, all: u64, count: Count) -> (u64, u64) {
    let (mut sent, mut received, mut left) = (0, 0, VALUES);
    loop {
        let before = sent;
        select! {
            a <- left, if left > 0 => sent += left,
            Some(got) = <-b => received += got,
            b <- left, if left > 0 => sent += left,
            Some(got) = <-a => received += got,
            else => return (sent, received),
        }
        if sent > before {
            left -= 1;
            count.add();
        }
        if count.get() as u64 == all {
            a.close();
            b.close();
        }
    }
}

/// How many values each task sends.
const VALUES: u64 = 200;

// C7, L1: many selects on the same channels, in both directions, on several workers.
#[test]
fn every_value_arrives_once() {
    const TASKS: u64 = 8;
    for workers in [1, 2, 8] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let (sent, received) = watched(|| {
            runtime.run(async |s| {
                let (a, b, count) = (Chan::new(0), Chan::new(0), Count::default());
                let tasks: Vec<_> = (0..TASKS)
                    .map(|_| s.spawn(exchange(a.clone(), b.clone(), TASKS * VALUES, count.clone())))
                    .collect();
                let mut sums = (0, 0);
                for task in tasks {
                    let (sent, received) = task.get().await;
                    sums = (sums.0 + sent, sums.1 + received);
                }
                sums
            })
        });
        assert_eq!(sent, TASKS * VALUES * (VALUES + 1) / 2, "{workers} workers");
        assert_eq!(received, sent, "{workers} workers");
    }
}

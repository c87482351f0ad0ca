//! Future arms: L1, L5, L6.

use std::future::{pending, ready};
use std::pin::pin;

use orion_rt::{Chan, select};
use orion_tests::{Count, now, poll_once, ready_after};

// L1: arms are tried one by one.
#[test]
fn a_later_future_is_not_polled() {
    let (chan, polls) = (Chan::new(1), Count::default());
    chan.try_send(1).unwrap();
    now(async {
        select! {
            biased;
            _ = <-chan => {}
            _ = ready_after(0, polls.clone()) => unreachable!(),
        }
    });
    assert_eq!(polls.get(), 0);
}

// L1: at most one future completes.
#[test]
fn one_ready_future_completes() {
    for _ in 0..100 {
        let (a, b) = (Count::default(), Count::default());
        let winner = now(async {
            select! {
                _ = ready_after(0, a.clone()) => 0,
                _ = ready_after(0, b.clone()) => 1,
            }
        });
        assert_eq!([a.get(), b.get()], [1 - winner, winner]);
    }
}

#[test]
fn futures_are_polled_while_the_select_waits_and_wake_it() {
    let (chan, polls, wakes) = (Chan::<u8>::new(0), Count::default(), Count::default());
    let mut select = pin!(async {
        select! {
            _ = <-chan => 0,
            n = ready_after(2, polls.clone()) => n,
        }
    });
    assert!(poll_once(select.as_mut(), &wakes).is_pending());
    assert!(poll_once(select.as_mut(), &wakes).is_pending());
    assert_eq!((polls.get(), wakes.get()), (2, 2));
    assert_eq!(now(select), 2);
    assert_eq!(chan.inspect().receivers_waiting, 0);
}

// L6
#[test]
fn a_losing_future_holds_no_lock_in_the_body() {
    let (lock, chan) = (futures::lock::Mutex::new(()), Chan::new(1));
    let mut select = pin!(async {
        select! {
            biased;
            _ = async {
                let _held = lock.lock().await;
                pending::<()>().await
            } => unreachable!(),
            _ = <-chan => lock.lock().await,
        };
    });
    assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    assert!(lock.try_lock().is_none());
    chan.try_send(1).unwrap();
    now(select);
}

// L6
#[test]
fn losing_futures_are_dropped_before_the_body() {
    let drops = Count::default();
    let held = |pending: usize| {
        let (value, polls) = (drops.on_drop(), Count::default());
        async move {
            let _value = value;
            ready_after(pending, polls).await
        }
    };
    let open = true;
    let in_body = now(async {
        select! {
            biased;
            _ = held(9) => unreachable!(),
            _ = held(9), if open => unreachable!(),
            Some(_) = async { held(0).await; None::<u8> } => unreachable!(),
            _ = held(0) => drops.get(),
        }
    });
    assert_eq!((in_body, drops.get()), (4, 4));
}

// L6: the winner too: its output is what is left of it.
#[test]
fn operands_are_dropped_when_a_body_breaks_out() {
    let drops = Count::default();
    now(async {
        loop {
            let _kept = select! {
                _ = ready(drops.on_drop()) => break,
                _ = pending::<()>() => 1,
            };
        }
    });
    assert_eq!(drops.get(), 1);
}

#[test]
fn an_output_that_does_not_match_is_dropped_and_its_arm_is_out() {
    let (chan, drops, wakes) = (Chan::new(1), Count::default(), Count::default());
    let mut select = pin!(async {
        select! {
            Ok(_) = async { Err::<u8, _>(drops.on_drop()) } => 1,
            v = <-chan => v.unwrap(),
        }
    });
    assert!(poll_once(select.as_mut(), &wakes).is_pending());
    assert_eq!(drops.get(), 1);
    assert!(poll_once(select.as_mut(), &wakes).is_pending(), "the future that is out is not polled again");
    chan.try_send(5).unwrap();
    assert_eq!(now(select), 5);
}

#[test]
fn patterns_of_futures() {
    const LIMIT: u8 = 5;
    struct Point {
        x: u8,
        y: u8,
    }
    let pick = |point: Point| {
        now(async move {
            select! {
                biased;
                Point { x: 0, y } = ready(point) => y,
                Some(LIMIT) = ready(Some(4)) => 91,
                "no" = ready("yes") => 92,
                [1, ..] = ready([2_u8, 3]) => 93,
                text = ready(String::from("four")) => text.len() as u8,
                else => 0,
            }
        })
    };
    assert_eq!(pick(Point { x: 0, y: 7 }), 7);
    assert_eq!(pick(Point { x: 1, y: 7 }), 4);
    let moved = now(async {
        select! {
            Ok((name, ref tail)) | Err((name, ref tail)) = ready(Ok::<_, (String, [u8; 2])>((String::from("a"), [1, 2]))) => (name, tail[1]),
            else => (String::new(), 0),
        }
    });
    assert_eq!(moved, (String::from("a"), 2));
}

#[test]
fn else_is_taken_when_every_future_is_out() {
    let polls = Count::default();
    let mut select = pin!(async {
        select! {
            Some(v) = async { ready_after(1, polls.clone()).await; None::<u8> } => v,
            Some(v) = ready(None) => v,
            else => 9,
        }
    });
    assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    assert_eq!(now(select), 9);
}

// IntoFuture: a handle is awaited by name.
#[test]
fn handles_are_future_arms() {
    orion_rt::run(async |s| {
        let mut slow = s.spawn(pending::<()>());
        let quick = s.spawn(async { 5 });
        let got = select! {
            _ = slow.finished() => 0,
            v = quick => v.unwrap(),
        };
        assert_eq!(got, 5);
        slow.cancel();
        assert!(slow.await.is_err());
    });
}

// J7
#[test]
fn a_join_that_loses_does_not_leak_its_task() {
    let drops = Count::default();
    orion_rt::run(async |s| {
        let value = drops.on_drop();
        let handle = s.spawn(async move {
            orion_rt::yield_now().await;
            value
        });
        select! {
            biased;
            _ = handle.join() => unreachable!(),
            default => {}
        }
    });
    assert_eq!(drops.get(), 1);
}

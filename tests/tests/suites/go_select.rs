//! Go's `test/chan/select*.go` and `doubleselect.go`. What differs from Go: an arm is switched off by a guard or an empty
//! `take`, not by a nil channel, and then its operands are not evaluated (L2); `break` leaves the loop around the `select!`.

#![allow(clippy::never_loop, reason = "what `break` leaves is what is tested")]

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use orion_rt::{Chan, select, yield_now};
use orion_tests::{now, on_every_kind};

use crate::{ROUNDS, blocks, receivers_park, senders_park};

// L1, C7 (doubleselect.go): of a select's four sends one happens, never two with the same value.
on_every_kind!(one_arm_of_four_sends, async |s| {
    let (out, all) = Chan::new(0).split();
    let ways: Vec<Chan<usize>> = (0..4).map(|_| Chan::new(0)).collect();
    for way in &ways {
        let (way, out) = (way.clone(), out.clone());
        s.go(async move {
            while let Some(value) = way.recv().await {
                out.send(value).await.unwrap();
            }
        });
    }
    drop(out);
    s.go(async move {
        for i in 0..ROUNDS {
            select! {
                ways[0] <- i => {}
                ways[1] <- i => {}
                ways[2] <- i => {}
                ways[3] <- i => {}
            }
        }
        ways.iter().for_each(|way| assert!(way.close()));
    });
    let mut seen = HashSet::new();
    while let Some(value) = all.recv().await {
        assert!(seen.insert(value), "{value} was sent twice");
    }
    assert_eq!(seen.len(), ROUNDS);
});

/// Sends to each of two places once, as long as one is ready; gives how often it sent. The value says in which round.
async fn send_to(a: Option<&Chan<u32>>, b: Option<&Chan<u32>>, evaluated: &Cell<u32>) -> u32 {
    let (mut a, mut b) = (a, b);
    let unused = Chan::new(0);
    let value = |round: u32| {
        evaluated.set(evaluated.get() + 1);
        1 << round
    };
    for round in 0.. {
        select! {
            a.unwrap_or(&unused) <- value(round), if a.is_some() => a = None,
            b.unwrap_or(&unused) <- value(round), if b.is_some() => b = None,
            default => return round,
        }
    }
    unreachable!()
}

// L2, L4 (select.go): default once both arms have sent; an arm's value is made once in each select in which it is on.
#[test]
fn values_are_made_once_for_each_arm_that_is_on() {
    let (a, b, evaluated) = (Chan::new(1), Chan::new(1), Cell::new(0));
    assert_eq!(now(send_to(Some(&a), Some(&b), &evaluated)), 2);
    assert_eq!(evaluated.get(), 3, "two in the first round, one in the second");
    assert_eq!(a.try_recv().unwrap() | b.try_recv().unwrap(), 3);
    assert_eq!(now(send_to(Some(&a), None, &evaluated)), 1);
    assert_eq!((evaluated.get(), a.try_recv()), (4, Ok(1)));
}

// C2, C3, L4, L9 (select3.go): what blocks and what does not, operation by operation.
#[test]
fn what_blocks_and_what_does_not() {
    let closed = Chan::<u32>::new(0);
    closed.close();
    let (empty, one) = (Chan::<u32>::new(0), || Chan::new(1));

    assert!(!blocks(one().send(7)), "a send into a buffer with room");
    assert!(blocks(empty.recv()) && blocks(empty.send(7)), "a rendezvous with nobody");
    for _ in 0..10 {
        assert_eq!(now(closed.recv()), None);
    }
    assert!(now(closed.send(7)).is_err());

    // Arms that are off, and selects of nothing else.
    assert!(blocks(orion_rt::Select::<u32>::new().wait()), "a select without arms waits for ever");
    assert_eq!(
        now(async {
            select! { v = <-closed, if false => v, default => Some(1) }
        }),
        Some(1)
    );
    assert_eq!(
        now(async {
            select! { closed <- 7, if false => 0, default => 1 }
        }),
        1
    );
    assert_eq!(
        now(async {
            select! { default => 1 }
        }),
        1
    );

    // One arm.
    assert!(blocks(async {
        select! { _ = <-empty => {} }
    }));
    assert!(blocks(async {
        select! { empty <- 7 => {} }
    }));
    assert_eq!(
        now(async {
            select! { one() <- 7 => 1, default => 0 }
        }),
        1
    );
    let full = one();
    full.try_send(7).unwrap();
    assert_eq!(
        now(async {
            select! { v = <-full => v, default => None }
        }),
        Some(7)
    );

    // Closed channels are as in single operations.
    assert!(!blocks(async {
        select! { <-closed => {} }
    }));
    assert_eq!(
        now(async {
            select! { v = <-closed => v }
        }),
        None
    );
    assert!(now(async {
        select! { r = closed <- 7 => r.is_err() }
    }));
    let sent = catch_unwind(AssertUnwindSafe(|| {
        now(async {
            select! { closed <- 7 => {} }
        })
    }));
    let message = sent.unwrap_err();
    assert_eq!(message.downcast_ref::<&str>().copied(), Some("send on closed channel"));

    // L1: a select does not take from itself.
    assert!(blocks(async {
        select! { empty <- 1 => {}, _ = <-empty => {} }
    }));
}

// L2 (select4.go): the pattern of an arm that loses binds nothing, and its body's expressions are not evaluated.
#[test]
fn an_arm_that_loses_evaluates_nothing_of_its_body() {
    let (never, chan) = (Chan::<u32>::new(0), Chan::new(1));
    chan.try_send(42).unwrap();
    let mut place = 0;
    let called = || -> &'static Cell<u32> { unreachable!("the arm has lost") };
    now(async {
        select! {
            v = <-never => called().set(v.unwrap()),
            v = <-chan => place = v.unwrap(),
        }
    });
    assert_eq!(place, 42);
}

/// Asserts that it is called with growing numbers.
struct InOrder(Cell<u32>);

impl InOrder {
    fn pass<T>(&self, number: u32, value: T) -> T {
        assert!(self.0.replace(number) < number, "operand {number} comes too late");
        value
    }
}

// L2 (select5.go): operands in source order, channel before value, all of them before any arm is tried; with and without arms that
// cannot win, before and after the one that does.
#[test]
fn operands_are_evaluated_in_source_order() {
    for (before, after) in [(false, false), (false, true), (true, false), (true, true)] {
        let (chan, dummy, order) = (Chan::new(1), Chan::<u32>::new(0), InOrder(Cell::new(0)));
        let sent = now(async {
            select! {
                order.pass(1, &dummy) <- order.pass(2, 1), if before => "dummy",
                order.pass(3, &chan) <- order.pass(4, 7) => "chan",
                _ = <-order.pass(5, &dummy), if after => "dummy",
                order.pass(6, &dummy) <- order.pass(7, 1), if after => "dummy",
            }
        });
        assert_eq!((sent, order.0.get()), ("chan", if after { 7 } else { 4 }));
        order.0.set(0);
        let got = now(async {
            select! {
                _ = <-order.pass(1, &dummy), if before => None,
                v = <-order.pass(2, &chan) => order.pass(100, v),
                order.pass(3, &dummy) <- order.pass(4, 1), if after => None,
                default => None,
            }
        });
        assert_eq!((got, order.0.get()), (Some(7), 100));
    }
}

// L1, C1 (select6.go): a select that lost an arm leaves the channel's queue in order for those behind it.
on_every_kind!(an_arm_that_lost_leaves_its_queue, async |s| {
    let (c1, c2, c3) = (Chan::<()>::new(0), Chan::<()>::new(0), Chan::<()>::new(0));
    let wait = c1.clone();
    s.go(async move { _ = wait.recv().await });
    receivers_park(&c1, 1).await;
    let (a, b, tell) = (c1.clone(), c2.clone(), c3.clone());
    s.go(async move {
        select! {
            _ = <-a => unreachable!(),
            _ = <-b => tell.send(()).await.unwrap(),
        }
        a.recv().await;
    });
    receivers_park(&c2, 1).await;
    s.go(async move { c2.send(()).await.unwrap() });
    c3.recv().await;
    c1.send(()).await.unwrap();
    c1.send(()).await.unwrap();
});

// L1, L5 (select7.go): values that nobody looks at, from each kind of send to each kind of receive.
on_every_kind!(values_may_be_ignored, async |s| {
    for receive in 0..3 {
        for send in 0..3 {
            let (chan, idle, nobody) = (Chan::new(0), Chan::<i32>::new(0), Chan::new(0));
            let from = chan.clone();
            s.go(async move {
                match receive {
                    0 => drop(from.recv().await),
                    1 => select! { <-from => {} },
                    _ => select! { <-from => {}, <-idle => unreachable!() },
                }
            });
            receivers_park(&chan, 1).await;
            match send {
                0 => chan.send(1).await.unwrap(),
                1 => select! { chan <- 1 => {} },
                _ => select! { chan <- 1 => {}, nobody <- 1 => unreachable!() },
            }
        }
    }
});

// L5 (select8.go): `break` and `continue` in selects of one, two and three arms; they mean the loop around, by label or not.
on_every_kind!(break_and_continue_in_arms, async |s| {
    let (chan, numbers) = Chan::<i32>::new(0).split();
    let feeder = s.spawn(async move { while chan.send(5).await.is_ok() {} });
    let mut rounds = 0;
    'outer: loop {
        rounds += 1;
        #[expect(clippy::never_loop, reason = "that is the point")]
        loop {
            select! {
                _ = <-numbers => break,
            }
        }
        #[expect(clippy::never_loop, reason = "that is the point")]
        loop {
            select! {
                default => break,
            }
        }
        loop {
            select! {
                _ = <-numbers => if rounds < 3 { continue 'outer } else { break 'outer },
                default => { yield_now().await; continue; }
            }
        }
    }
    assert_eq!(rounds, 3);
    drop(numbers);
    feeder.await.unwrap();
});

// L1 (after select2.go, whose memory is `select_alloc.rs`'s subject): a select that waits for long is not disturbed by many
// others that come and go on the same channels.
on_every_kind!(many_selects_pass_by_one_that_waits, async |s| {
    let (busy, quiet) = (Chan::new(0), Chan::<u32>::new(0));
    let (a, b) = (busy.clone(), quiet.clone());
    let patient = s.spawn(async move {
        let mut sum = 0;
        loop {
            select! {
                Some(v) = <-a => sum += v,
                v = <-b => return (sum, v),
            }
        }
    });
    for _ in 0..ROUNDS {
        busy.send(1).await.unwrap();
        select! { _ = <-quiet => unreachable!(), default => {} }
    }
    senders_park(&busy, 0).await;
    quiet.send(7).await.unwrap();
    assert_eq!(patient.await.unwrap(), (ROUNDS, Some(7)));
});

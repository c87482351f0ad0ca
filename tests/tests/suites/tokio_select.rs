//! tokio's `macros_select.rs`: future arms. What is different: a losing future is dropped before the winner's body runs (L6), and an `else` is
//! needed only where every arm can be out (L5).

use std::cell::Cell;
use std::future::{Future, IntoFuture, Ready, pending, poll_fn, ready};
use std::pin::pin;
use std::task::Poll;

use orion_rt::{Chan, select, yield_now};
use orion_tests::{Count, now, on_every_kind, poll_once};

async fn one() -> usize {
    1
}

async fn never() -> std::convert::Infallible {
    pending().await
}

// L5 (sync_one_lit_expr_*, sync_one_await, sync_one_ident, nested_one, nested, no_branch_else_only): shapes of one arm.
#[test]
fn one_arm_in_all_shapes() {
    now(async {
        assert_eq!(select! { v = async { 1 } => v, }, 1);
        assert_eq!(select! { v = async { 1 } => v }, 1);
        assert_eq!(select! { v = async { 1 } => { v } }, 1);
        assert_eq!(select! { biased; v = one() => v }, 1);
        let future = one();
        assert_eq!(select! { v = future => v }, 1);
        assert_eq!(select! { x = async { 1 } => select! { y = async { 2 } => x + y } }, 3);
        assert_eq!(select! { else => 1 }, 1);
        assert_eq!(select! { biased; else => 1 }, 1);
    });
}

// L1 (sync_two, one_ready): of two futures that are ready one is polled.
#[test]
fn at_most_one_future_completes() {
    for _ in 0..20 {
        let polled = Cell::new(0);
        let won = now(async {
            select! {
                v = async { polled.set(polled.get() + 1); 1 } => v,
                v = async { polled.set(polled.get() + 1); 2 } => v,
            }
        });
        assert!(polled.get() == 1 && (won == 1 || won == 2));
    }
}

// L6 (drop_in_fut, mutable_borrowing_future_with_same_borrow_in_block, .._and_else): an arm's future may consume and borrow; bodies may borrow the
// same again, because the losers are gone.
#[test]
fn bodies_may_borrow_what_futures_borrowed() {
    async fn mutates(_: &mut i32) {}
    now(async {
        let text = String::from("consumed");
        assert_eq!(select! { v = async { drop(text); 1 } => v }, 1);
        let mut value = 234;
        select! {
            _ = mutates(&mut value) => {}
            _ = async {} => value += 5,
        }
        select! {
            Some(()) = async { mutates(&mut value).await; None::<()> } => {}
            else => value += 27,
        }
        assert!(value >= 234 + 27);
    });
}

// L6 (move_uncompleted_futures): a future that is lent to the select and loses can be awaited in the winner's body and after.
#[test]
fn a_lent_future_survives_its_loss() {
    now(async {
        let (mut a, mut b) = (pin!(one()), pin!(one()));
        let sum = select! {
            v = &mut a => v + b.await,
            v = &mut b => v + a.await,
        };
        assert_eq!(sum, 2);
    });
}

// L5 (future_panics_after_poll): a future whose output does not match is out and never polled again.
#[test]
fn a_future_that_does_not_match_is_out() {
    let (chan, polls) = (Chan::new(0), Count::default());
    let once = poll_fn(|_| {
        polls.add();
        Poll::Ready(None::<()>)
    });
    let mut select = pin!(async {
        select! {
            Some(()) = once => None,
            v = <-chan => v,
        }
    });
    let wakes = Count::default();
    for _ in 0..3 {
        assert!(poll_once(select.as_mut(), &wakes).is_pending());
    }
    chan.try_send(1).unwrap();
    assert_eq!((poll_once(select.as_mut(), &wakes), polls.get()), (Poll::Ready(Some(1)), 1));
}

// L2 (disable_with_if, use_future_in_if_condition*): a future whose guard is false is neither made nor polled.
#[test]
fn a_guarded_future_is_not_made() {
    let chan = Chan::new(0);
    let mut select = pin!(async {
        select! {
            _ = async { unreachable!("not made") }, if false => 0,
            v = <-chan => v.unwrap(),
        }
    });
    let wakes = Count::default();
    assert!(poll_once(select.as_mut(), &wakes).is_pending());
    chan.try_send(7).unwrap();
    assert_eq!(wakes.get(), 1);
    assert_eq!(now(select), 7);
}

// L2, L6 (join_with_select): waiting for two in either order by guards.
on_every_kind!(two_results_in_any_order, async |s| {
    let (a, b) = (Chan::new(0), Chan::new(0));
    let (give_a, give_b) = (a.clone(), b.clone());
    s.go(async move {
        give_b.send(456).await.unwrap();
        give_a.send(123).await.unwrap();
    });
    let (mut first, mut second) = (None, None);
    while first.is_none() || second.is_none() {
        select! {
            v = <-a, if first.is_none() => first = v,
            v = <-b, if second.is_none() => second = v,
            else => unreachable!(),
        }
    }
    assert_eq!((first, second), (Some(123), Some(456)));
});

// L5, C4 (select_streams): arms that are out for good, and `else` when all are.
on_every_kind!(streams_until_all_have_ended, async |s| {
    let ((tx1, rx1), (tx2, rx2)) = (Chan::unbounded().split(), Chan::unbounded().split());
    s.go(async move {
        tx2.send(1).await.unwrap();
        yield_now().await;
        tx1.send(2).await.unwrap();
        yield_now().await;
        tx2.send(3).await.unwrap();
        yield_now().await;
    });
    let mut got = Vec::new();
    loop {
        select! {
            Some(v) = <-rx1 => got.push(v),
            Some(v) = rx2.recv() => got.push(v),
            else => break,
        }
    }
    got.sort_unstable();
    assert_eq!(got, [1, 2, 3]);
});

// L3 (biased_one_not_ready, biased_eventually_ready): biased looks at arms in order, every time.
#[test]
fn biased_futures_are_polled_in_order() {
    let (never, second, third) = (Chan::<i32>::new(0), Chan::new(1), Chan::new(1));
    second.try_send(2).unwrap();
    third.try_send(3).unwrap();
    let got = now(async {
        select! {
            biased;
            _ = never.recv() => unreachable!(),
            v = second.recv() => v,
            v = third.recv() => v,
        }
    });
    assert_eq!((got, third.len()), (Some(2), 1));

    orion_rt::run(async |_| {
        let (mut one, mut two, mut three) = (pin!(async {}), pin!(yield_now()), pin!(yield_now()));
        let mut order = Vec::new();
        loop {
            select! {
                biased;
                _ = &mut two, if !order.contains(&2) => order.push(2),
                _ = &mut three, if !order.contains(&3) => order.push(3),
                _ = &mut one, if !order.contains(&1) => order.push(1),
                else => break,
            }
        }
        assert_eq!(order, [1, 2, 3]);
    });
}

// L8 (many_branches): as many futures as anybody writes.
#[test]
fn sixty_four_futures() {
    macro_rules! all {
        ($($n:literal)*) => { select! { $(v = async { $n } => v,)* } };
    }
    let won = now(async {
        all!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
    });
    assert!((0..64).contains(&won));
}

// L5 (never_branch_no_warnings, mut_on_left_hand_side, mut_ref_patterns): patterns.
#[test]
fn patterns_of_all_kinds() {
    now(async {
        assert_eq!(select! { n = never() => match n {}, v = one() => v }, 1);
        assert_eq!(select! { mut v = one() => { v += 1; v } }, 2);
        select! {
            Some(mut text) = async { Some(String::from("1")) } => {
                text.push('2');
                assert_eq!(text, "12");
            }
            else => unreachable!(),
        }
        select! {
            Some(ref text) = async { Some(String::from("1")) } => assert_eq!(text, "1"),
            else => unreachable!(),
        }
        select! {
            Some(ref mut text) = async { Some(String::from("1")) } => {
                text.push('2');
                assert_eq!(text, "12");
            }
            else => unreachable!(),
        }
    });
}

// L3 (deterministic_select_current_thread): the same seed gives the same choices.
#[test]
fn the_same_seed_chooses_alike() {
    fn choices(seed: u64) -> Vec<usize> {
        let runtime = orion_rt::Runtime::builder().seed(seed).build_local().unwrap();
        runtime.run(async |_| {
            let mut choices = Vec::new();
            for _ in 0..20 {
                choices.push(select! {
                    v = async { 0 } => v, v = async { 1 } => v, v = async { 2 } => v, v = async { 3 } => v,
                    v = async { 4 } => v, v = async { 5 } => v, v = async { 6 } => v, v = async { 7 } => v,
                });
            }
            choices
        })
    }
    assert_eq!(choices(1), choices(1));
    assert_ne!(choices(1), choices(2));
}

// L1 (select_into_future, temporary_lifetime_extension): what can be turned into a future, and a borrowed temporary.
#[test]
fn arms_of_anything_that_becomes_a_future() {
    struct Becomes;
    impl IntoFuture for Becomes {
        type Output = u8;
        type IntoFuture = Ready<u8>;
        fn into_future(self) -> Ready<u8> {
            ready(7)
        }
    }
    now(async {
        assert_eq!(select! { v = Becomes => v }, 7);
        assert_eq!(select! { v = &mut ready(8) => v }, 8);
    });
}

// Y2 (select_is_budget_aware, rt_common::coop): selects that are always ready spend the budget like single operations, so others get
// their turn.
#[test]
fn selects_spend_the_budget() {
    let runtime = orion_rt::Runtime::builder().yield_budget(16).build_local().unwrap();
    runtime.run(async |s| {
        let (chan, done) = (Chan::unbounded(), Chan::new(1));
        let (feed, stop) = (chan.clone(), done.clone());
        s.go(async move {
            let mut rounds = 0_u32;
            while stop.is_empty() {
                feed.try_send(()).unwrap();
                select! { _ = <-feed => rounds += 1 }
                assert!(rounds < 1000, "the other task never gets its turn");
            }
        });
        s.go(async move { done.send(()).await.unwrap() });
    });
}

// L7 (all of them): a select by itself is a future like any other.
#[test]
fn a_select_is_a_future() {
    fn is_send(future: impl Future<Output = Option<u8>> + Send) -> impl Future<Output = Option<u8>> + Send {
        future
    }
    let chan = Chan::new(1);
    chan.try_send(1).unwrap();
    assert_eq!(
        futures::executor::block_on(is_send(async {
            select! { v = <-chan => v, () = pending() => None }
        })),
        Some(1)
    );
}

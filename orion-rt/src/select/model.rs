//! Models of the race: every interleaving of a few threads, within a bound of preemptions.

use super::seam::{ArmRef, Chosen, Race, Verdict, recv_arm, recv_some_arm};
use crate::util::rng;
use crate::{Chan, Select, Selected};
use loom::future::block_on;
use loom::thread;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

fn model(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(move || {
        // The choices are the same in every run.
        rng::reseed(3);
        body();
    });
}

/// Polls once with a waker that nobody listens to, then until it is ready.
fn poll_then_block<F: Future>(mut future: Pin<Box<F>>) -> F::Output {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => block_on(future),
    }
}

// L1: two selects in opposite roles on the same two channels: one communication, seen by both, and nobody hangs.
#[test]
fn model_selects_in_opposite_roles_meet_once() {
    model(|| {
        let (a, b) = (Chan::new(0), Chan::new(0));
        let other = thread::spawn({
            let (a, b) = (a.clone(), b.clone());
            move || block_on(Select::new().biased().recv(&a).send(&b, 1).wait())
        });
        let mine = block_on(Select::new().biased().recv(&b).send(&a, 2).wait());
        match (mine, other.join().unwrap()) {
            ((0, Selected::Received(Some(1))), (1, Selected::Sent(Ok(())))) => {}
            ((1, Selected::Sent(Ok(()))), (0, Selected::Received(Some(2)))) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(a.inspect().sent + b.inspect().sent, 1);
    });
}

// L1: two peers reach for one parked select: one of them is served, the other is not touched.
#[test]
fn model_one_peer_claims_a_select() {
    model(|| {
        let (a, b) = (Chan::new(0), Chan::new(0));
        let select = thread::spawn({
            let (a, b) = (a.clone(), b.clone());
            move || block_on(Select::new().recv(&a).recv(&b).wait())
        });
        let peer = thread::spawn({
            let a = a.clone();
            move || a.try_send(1).is_ok()
        });
        // Within the bound on preemptions, only a yield lets the select park first.
        thread::yield_now();
        let second = b.try_send(2).is_ok();
        let first = peer.join().unwrap();
        assert!(!(first && second), "both sends were taken");
        if !(first || second) {
            block_on(b.send(2)).unwrap();
        }
        let expected = if first { (0, Selected::Received(Some(1))) } else { (1, Selected::Received(Some(2))) };
        assert_eq!(select.join().unwrap(), expected);
    });
}

// X5: a select dropped around the hand-off gives the value back.
#[test]
fn model_a_dropped_select_gives_its_value_back() {
    model(|| {
        let (a, b) = (Chan::new(0), Chan::<u32>::new(0));
        let dropper = thread::spawn({
            let a = a.clone();
            move || {
                let mut select = Box::pin(Select::new().recv(&a).recv(&b).wait());
                let got = select.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
                drop(select);
                if got {
                    a.close();
                }
                got
            }
        });
        let sender = thread::spawn({
            let a = a.clone();
            move || block_on(a.send(7)).is_ok()
        });
        let got = block_on(a.recv());
        assert!(sender.join().unwrap());
        assert_eq!(got, (!dropper.join().unwrap()).then_some(7));
    });
}

/// `select! { <-never => .., v = <-ch => v }` where the future is pending for ever.
async fn recv_beside_future(ch: &Chan<u32>) -> Option<u32> {
    let mut race = pin!(Race::new(false, false));
    let mut arm = pin!(recv_arm(ch));
    poll_fn(|cx| {
        let mut arms = [ArmRef::Future, arm.as_mut().arm()];
        match race.as_mut().poll(cx, &mut arms, &mut |_, _| Verdict::Pending) {
            Poll::Ready(chosen) => {
                assert_eq!(chosen, Chosen::Arm(1));
                Poll::Ready(arm.as_mut().finish())
            }
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

// L1: a peer that comes while futures are polled is passed over, not lost: rendezvous and buffered.
#[test]
fn model_a_peer_that_comes_during_the_poll_is_seen() {
    for capacity in [0, 1] {
        model(move || {
            let ch = Chan::new(capacity);
            let sender = thread::spawn({
                let ch = ch.clone();
                move || block_on(ch.send(7)).is_ok()
            });
            assert_eq!(poll_then_block(Box::pin(recv_beside_future(&ch))), Some(7));
            assert!(sender.join().unwrap());
        });
    }
}

// L1: two selects that poll futures at the same time still find each other.
#[test]
fn model_two_busy_selects_meet() {
    async fn send_beside_future(ch: &Chan<u32>) -> bool {
        let mut race = pin!(Race::new(false, false));
        let mut arm = pin!(super::seam::send_arm(ch, 7));
        poll_fn(|cx| {
            let mut arms = [ArmRef::Future, arm.as_mut().arm()];
            race.as_mut()
                .poll(cx, &mut arms, &mut |_, _| Verdict::Pending)
                .map(|chosen| chosen == Chosen::Arm(1) && arm.as_mut().finish().is_ok())
        })
        .await
    }
    model(|| {
        let ch = Chan::new(0);
        let sender = thread::spawn({
            let ch = ch.clone();
            move || poll_then_block(Box::pin(send_beside_future(&ch)))
        });
        assert_eq!(poll_then_block(Box::pin(recv_beside_future(&ch))), Some(7));
        assert!(sender.join().unwrap());
    });
}

// L4: at every instant one of the channels holds a value, so `default` is wrong in every interleaving.
#[test]
fn model_default_needs_one_instant() {
    model(|| {
        let (a, b) = (Chan::new(1), Chan::new(1));
        a.try_send(1).unwrap();
        let mover = thread::spawn({
            let (a, b) = (a.clone(), b.clone());
            move || {
                b.try_send(2).unwrap();
                let _ = a.try_recv();
            }
        });
        let (_, selected) = block_on(Select::new().biased().recv(&b).recv(&a).default().wait());
        assert!(matches!(selected, Selected::Received(Some(_))));
        mover.join().unwrap();
    });
}

// A `Some(..)` arm whose channel closes leaves the race, and the other arm is still found.
#[test]
fn model_a_closed_arm_leaves_the_race() {
    async fn some_of(a: &Chan<u32>, b: &Chan<u32>) -> Option<u32> {
        let mut race = pin!(Race::new(true, false));
        let (mut a, mut b) = (pin!(recv_some_arm(a)), pin!(recv_some_arm(b)));
        poll_fn(|cx| {
            let mut arms = [a.as_mut().arm(), b.as_mut().arm()];
            race.as_mut().poll(cx, &mut arms, &mut |_, _| Verdict::Out).map(|chosen| match chosen {
                Chosen::Arm(0) => a.as_mut().finish(),
                Chosen::Arm(_) => b.as_mut().finish(),
                Chosen::Default | Chosen::Else => None,
            })
        })
        .await
    }
    model(|| {
        let (a, b) = (Chan::new(0), Chan::new(0));
        let peer = thread::spawn({
            let (a, b) = (a.clone(), b.clone());
            move || {
                a.close();
                block_on(b.send(3)).is_ok()
            }
        });
        assert_eq!(block_on(some_of(&a, &b)), Some(3));
        assert!(peer.join().unwrap());
    });
}

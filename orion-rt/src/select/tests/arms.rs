//! Future arms, `Some(..)` arms and `take`, through the seam that `select!` expands to.

use crate::chan::tests::{Counted, now, parked};
use crate::select::seam::{ArmRef, Chosen, Race, Verdict, recv_arm, recv_some_arm, send_arm, take_arm};
use crate::{Chan, SendError};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// `select! { v = <-ch => Ok(v), verdict = future => Err(verdict) }` with the future's verdicts given by a cell.
async fn recv_or(ch: &Chan<u32>, verdict: &Cell<Verdict>, biased: bool, default: bool) -> (Chosen, Option<u32>) {
    let mut race = pin!(Race::new(biased, default));
    let mut arm = pin!(recv_arm(ch));
    let mut out = false;
    poll_fn(|cx| {
        let future = if out { ArmRef::Off } else { ArmRef::Future };
        let mut arms = [future, arm.as_mut().arm()];
        let chosen = race.as_mut().poll(cx, &mut arms, &mut |index, _| {
            assert_eq!((index, out), (0, false));
            out = verdict.get() == Verdict::Out;
            verdict.get()
        });
        chosen.map(|chosen| (chosen, (chosen == Chosen::Arm(1)).then(|| arm.as_mut().finish()).flatten()))
    })
    .await
}

// L1: the first ready arm wins; with `biased` a ready future in front of a ready channel does, and nothing is taken.
#[test]
fn a_future_arm_can_win() {
    let ch = Chan::new(1);
    ch.try_send(1).unwrap();
    let ready = Cell::new(Verdict::Ready);
    assert_eq!(now(recv_or(&ch, &ready, true, false)), (Chosen::Arm(0), None));
    assert_eq!(ch.len(), 1);
    let pending = Cell::new(Verdict::Pending);
    assert_eq!(now(recv_or(&ch, &pending, false, true)), (Chosen::Arm(1), Some(1)));
    assert_eq!(now(recv_or(&ch, &pending, false, true)), (Chosen::Default, None));
}

// L1: a parked select resumes with the arm a peer has completed before any future, also under `biased`.
#[test]
fn a_completed_channel_arm_comes_before_futures() {
    let ch = Chan::new(0);
    let verdict = Cell::new(Verdict::Pending);
    let mut select = parked(recv_or(&ch, &verdict, true, false));
    verdict.set(Verdict::Ready);
    ch.try_send(7).unwrap();
    assert_eq!(select.poll(), Poll::Ready((Chosen::Arm(1), Some(7))));
    verdict.set(Verdict::Pending);
    let mut select = parked(recv_or(&ch, &verdict, true, false));
    verdict.set(Verdict::Ready);
    assert_eq!(select.poll(), Poll::Ready((Chosen::Arm(0), None)));
    assert_eq!(ch.inspect().receivers_waiting, 0);
}

// L5, L9: an arm whose output did not match leaves the race; with none left the race ends with `Else`.
#[test]
fn arms_leave_the_race() {
    let ch = Chan::new(0);
    let verdict = Cell::new(Verdict::Out);
    let mut select = parked(recv_or(&ch, &verdict, false, false));
    ch.try_send(7).unwrap();
    assert_eq!(select.poll(), Poll::Ready((Chosen::Arm(1), Some(7))));
    verdict.set(Verdict::Pending);
    let mut select = parked(recv_or(&ch, &verdict, false, false));
    verdict.set(Verdict::Out);
    assert!(select.poll().is_pending());
    ch.close();
    assert_eq!(select.poll(), Poll::Ready((Chosen::Arm(1), None)));
}

/// `select! { Some(v) = <-a, Some(v) = <-b, else }`
async fn some_of(a: &Chan<u32>, b: &Chan<u32>) -> Option<u32> {
    let mut race = pin!(Race::new(false, false));
    let (mut a, mut b) = (pin!(recv_some_arm(a)), pin!(recv_some_arm(b)));
    poll_fn(|cx| {
        let mut arms = [a.as_mut().arm(), b.as_mut().arm()];
        let chosen = race.as_mut().poll(cx, &mut arms, &mut |_, _| unreachable!("no future arms"));
        chosen.map(|chosen| match chosen {
            Chosen::Arm(0) => Some(a.as_mut().finish().unwrap()),
            Chosen::Arm(_) => Some(b.as_mut().finish().unwrap()),
            Chosen::Default | Chosen::Else => None,
        })
    })
    .await
}

// A `Some(..)` arm is out once its channel is closed and drained, before the race or while it waits.
#[test]
fn a_some_arm_leaves_when_its_channel_closes() {
    let (a, b) = (Chan::new(1), Chan::new(1));
    a.try_send(1).unwrap();
    a.close();
    assert_eq!(now(some_of(&a, &b)), Some(1));
    let mut select = parked(some_of(&a, &b));
    b.try_send(2).unwrap();
    assert_eq!(select.poll(), Poll::Ready(Some(2)));

    let a = Chan::new(1);
    let mut select = parked(some_of(&a, &b));
    a.close();
    assert!(select.poll().is_pending());
    b.try_send(3).unwrap();
    assert_eq!(select.poll(), Poll::Ready(Some(3)));
    let mut select = parked(some_of(&b, &a));
    b.close();
    assert_eq!(select.wakes.get(), 1);
    assert_eq!(select.poll(), Poll::Ready(None));
    assert_eq!(now(some_of(&a, &b)), None);
}

// L1: a peer that comes while futures are polled is not lost: the select looks again before it waits.
#[test]
fn a_peer_that_comes_during_the_poll_is_seen() {
    async fn recv_while(ch: &Chan<u32>, during: &dyn Fn() -> Verdict) -> Chosen {
        let mut race = pin!(Race::new(true, false));
        let mut arm = pin!(recv_arm(ch));
        let chosen = poll_fn(|cx| {
            let mut arms = [ArmRef::Future, arm.as_mut().arm()];
            race.as_mut().poll(cx, &mut arms, &mut |_, _| during())
        })
        .await;
        if chosen == Chosen::Arm(1) {
            assert_eq!(arm.as_mut().finish(), Some(9));
        }
        chosen
    }
    // Buffered: the peer cannot claim the busy select, so the value is buffered, and the select takes it.
    let ch = Chan::new(1);
    let act = Cell::new(false);
    let during = || {
        if act.get() {
            ch.try_send(9).unwrap();
        }
        Verdict::Pending
    };
    let mut select = parked(recv_while(&ch, &during));
    act.set(true);
    assert_eq!(select.poll(), Poll::Ready(Chosen::Arm(1)));
    // Unbuffered: the peer has to wait, and the select takes the value from it.
    let ch = Chan::new(0);
    let send = Cell::new(None);
    let act = Cell::new(false);
    let during = || {
        if act.get() {
            send.set(Some(parked(ch.send(9))));
        }
        Verdict::Pending
    };
    let mut select = parked(recv_while(&ch, &during));
    act.set(true);
    assert_eq!(select.poll(), Poll::Ready(Chosen::Arm(1)));
    assert!(send.take().is_some_and(|mut send| send.poll().is_ready()));
    // The future wins all the same: nothing was taken.
    let ch = Chan::new(1);
    let act = Cell::new(false);
    let during = || {
        if !act.get() {
            return Verdict::Pending;
        }
        ch.try_send(9).unwrap();
        Verdict::Ready
    };
    let mut select = parked(recv_while(&ch, &during));
    act.set(true);
    assert_eq!(select.poll(), Poll::Ready(Chosen::Arm(0)));
    assert_eq!(ch.try_recv(), Ok(9));
}

// L2: `take` leaves the value in its place when the arm loses, is dropped, or finds the channel closed unchosen.
#[test]
fn take_leaves_the_value_when_it_loses() {
    async fn offer(ch: &Chan<Counted>, place: &mut Option<Counted>) -> Option<Result<(), SendError<Counted>>> {
        let mut race = pin!(Race::new(false, false));
        let mut arm = pin!(take_arm(ch, place));
        poll_fn(|cx| {
            let mut arms = [match arm.as_mut().as_pin_mut() {
                Some(arm) => arm.arm(),
                None => ArmRef::Off,
            }];
            let chosen = race.as_mut().poll(cx, &mut arms, &mut |_, _| Verdict::Out);
            chosen.map(|chosen| (chosen == Chosen::Arm(0)).then(|| arm.as_mut().as_pin_mut().unwrap().finish()))
        })
        .await
    }
    let dropped = Arc::default();
    let ch = Chan::new(0);
    let mut place = Some(Counted(1, Arc::clone(&dropped)));
    drop(parked(offer(&ch, &mut place)));
    assert!(place.is_some() && dropped.get() == 0);
    let mut sent = parked(offer(&ch, &mut place));
    assert!(ch.try_recv().is_ok());
    assert!(matches!(sent.poll(), Poll::Ready(Some(Ok(())))));
    drop(sent);
    assert!(place.is_none() && dropped.get() == 1);
    assert!(now(offer(&ch, &mut place)).is_none());
    place = Some(Counted(2, Arc::clone(&dropped)));
    parked(offer(&ch, &mut place)).forget();
    ch.close();
    assert_eq!(dropped.get(), 1);
    place = Some(Counted(3, Arc::clone(&dropped)));
    assert!(matches!(now(offer(&ch, &mut place)), Some(Err(SendError(Counted(3, _))))));
}

// The seam is sound by itself: an arm that outlives its race, or is part of two, does not dangle.
#[test]
fn an_arm_belongs_to_one_race() {
    let ch = Chan::<u32>::new(0);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let (mut one, mut two) = (pin!(Race::new(false, false)), pin!(Race::new(false, false)));
    let mut arm = pin!(send_arm(&ch, 1));
    let chosen = one.as_mut().poll(&mut cx, &mut [arm.as_mut().arm()], &mut |_, _| Verdict::Out);
    assert!(chosen.is_pending());
    let again = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        two.as_mut().poll(&mut cx, &mut [arm.as_mut().arm()], &mut |_, _| Verdict::Out)
    }));
    assert!(again.is_err());
    assert_eq!(ch.try_recv(), Ok(1));
    let finish = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| arm.as_mut().finish()));
    assert!(finish.is_err(), "the race has not said so yet");
}

//! L1, L3, L4, L8, L9 and X5 on the dynamic select.

use crate::chan::tests::{Counted, drain, fresh, now, parked};
use crate::util::rng;
use crate::{Chan, Select, Selected, SendError};
use std::sync::Arc;
use std::task::Poll;

fn chans<T>(n: usize, capacity: usize) -> Vec<Chan<T>> {
    (0..n).map(|_| Chan::new(capacity)).collect()
}

fn recv_all<T>(chans: &[Chan<T>]) -> Select<'_, T> {
    chans.iter().fold(Select::new(), |select, chan| select.recv(chan))
}

// L1: exactly one arm communicates; the others have neither taken nor sent nor dropped anything.
#[test]
fn exactly_one_arm_communicates() {
    for biased in [false, true] {
        let (full, empty) = (Chan::new(1), Chan::new(1));
        full.try_send(1).unwrap();
        let select = Select::new().recv(&full).send(&empty, 2);
        let (index, selected) = now(if biased { select.biased() } else { select }.wait());
        match selected {
            Selected::Received(value) => assert_eq!((index, value, empty.len()), (0, Some(1), 0)),
            Selected::Sent(sent) => assert_eq!((index, sent, full.len(), empty.len()), (1, Ok(()), 1, 1)),
            Selected::Default => panic!("there is no default"),
        }
        assert!(!biased || index == 0);
    }
}

// L1: a parked select is completed by the first peer; later ones find it gone.
#[test]
fn a_parked_select_is_completed_once() {
    for n in [1, 2, 8, 9, 70] {
        let chans = chans(n, 0);
        let mut select = parked(recv_all(&chans).wait());
        assert!(chans.iter().all(|c| c.inspect().receivers_waiting == 1));
        let last = n - 1;
        assert_eq!(chans[last].try_send(5), Ok(()));
        assert!(chans[..last].iter().all(|c| c.try_send(6).is_err()));
        assert_eq!(select.wakes.get(), 1);
        assert_eq!(select.poll(), Poll::Ready((last, Selected::Received(Some(5)))));
        assert!(chans.iter().all(|c| c.inspect().receivers_waiting == 0));
    }
}

// L1: an operation never pairs with another arm of the same select, but with another select it does.
#[test]
fn a_select_does_not_pair_with_itself() {
    let ch = Chan::new(0);
    let mut one = parked(Select::new().recv(&ch).send(&ch, 1).wait());
    assert!(one.poll().is_pending());
    let two = now(Select::new().send(&ch, 2).recv(&ch).wait());
    let one = one.poll();
    match two {
        (0, Selected::Sent(Ok(()))) => assert_eq!(one, Poll::Ready((0, Selected::Received(Some(2))))),
        (1, Selected::Received(Some(1))) => assert_eq!(one, Poll::Ready((1, Selected::Sent(Ok(()))))),
        other => panic!("{other:?}"),
    }
}

// L1: two selects in opposite roles on two channels: one communication, both see it.
#[test]
fn selects_in_opposite_roles_meet() {
    let (a, b) = (Chan::new(0), Chan::new(0));
    let mut first = parked(Select::new().recv(&a).send(&b, 1).wait());
    let second = now(Select::new().send(&a, 2).recv(&b).wait());
    let first = first.poll();
    match second {
        (0, Selected::Sent(Ok(()))) => assert_eq!(first, Poll::Ready((0, Selected::Received(Some(2))))),
        (1, Selected::Received(Some(1))) => assert_eq!(first, Poll::Ready((1, Selected::Sent(Ok(()))))),
        other => panic!("{other:?}"),
    }
    assert_eq!(a.inspect().sent + b.inspect().sent, 1);
}

/// Chi-square of `rounds` choices of `hot` ready arms among `n`.
fn chi_square(n: usize, hot: &[usize], rounds: u32) -> f64 {
    let chans = chans(n, 1);
    for &i in hot {
        chans[i].try_send(()).unwrap();
    }
    let mut seen = vec![0_u32; n];
    for _ in 0..rounds {
        let (index, _) = now(recv_all(&chans).wait());
        seen[index] += 1;
        chans[index].try_send(()).unwrap();
    }
    let expected = f64::from(rounds) / hot.len() as f64;
    assert_eq!(hot.iter().map(|&i| seen[i]).sum::<u32>(), rounds);
    hot.iter().map(|&i| (f64::from(seen[i]) - expected).powi(2) / expected).sum()
}

// L3: uniform among the ready arms, wherever they are. The seed is fixed; each bound is exceeded once in 10 000 seeds.
#[test]
fn the_choice_is_uniform() {
    if cfg!(miri) {
        return;
    }
    rng::reseed(11);
    assert!(chi_square(2, &[0, 1], 60_000) < 15.2);
    assert!(chi_square(6, &[0, 1, 2, 3, 4, 5], 60_000) < 25.8);
    assert!(chi_square(6, &[1, 2, 5], 60_000) < 18.5);
    assert!(chi_square(70, &[3, 40, 69], 60_000) < 18.5);
}

// L3: biased takes the first ready one.
#[test]
fn biased_goes_in_order() {
    let chans = chans(5, 1);
    for hot in [4, 2, 3] {
        chans[hot].try_send(hot).unwrap();
    }
    for expected in [2, 3, 4] {
        let got = now(recv_all(&chans).biased().wait());
        assert_eq!(got, (expected, Selected::Received(Some(expected))));
    }
}

// L4: default only if nothing is ready; a waiting peer, a value, space and a close are all ready.
#[test]
fn default_means_that_nothing_was_ready() {
    for n in [0, 1, 2, 9] {
        let chans = chans::<u8>(n, 0);
        assert_eq!(now(recv_all(&chans).default().wait()), (n, Selected::Default));
        assert!(chans.iter().all(|c| c.inspect().receivers_waiting == 0));
        for c in &chans {
            let mut send = parked(c.send(3));
            let (_, selected) = now(recv_all(&chans).default().wait());
            assert_eq!(selected, Selected::Received(Some(3)));
            assert!(send.poll().is_ready());
        }
    }
    let full = Chan::new(1);
    full.try_send(0).unwrap();
    assert_eq!(now(Select::new().send(&full, 1).default().wait()), (1, Selected::Default));
    full.close();
    assert_eq!(now(Select::new().send(&full, 1).default().wait()), (0, Selected::Sent(Err(SendError(1)))));
}

// C3: close completes a parked select, once.
#[test]
fn close_completes_a_parked_select() {
    let (a, b) = (Chan::new(0), Chan::new(0));
    let mut select = parked(Select::new().recv(&a).send(&b, 1).wait());
    b.close();
    a.close();
    assert_eq!(select.wakes.get(), 1);
    assert_eq!(select.poll(), Poll::Ready((1, Selected::Sent(Err(SendError(1))))));
    assert_eq!(now(Select::new().recv(&a).wait()), (0, Selected::Received(None)));
}

// L9, D6: without arms and without default it waits for ever, and whoever looks is told where.
#[test]
fn a_select_without_arms_waits() {
    let mut select = parked(Select::<u8>::new().wait());
    crate::coop::begin_test_poll(1);
    assert!(select.poll().is_pending());
    let note = crate::coop::end_poll();
    assert_eq!((note.reason, note.location.unwrap().file()), (crate::coop::Reason::Select, file!()));
}

// X5, L2: dropped after the hand-off, the value goes back; a losing send's value is dropped once.
#[test]
fn a_dropped_select_returns_what_it_was_handed() {
    let dropped = Arc::default();
    let (a, b) = (Chan::new(0), Chan::new(0));
    let select = parked(Select::new().recv(&a).send(&b, Counted(1, Arc::clone(&dropped))).wait());
    a.try_send(Counted(2, Arc::clone(&dropped))).ok().unwrap();
    assert!(b.try_recv().is_err());
    drop(select);
    assert_eq!((dropped.get(), a.len()), (1, 1));
    assert_eq!(drain(&a).pop().map(|c| c.0), Some(2));
    let select = parked(Select::new().recv(&a).send(&b, Counted(3, Arc::clone(&dropped))).wait());
    drop(select);
    assert_eq!(dropped.get(), 3);
    assert_eq!(a.inspect().receivers_waiting + b.inspect().senders_waiting, 0);
}

// C6: forgotten in any state it stays sound.
#[test]
fn a_forgotten_select_is_sound() {
    let (a, b) = (Chan::new(0), Chan::new(0));
    parked(Select::new().recv(&a).recv(&b).wait()).forget();
    assert_eq!(a.try_send(String::from("leaks")), Ok(()));
    assert!(b.try_send(String::from("stays")).is_err());
    parked(Select::new().recv(&a).send(&b, String::from("sent")).wait()).forget();
    assert_eq!(b.try_recv().as_deref(), Ok("sent"));
    parked(Select::new().recv(&a).send(&b, String::from("kept")).wait()).forget();
    drop((a, b));
}

// C6: a new waker replaces the old one.
#[test]
fn the_last_waker_is_the_one_woken() {
    let chans = chans(2, 0);
    let mut select = parked(recv_all(&chans).wait());
    let old = std::mem::take(&mut select.wakes);
    assert!(select.poll().is_pending());
    chans[1].try_send(1).unwrap();
    assert_eq!((old.get(), select.wakes.get()), (0, 1));
    assert_eq!(select.poll(), Poll::Ready((1, Selected::Received(Some(1)))));
}

// Y2: a select takes one unit, and suspends once when none is left, also with a default.
#[test]
fn a_select_takes_from_the_yield_budget() {
    let ch = Chan::new(1);
    ch.try_send(1).unwrap();
    crate::coop::begin_test_poll(1);
    assert_eq!(now(Select::new().recv(&ch).default().wait()).1, Selected::Received(Some(1)));
    let mut select = fresh(Select::new().recv(&ch).default().wait());
    assert!(select.poll().is_pending());
    assert_eq!(crate::coop::end_poll().reason, crate::coop::Reason::Yield);
    assert_eq!(select.poll(), Poll::Ready((1, Selected::Default)));
    crate::coop::begin_test_poll(1);
    let _parked = parked(Select::new().recv(&ch).wait());
    let note = crate::coop::end_poll();
    assert_eq!((note.reason, note.location.unwrap().file()), (crate::coop::Reason::Select, file!()));
}

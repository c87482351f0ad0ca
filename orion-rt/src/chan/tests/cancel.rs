//! X5, C6, C7: what happens to a value when a future is dropped, forgotten or moved.

use super::{Counted, drain, fresh, now, parked};
use crate::{Chan, SendError};
use std::sync::Arc;
use std::task::Poll;

// X5: a value handed to a receiver that is dropped goes to the longest waiting receiver.
#[test]
fn a_returned_value_goes_to_the_next_receiver() {
    let ch = Chan::new(0);
    let first = parked(ch.recv());
    let mut second = parked(ch.recv());
    let mut third = parked(ch.recv());
    ch.try_send(1).unwrap();
    drop(first);
    assert_eq!((second.wakes.get(), third.wakes.get()), (1, 0));
    assert_eq!(second.poll(), Poll::Ready(Some(1)));
    assert_eq!(third.poll(), Poll::Pending);
}

// X5: with nobody waiting it is received before everything else, in send order, and may exceed the capacity.
#[test]
fn returned_values_come_first_and_in_send_order() {
    let ch = Chan::new(2);
    let mut receivers: Vec<_> = (0..3).map(|_| parked(ch.recv())).collect();
    for i in 0..5 {
        ch.try_send(i).unwrap();
    }
    assert_eq!(ch.inspect().received, 3);
    drop(receivers.remove(1));
    drop(receivers.remove(1));
    drop(receivers.remove(0));
    let info = ch.inspect();
    assert_eq!((info.len, info.sent, info.received), (5, 5, 0));
    let mut blocked = parked(ch.send(5));
    assert_eq!(ch.inspect_with(|values| values.copied().collect::<Vec<_>>()), [0, 1, 2, 3, 4]);
    for i in 0..3 {
        assert_eq!(now(ch.recv()), Some(i));
        assert_eq!(blocked.wakes.get(), 0);
    }
    assert_eq!(now(ch.recv()), Some(3));
    assert_eq!(blocked.poll(), Poll::Ready(Ok(())));
    assert_eq!(drain(&ch), [4, 5]);
    assert_eq!(ch.inspect().received, 6);
}

// X5: an unbuffered channel then has a length of one, and a send still waits for a receiver.
#[test]
fn an_unbuffered_channel_keeps_a_returned_value() {
    let ch = Chan::new(0);
    let recv = parked(ch.recv());
    ch.try_send(1).unwrap();
    drop(recv);
    assert_eq!((ch.len(), ch.is_full()), (1, true));
    let mut send = parked(ch.send(2));
    assert_eq!(now(ch.recv()), Some(1));
    assert_eq!(send.poll(), Poll::Pending);
    assert_eq!(now(ch.recv()), Some(2));
    assert_eq!(send.poll(), Poll::Ready(Ok(())));
}

// X5: returned after close, it is still delivered; with no receiver left it is dropped.
#[test]
fn a_value_returned_after_close_is_delivered_or_dropped() {
    let ch = Chan::new(0);
    let recv = parked(ch.recv());
    ch.try_send(1).unwrap();
    ch.close();
    assert_eq!(now(ch.recv()), None);
    drop(recv);
    assert_eq!((now(ch.recv()), now(ch.recv())), (Some(1), None));
}

// C6: polled with a new waker, only the new one is woken.
#[test]
fn the_last_waker_is_the_one_woken() {
    let ch = Chan::new(0);
    let mut recv = parked(ch.recv());
    let old = std::mem::take(&mut recv.wakes);
    assert!(recv.poll().is_pending());
    assert!(recv.poll().is_pending());
    let mut send = parked(Chan::new(0).clone().send(0)).wakes;
    assert_eq!(Arc::get_mut(&mut send).map(|count| count.get()), Some(0));
    ch.try_send(1).unwrap();
    assert_eq!((old.get(), recv.wakes.get()), (0, 1));
    assert_eq!(recv.poll(), Poll::Ready(Some(1)));
}

// C6: a waiting operation that is dropped leaves no trace.
#[test]
fn dropped_waiters_are_gone() {
    let ch = Chan::new(0);
    let dropped = Arc::default();
    drop(parked(ch.send(Counted(1, Arc::clone(&dropped)))));
    drop(fresh(ch.send(Counted(2, Arc::clone(&dropped)))));
    assert_eq!(dropped.get(), 2);
    drop(parked(ch.recv()));
    let info = ch.inspect();
    assert_eq!((info.senders_waiting, info.receivers_waiting, info.sent), (0, 0, 0));
}

// C6, C7: forgotten futures stay where they are; their values arrive or leak, and nothing dangles.
#[test]
fn forgotten_futures_are_sound() {
    let dropped = Arc::default();
    let ch = Chan::new(0);
    parked(ch.send(Counted(1, Arc::clone(&dropped)))).forget();
    assert_eq!(now(ch.recv()).map(|c| c.0), Some(1));
    parked(ch.recv()).forget();
    ch.try_send(Counted(2, Arc::clone(&dropped))).ok().unwrap();
    assert_eq!(dropped.get(), 1);
    parked(ch.recv()).forget();
    drop(ch);
    assert_eq!(dropped.get(), 1);
}

// C7: every value is received, returned or dropped exactly once, whatever is dropped when.
#[test]
fn values_are_dropped_exactly_once() {
    for capacity in [0, 1, 3] {
        for cancelled in 0..16_u32 {
            let dropped = Arc::default();
            let ch = Chan::new(capacity);
            let mut receivers: Vec<_> = (0..2).map(|_| Some(fresh(ch.recv()))).collect();
            for r in receivers.iter_mut().flatten() {
                let _ = r.poll();
            }
            let mut senders: Vec<_> = (0..4).map(|i| Some(fresh(ch.send(Counted(i, Arc::clone(&dropped)))))).collect();
            for s in &mut senders {
                if s.as_mut().is_some_and(|s| s.poll().is_ready()) {
                    *s = None;
                }
            }
            for i in 0..2 {
                if cancelled & 1 << i != 0 {
                    receivers[i] = None;
                    senders[i + 2] = None;
                }
            }
            let mut got = Vec::new();
            for r in receivers.iter_mut().flatten() {
                if let Poll::Ready(Some(value)) = r.poll() {
                    got.push(value.0);
                }
            }
            if cancelled & 4 != 0 {
                ch.close();
            }
            for s in senders.iter_mut().flatten() {
                if let Poll::Ready(Err(SendError(value))) = s.poll() {
                    got.push(value.0);
                }
            }
            if cancelled & 8 != 0 {
                got.extend(drain(&ch).iter().map(|c| c.0));
            }
            drop(senders);
            drop(receivers);
            drop(ch);
            assert_eq!(dropped.get(), 4, "capacity {capacity}, cancelled {cancelled:b}");
            let seen = got.len();
            got.sort_unstable();
            got.dedup();
            assert_eq!(got.len(), seen, "a value was seen twice");
        }
    }
}

// C6: a future moves between threads between two polls.
#[test]
fn futures_move_between_threads() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let ch = Chan::new(0);
    let mut recv = assert_send(parked(ch.recv()));
    let mut send = std::thread::scope(|s| s.spawn(|| assert_send(fresh(ch.send(7)))).join().unwrap());
    assert_eq!(send.poll(), Poll::Ready(Ok(())));
    let got = std::thread::scope(|s| s.spawn(move || recv.poll()).join().unwrap());
    assert_eq!(got, Poll::Ready(Some(7)));
}

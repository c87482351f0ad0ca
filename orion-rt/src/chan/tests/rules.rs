//! C1 to C5, C9, C10, C12, C13: what a channel does when nobody is cancelled.

use super::{fresh, now, parked};
use crate::{Chan, SendError, TryRecvError, TrySendError};
use std::error::Error;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

// C1: values in send order; waiting senders and receivers first come, first served.
#[test]
fn values_and_waiters_are_first_in_first_out() {
    let ch = Chan::new(2);
    let mut senders: Vec<_> = (0..5).map(|i| fresh(ch.send(i))).collect();
    let done = senders.iter_mut().map(|s| s.poll().is_ready()).filter(|ready| *ready).count();
    assert_eq!(done, 2);
    for i in 0..5 {
        assert_eq!(now(ch.recv()), Some(i));
    }
    assert!(senders[2..].iter_mut().all(|s| s.wakes.get() == 1 && s.poll() == Poll::Ready(Ok(()))));
    let mut receivers: Vec<_> = (0..3).map(|_| parked(ch.recv())).collect();
    for i in 0..3 {
        ch.try_send(i).unwrap();
    }
    for (i, r) in (0..).zip(&mut receivers) {
        assert_eq!(r.wakes.get(), 1);
        assert_eq!(r.poll(), Poll::Ready(Some(i)));
    }
}

// C2: an unbuffered send completes when a receiver has been handed the value, not before.
#[test]
fn an_unbuffered_send_waits_for_a_receiver() {
    let ch = Chan::new(0);
    let mut send = parked(ch.send(1));
    assert_eq!(ch.inspect().senders_waiting, 1);
    assert_eq!(ch.len(), 0);
    let mut recv = fresh(ch.recv());
    assert_eq!(recv.poll(), Poll::Ready(Some(1)));
    assert_eq!(send.wakes.get(), 1);
    assert_eq!(send.poll(), Poll::Ready(Ok(())));
    let mut recv = parked(ch.recv());
    assert_eq!(now(ch.send(2)), Ok(()));
    assert_eq!((recv.wakes.get(), recv.poll()), (1, Poll::Ready(Some(2))));
}

// C3: close wakes everything; senders get their values back, receivers drain, then get None.
#[test]
fn close_wakes_senders_and_receivers() {
    let ch = Chan::new(1);
    ch.try_send(0).unwrap();
    let mut senders: Vec<_> = (1..12).map(|i| parked(ch.send(i))).collect();
    assert!(ch.close());
    assert!(!ch.close());
    for (i, s) in (1..).zip(&mut senders) {
        assert_eq!((s.wakes.get(), s.poll()), (1, Poll::Ready(Err(SendError(i)))));
    }
    assert_eq!(ch.try_send(9), Err(TrySendError::Closed(9)));
    assert_eq!(now(ch.send(9)), Err(SendError(9)));
    assert_eq!((now(ch.recv()), now(ch.recv())), (Some(0), None));
    assert_eq!(ch.try_recv(), Err(TryRecvError::Closed));

    let ch = Chan::<u8>::new(0);
    let mut receivers: Vec<_> = (0..12).map(|_| parked(ch.recv())).collect();
    ch.close();
    assert!(receivers.iter_mut().all(|r| r.wakes.get() == 1 && r.poll() == Poll::Ready(None)));
}

// C5: try_* pairs with a parked peer and says exactly why it did not.
#[test]
fn try_pairs_with_parked_peers() {
    let ch = Chan::new(0);
    assert_eq!(ch.try_send(1), Err(TrySendError::Full(1)));
    assert_eq!(ch.try_recv(), Err(TryRecvError::Empty));
    let mut send = parked(ch.send(2));
    assert_eq!(ch.try_recv(), Ok(2));
    assert_eq!(send.poll(), Poll::Ready(Ok(())));
    let mut recv = parked(ch.recv());
    assert_eq!(ch.try_send(3), Ok(()));
    assert_eq!(recv.poll(), Poll::Ready(Some(3)));
}

// C9: plain threads and futures share a channel; a rendezvous between threads loses nothing.
#[test]
fn plain_threads_block_on_it() {
    let n = if cfg!(miri) { 20 } else { 2000 };
    for capacity in [0, 1, 7] {
        let ch = Chan::new(capacity);
        let got: Vec<u32> = std::thread::scope(|s| {
            s.spawn(|| {
                for i in 0..n {
                    ch.send_blocking(i).unwrap();
                }
                ch.close();
            });
            std::iter::from_fn(|| ch.recv_blocking()).collect()
        });
        assert!(got.into_iter().eq(0..n));
    }
}

#[test]
fn a_deadline_gives_the_value_back() {
    let ch = Chan::new(0);
    assert_eq!(ch.send_timeout_blocking(1, Duration::ZERO), Err(TrySendError::Full(1)));
    assert_eq!(ch.recv_timeout_blocking(Duration::ZERO), Err(TryRecvError::Empty));
    assert_eq!(ch.inspect().senders_waiting + ch.inspect().receivers_waiting, 0);
    let mut send = parked(ch.send(2));
    assert_eq!(ch.recv_timeout_blocking(Duration::MAX), Ok(2));
    assert_eq!(send.poll(), Poll::Ready(Ok(())));
    ch.close();
    assert_eq!(ch.send_timeout_blocking(1, Duration::MAX), Err(TrySendError::Closed(1)));
    assert_eq!(ch.recv_timeout_blocking(Duration::MAX), Err(TryRecvError::Closed));
}

// C10, Y2: an operation takes a unit; a spent budget suspends a ready operation once; try_* only takes.
#[test]
fn operations_take_from_the_yield_budget() {
    let ch = Chan::new(8);
    crate::coop::begin_test_poll(3);
    assert_eq!(now(ch.send(1)), Ok(()));
    ch.try_send(2).unwrap();
    assert_eq!(now(ch.recv()), Some(1));
    let mut recv = fresh(ch.recv());
    assert_eq!((recv.poll(), recv.wakes.get()), (Poll::Pending, 1));
    assert_eq!(ch.try_recv(), Ok(2));
    assert_eq!(crate::coop::end_poll().reason, crate::coop::Reason::Yield);
    assert_eq!(ch.inspect().receivers_waiting, 0);
    crate::coop::begin_test_poll(3);
    assert_eq!(recv.poll(), Poll::Pending);
    let note = crate::coop::end_poll();
    assert_eq!((note.reason, note.object), (crate::coop::Reason::Recv, ch.inspect().id));
    assert_eq!(note.location.unwrap().file(), file!());
}

// C12: counters and snapshots.
#[test]
fn inspect_shows_without_changing() {
    let ch = Chan::new(3).named("jobs");
    for i in 0..3 {
        ch.try_send(i).unwrap();
    }
    let waiting = parked(ch.send(3));
    ch.try_recv().unwrap();
    let info = ch.inspect();
    assert_eq!(info.name.as_deref(), Some("jobs"));
    assert_eq!((info.capacity, info.len, info.closed), (Some(3), 3, false));
    assert_eq!((info.sent, info.received, info.senders_waiting), (4, 1, 0));
    assert_eq!(ch.inspect_with(|values| values.copied().collect::<Vec<_>>()), [1, 2, 3]);
    assert!(ch.is_full() && !ch.is_empty() && ch.capacity() == Some(3));
    assert!(format!("{ch:?}").contains("jobs"));
    drop(waiting);
    assert_eq!(Chan::<()>::unbounded().capacity(), None);
}

// C12: looking changes nothing: the same operations end the same way and wake the same, looked at or not.
#[test]
fn looking_changes_nothing() {
    fn run(seed: u32, look: impl Fn(&Chan<u32>)) -> Vec<String> {
        let (ch, mut next) = (Chan::new(seed as usize % 3), seed);
        let (mut trace, mut sends, mut recvs) = (Vec::new(), Vec::new(), Vec::new());
        for step in 0..60 {
            look(&ch);
            next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            trace.push(match next >> 24 & 7 {
                0 | 1 => {
                    let mut send = fresh(ch.send(step));
                    let polled = send.poll();
                    sends.push(send);
                    format!("send {polled:?}")
                }
                2 | 3 => {
                    let mut recv = fresh(ch.recv());
                    let polled = recv.poll();
                    recvs.push((polled.is_ready(), recv));
                    format!("recv {polled:?}")
                }
                4 => format!("{:?}", ch.try_send(step).map_err(|e| e.is_full())),
                5 => format!("{:?}", ch.try_recv()),
                6 if !recvs.is_empty() => {
                    let (ended, mut recv) = recvs.remove(0);
                    look(&ch);
                    if ended { "ended".to_owned() } else { format!("again {:?} {}", recv.poll(), recv.wakes.get()) }
                }
                _ => format!("drop {}", sends.pop().map_or(0, |send| send.wakes.get())),
            });
        }
        trace
    }
    for seed in 0..if cfg!(miri) { 4 } else { 200 } {
        let looked = run(seed, |ch| {
            let info = ch.inspect();
            assert_eq!((ch.len(), ch.is_empty()), (info.len, info.len == 0));
            assert_eq!(ch.inspect_with(|values| values.count()), info.len);
            // C2: a waiting receiver implies an empty buffer, a waiting sender a full one.
            assert!(info.receivers_waiting == 0 || info.len == 0);
            assert!(info.senders_waiting == 0 || ch.is_full());
            assert!(format!("{ch:?}").contains("len"));
        });
        assert_eq!(looked, run(seed, |_| ()));
    }
}

// C13: errors say what to do and need nothing of T.
#[test]
fn errors_are_errors() {
    struct Opaque;
    fn text(error: &dyn Error) -> String {
        error.to_string()
    }
    assert!(text(&SendError(Opaque)).contains("closed"));
    assert!(text(&TrySendError::Full(Opaque)).contains("capacity"));
    assert!(text(&TryRecvError::Closed).contains("stop receiving"));
    assert!(TrySendError::Full(1).is_full() && TrySendError::Closed(1).is_closed());
}

// C4: a side that is gone closes the channel, each in its own way.
#[test]
fn the_last_half_closes() {
    let (tx, rx) = Chan::new(4).split();
    let tx2 = tx.clone();
    tx.try_send(1).unwrap();
    drop(tx);
    assert!(!rx.is_closed());
    drop(tx2);
    assert!(rx.is_closed());
    assert_eq!((now(rx.recv()), now(rx.recv())), (Some(1), None));

    let value = Arc::new(());
    let (tx, rx) = Chan::new(4).split();
    tx.try_send(value.clone()).unwrap();
    let rx2 = rx.clone();
    drop(rx);
    assert_eq!(Arc::strong_count(&value), 2);
    drop(rx2);
    assert_eq!(Arc::strong_count(&value), 1);
    assert!(matches!(tx.try_send(value), Err(TrySendError::Closed(_))));
    let info = tx.inspect();
    assert_eq!((info.sent, info.received, info.len), (1, 0, 0));
}

//! X5, C4, C6, C8, C10, C11: a channel as a stream.

use super::{Count, Counted, parked};
use crate::{Chan, RecvStream};
use futures_core::{FusedStream, Stream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

fn poll<T>(stream: &mut RecvStream<'_, T>, wakes: &Arc<Count>) -> Poll<Option<T>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(&Waker::from(wakes.clone())))
}

fn next<T>(stream: &mut RecvStream<'_, T>) -> Poll<Option<T>> {
    poll(stream, &Arc::default())
}

// C1, C11: value after value, waiting in between, with one node; it ends when the channel is closed and drained.
#[test]
fn a_stream_gives_every_value_and_ends() {
    let (ch, wakes) = (Chan::new(0), Arc::default());
    let mut stream = ch.stream();
    for i in 0..3 {
        assert_eq!(poll(&mut stream, &wakes), Poll::Pending);
        assert_eq!(ch.inspect().receivers_waiting, 1);
        ch.try_send(i).unwrap();
        assert_eq!(wakes.get(), i + 1);
        assert_eq!(poll(&mut stream, &wakes), Poll::Ready(Some(i)));
        let send = parked(ch.send(i + 10));
        assert_eq!(poll(&mut stream, &wakes), Poll::Ready(Some(i + 10)));
        drop(send);
    }
    assert_eq!(poll(&mut stream, &wakes), Poll::Pending);
    ch.close();
    assert!(!stream.is_terminated());
    assert_eq!((wakes.get(), poll(&mut stream, &wakes)), (4, Poll::Ready(None)));
    assert!(stream.is_terminated());
    assert_eq!(ch.inspect().received, 6);
}

// X5: a stream that ended stays ended, also when a value is given back to the closed channel.
#[test]
fn a_stream_that_ended_stays_ended() {
    let ch = Chan::new(0);
    let pending = parked(ch.recv());
    ch.try_send(1).unwrap();
    ch.close();
    let mut stream = ch.stream();
    assert_eq!(next(&mut stream), Poll::Ready(None));
    drop(pending);
    assert_eq!((ch.len(), next(&mut stream)), (1, Poll::Ready(None)));
    assert_eq!((next(&mut ch.stream()), next(&mut ch.stream())), (Poll::Ready(Some(1)), Poll::Ready(None)));
}

// X5: a value that was handed to a stream that is dropped goes to the next receiver, or back to the channel.
#[test]
fn a_dropped_stream_gives_its_value_back() {
    let ch = Chan::new(0);
    let (mut first, mut second) = (ch.stream(), ch.clone().into_stream());
    assert!(next(&mut first).is_pending() && next(&mut second).is_pending());
    ch.try_send(1).unwrap();
    drop(first);
    assert_eq!(ch.len(), 0);
    drop(second);
    assert_eq!((ch.len(), ch.try_recv()), (1, Ok(1)));
}

// X5, C4: with the stream goes the last receiving half: the value is dropped, once.
#[test]
fn a_stream_is_the_last_receiver() {
    let dropped = Arc::default();
    let (tx, rx) = Chan::new(2).split();
    let mut stream = rx.into_stream();
    assert!(next(&mut stream).is_pending());
    for i in 0..3 {
        assert!(tx.try_send(Counted(i, Arc::clone(&dropped))).is_ok());
    }
    assert!(!tx.is_closed());
    drop(stream);
    assert_eq!((tx.is_closed(), dropped.get()), (true, 3));
}

// C4: a Chan's `into_stream` gives up its sending half, a Sender's end ends the stream.
#[test]
fn a_chan_gives_up_its_sending_half() {
    let ch = Chan::new(1);
    let (tx, rx) = ch.clone().split();
    drop(rx);
    let mut stream = ch.into_stream();
    tx.try_send(1).unwrap();
    assert_eq!((next(&mut stream), next(&mut stream)), (Poll::Ready(Some(1)), Poll::Pending));
    drop(tx);
    assert_eq!(next(&mut stream), Poll::Ready(None));
    assert_eq!(next(&mut Chan::<u8>::new(0).into_stream()), Poll::Ready(None));
}

// C6: it moves between polls and threads, and wakes the last waker.
#[test]
fn a_stream_moves_between_polls() {
    let (ch, old, new) = (Chan::new(0), Arc::default(), Arc::default());
    let mut stream = ch.stream();
    assert!(poll(&mut stream, &old).is_pending());
    let mut stream = Some(stream);
    assert!(poll(stream.as_mut().unwrap(), &new).is_pending());
    ch.try_send(7).unwrap();
    assert_eq!((old.get(), new.get()), (0, 1));
    let got = std::thread::scope(|s| s.spawn(move || next(stream.as_mut().unwrap())).join().unwrap());
    assert_eq!(got, Poll::Ready(Some(7)));
}

// C8: `Unpin` whatever the values are, and `Send` if they are.
#[test]
fn streams_are_unpin() {
    fn check<T: Unpin + Send>(_: &T) {}
    let ch = Chan::new(1);
    ch.try_send(std::marker::PhantomPinned).unwrap();
    let mut stream = ch.into_stream();
    check(&stream);
    assert!(matches!(next(&mut stream), Poll::Ready(Some(_))));
    assert!(format!("{stream:?}").contains("ended: false"));
}

// C10: each value costs a unit of the yield budget.
#[test]
fn a_stream_takes_from_the_yield_budget() {
    let ch = Chan::new(4);
    (0..4).for_each(|i| ch.try_send(i).unwrap());
    let (mut stream, wakes) = (ch.stream(), Arc::default());
    crate::coop::begin_test_poll(2);
    assert_eq!((poll(&mut stream, &wakes), poll(&mut stream, &wakes)), (Poll::Ready(Some(0)), Poll::Ready(Some(1))));
    assert_eq!((poll(&mut stream, &wakes), wakes.get()), (Poll::Pending, 1));
    assert_eq!(crate::coop::end_poll().reason, crate::coop::Reason::Yield);
    assert_eq!(ch.inspect().receivers_waiting, 0);
    assert_eq!(poll(&mut stream, &wakes), Poll::Ready(Some(2)));
}

// D6: a stream that waits is noted at the place where it was made.
#[test]
fn a_waiting_stream_has_a_place() {
    let ch = Chan::<u8>::new(0);
    let line = line!() + 1;
    let mut stream = ch.stream();
    crate::coop::begin_test_poll(3);
    assert!(next(&mut stream).is_pending());
    let note = crate::coop::end_poll();
    assert_eq!((note.object, note.location.map(|at| at.line())), (ch.inspect().id, Some(line)));
}

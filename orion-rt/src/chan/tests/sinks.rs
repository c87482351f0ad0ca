//! X5, C1, C2, C4, C8, C10: a sending half as a sink.

use super::{Count, Counted, drain, now};
use crate::{Chan, SendError, SendSink};
use futures_sink::Sink;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The calls of `Sink`, with a counting waker.
struct Driven<'a, T>(SendSink<'a, T>, Arc<Count>);

impl<T> Driven<'_, T> {
    fn with<R>(&mut self, call: impl FnOnce(Pin<&mut SendSink<'_, T>>, &mut Context<'_>) -> R) -> R {
        call(Pin::new(&mut self.0), &mut Context::from_waker(&Waker::from(self.1.clone())))
    }

    fn ready(&mut self) -> Poll<Result<(), SendError<T>>> {
        self.with(|sink, cx| sink.poll_ready(cx))
    }

    fn start(&mut self, value: T) -> Result<(), SendError<T>> {
        self.with(|sink, _| sink.start_send(value))
    }

    fn flush(&mut self) -> Poll<Result<(), SendError<T>>> {
        self.with(|sink, cx| sink.poll_flush(cx))
    }

    fn close(&mut self) -> Poll<Result<(), SendError<T>>> {
        self.with(|sink, cx| sink.poll_close(cx))
    }
}

fn sink<'a, T>(sink: SendSink<'a, T>) -> Driven<'a, T> {
    Driven(sink, Arc::default())
}

const OK: Poll<Result<(), SendError<u32>>> = Poll::Ready(Ok(()));

// C2: on an unbuffered channel the value waits in the sink; a flush is over when a receiver has it.
#[test]
fn a_rendezvous_waits_in_the_sink() {
    let (tx, rx) = Chan::new(0).split();
    let mut sink = sink(tx.into_sink());
    for i in 0..3 {
        assert_eq!((sink.ready(), sink.start(i)), (OK, Ok(())));
        assert_eq!((sink.flush(), sink.ready()), (Poll::Pending, Poll::Pending));
        assert_eq!(rx.inspect().senders_waiting, 1);
        assert_eq!((now(rx.recv()), sink.1.get()), (Some(i), i as usize + 1));
        assert_eq!(sink.flush(), OK);
    }
    // A receiver that waits is served at once.
    let mut recv = super::parked(rx.recv());
    assert_eq!((sink.ready(), sink.start(7)), (OK, Ok(())));
    assert_eq!((recv.poll(), sink.flush()), (Poll::Ready(Some(7)), OK));
}

// C1, C2: values go into the buffer while there is room; one more waits in the sink, in order.
#[test]
fn a_sink_has_room_for_one_more() {
    let (tx, rx) = Chan::new(2).split();
    let mut sink = sink(tx.into_sink());
    for i in 0..2 {
        assert_eq!((sink.ready(), sink.start(i), sink.flush()), (OK, Ok(()), OK));
    }
    assert_eq!((sink.ready(), sink.start(2)), (OK, Ok(())));
    assert_eq!((rx.len(), sink.ready()), (2, Poll::Pending));
    assert_eq!((now(rx.recv()), sink.1.get()), (Some(0), 1));
    assert_eq!(sink.ready(), OK);
    assert_eq!((sink.start(3), sink.flush()), (Ok(()), Poll::Pending));
    for i in 1..4 {
        assert_eq!(now(rx.recv()), Some(i));
    }
    assert_eq!((sink.flush(), rx.inspect().sent), (OK, 4));
}

// C4: closing flushes, then drops the half; a closed sink gives values back.
#[test]
fn closing_flushes_and_drops_the_half() {
    let (tx, rx) = Chan::new(0).split();
    let mut sink = sink(tx.into_sink());
    assert_eq!((sink.ready(), sink.start(1)), (OK, Ok(())));
    assert_eq!((sink.close(), rx.is_closed()), (Poll::Pending, false));
    assert_eq!(now(rx.recv()), Some(1));
    assert_eq!((sink.close(), rx.is_closed()), (OK, true));
    assert_eq!((sink.close(), sink.flush(), sink.ready()), (OK, OK, OK));
    assert_eq!(sink.start(2), Err(SendError(2)));

    let (tx, rx) = Chan::new(1).split();
    let mut first = self::sink(tx.clone().into_sink());
    assert_eq!(first.close(), OK);
    assert!(!rx.is_closed());
    drop(tx.into_sink());
    assert!(rx.is_closed());
}

// C3: of a channel that is closed the value comes back; there is no error without one.
#[test]
fn a_closed_channel_gives_the_value_back() {
    let (tx, rx) = Chan::new(0).split();
    let mut sink = sink(tx.into_sink());
    assert_eq!((sink.ready(), sink.start(1), sink.flush()), (OK, Ok(()), Poll::Pending));
    rx.close();
    assert_eq!((sink.1.get(), sink.ready()), (1, Poll::Ready(Err(SendError(1)))));
    assert_eq!((sink.flush(), sink.ready()), (OK, OK));
    assert_eq!(sink.start(2), Err(SendError(2)));

    let (tx, rx) = Chan::new(0).split();
    let mut sink = self::sink(tx.into_sink());
    assert_eq!((sink.ready(), sink.start(3)), (OK, Ok(())));
    drop(rx);
    assert_eq!(sink.close(), Poll::Ready(Err(SendError(3))));
    assert_eq!(sink.close(), OK);
    assert!(format!("{:?}", sink.0).contains("closed: true"));
}

// X5: dropped, it has delivered the value or drops it, once.
#[test]
fn a_dropped_sink_drops_what_waits() {
    let dropped: Arc<Count> = Arc::default();
    let (tx, rx) = Chan::new(1).split();
    for polled in [false, true] {
        let mut sink = sink(tx.clone().into_sink());
        for i in 0..2 {
            assert!(sink.ready().is_ready());
            assert!(sink.start(Counted(i, dropped.clone())).is_ok());
        }
        assert!(!polled || sink.flush().is_pending());
        drop(sink);
        let info = rx.inspect();
        assert_eq!((info.len, info.senders_waiting, dropped.get()), (1, 0, 1));
        drop(rx.try_recv().ok());
        assert_eq!(dropped.0.swap(0, std::sync::atomic::Ordering::SeqCst), 2);
    }
    // Handed over while nobody polled the sink.
    let (tx, rx) = Chan::new(0).split();
    let mut sink = sink(tx.into_sink());
    assert!(sink.ready().is_ready() && sink.start(Counted(1, dropped.clone())).is_ok() && sink.flush().is_pending());
    let got = rx.try_recv().ok();
    drop(sink);
    assert_eq!((got.map(|value| value.0), dropped.get()), (Some(1), 1));
}

// C8: `Unpin` whatever the values are, and `Send` if they are; without room `start_send` panics and keeps what it has.
#[test]
fn a_sink_without_room_panics() {
    fn check<T: Unpin + Send>(_: &T) {}
    let (tx, rx) = Chan::new(0).split();
    let mut sink = sink(tx.into_sink());
    check(&sink.0);
    assert!(sink.start((1, std::marker::PhantomPinned)).is_ok());
    let again = catch_unwind(AssertUnwindSafe(|| sink.start((2, std::marker::PhantomPinned)).is_ok()));
    assert!(again.is_err());
    assert!(format!("{:?}", sink.0).contains("value_waits: true"));
    assert!(sink.flush().is_pending());
    assert_eq!(rx.try_recv().map(|value| value.0), Ok(1));
}

// C10: each value costs a unit of the yield budget, taken where the sink can suspend.
#[test]
fn a_sink_takes_from_the_yield_budget() {
    let (tx, rx) = Chan::new(8).split();
    let mut sink = sink(tx.into_sink());
    crate::coop::begin_test_poll(2);
    for i in 0..2 {
        assert_eq!((sink.ready(), sink.start(i), sink.flush()), (OK, Ok(()), OK));
    }
    assert_eq!((sink.ready(), sink.1.get()), (Poll::Pending, 1));
    assert_eq!(crate::coop::end_poll().reason, crate::coop::Reason::Yield);
    assert_eq!(sink.ready(), OK);
    assert_eq!(std::iter::from_fn(|| rx.try_recv().ok()).collect::<Vec<_>>(), [0, 1]);
}

// C9: sinks of several senders and plain sends share a channel.
#[test]
fn sinks_share_a_channel() {
    let ch = Chan::new(1);
    let mut sinks: Vec<_> = (0..3).map(|_| sink(ch.clone().split().0.into_sink())).collect();
    for (i, sink) in (0..).zip(&mut sinks) {
        assert_eq!((sink.ready(), sink.start(i)), (OK, Ok(())));
        let _ = sink.flush();
    }
    let mut all = Vec::new();
    while all.len() < 3 {
        all.extend(drain(&ch));
    }
    assert_eq!(all, [0, 1, 2]);
    assert!(sinks.iter_mut().all(|sink| sink.flush() == OK));
}

// C10: a value takes one unit, however often its sink is asked whether it is ready.
#[test]
fn a_value_takes_one_unit() {
    let (tx, _rx) = Chan::unbounded().split();
    let mut sink = sink(tx.into_sink());
    crate::coop::begin_test_poll(2);
    for _ in 0..5 {
        assert!(sink.ready().is_ready());
        assert!(crate::coop::budget_left());
    }
    sink.start(1).unwrap();
    assert!(sink.ready().is_ready());
    assert!(!crate::coop::budget_left());
    crate::coop::end_poll();
}

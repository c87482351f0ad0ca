//! Models of the channel's protocols: every interleaving of a few threads, within a bound of preemptions.

use super::registry::ScopeChans;
use crate::{Chan, ScopeChan, SendError};
use futures_core::Stream;
use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

fn model(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(body);
}

/// Polls once with a waker that nobody listens to.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

// X5, C7: a receive that is dropped around the hand-off gives the value to the other receiver.
#[test]
fn model_a_dropped_receive_gives_its_value_back() {
    model(|| {
        let ch = Chan::new(0);
        let sender = thread::spawn({
            let ch = ch.clone();
            move || block_on(ch.send(7)).is_ok()
        });
        let dropper = thread::spawn({
            let ch = ch.clone();
            move || {
                let mut recv = Box::pin(ch.recv());
                let got = poll_once(&mut recv).is_ready();
                drop(recv);
                if got {
                    ch.close();
                }
                got
            }
        });
        let got = block_on(ch.recv());
        assert!(sender.join().unwrap());
        assert_eq!(got, (!dropper.join().unwrap()).then_some(7));
        assert_eq!(ch.try_recv().ok(), None);
    });
}

// X5: the value goes to the receiver that waits, which nobody else will wake.
#[test]
fn model_a_value_given_back_wakes_the_next_receiver() {
    model(|| {
        let ch = Chan::new(0);
        let mut first = Box::pin(ch.recv());
        assert!(poll_once(&mut first).is_pending());
        let second = thread::spawn({
            let ch = ch.clone();
            move || block_on(ch.recv())
        });
        ch.try_send(7).unwrap();
        drop(first);
        assert_eq!(second.join().unwrap(), Some(7));
    });
}

// C6: polled with a new waker while a peer completes it, the receive is not left asleep.
#[test]
fn model_a_new_waker_is_the_one_woken() {
    model(|| {
        let ch = Chan::new(0);
        let sender = thread::spawn({
            let ch = ch.clone();
            move || block_on(ch.send(7)).is_ok()
        });
        let mut recv = Box::pin(ch.recv());
        let got = match poll_once(&mut recv) {
            Poll::Ready(got) => got,
            Poll::Pending => block_on(recv),
        };
        assert_eq!(got, Some(7));
        assert!(sender.join().unwrap());
    });
}

// C3, C7: against a close, a send is received or comes back, and everybody wakes.
#[test]
fn model_close_against_send_and_recv() {
    for capacity in [0, 1] {
        model(move || {
            let ch = Chan::new(capacity);
            let sender = thread::spawn({
                let ch = ch.clone();
                move || block_on(ch.send(7))
            });
            let closer = thread::spawn({
                let ch = ch.clone();
                move || ch.close()
            });
            let got = block_on(ch.recv());
            let sent = sender.join().unwrap();
            assert!(closer.join().unwrap());
            let got = got.or_else(|| ch.try_recv().ok());
            match sent {
                Ok(()) => assert_eq!(got, Some(7)),
                Err(SendError(value)) => assert_eq!((got, value), (None, 7)),
            }
        });
    }
}

// C3: a send that waits is woken by the close, with nobody receiving.
#[test]
fn model_close_wakes_a_send_that_waits() {
    model(|| {
        let ch = Chan::new(0);
        let sender = thread::spawn({
            let ch = ch.clone();
            move || block_on(ch.send(7))
        });
        thread::yield_now();
        ch.close();
        assert_eq!(sender.join().unwrap(), Err(SendError(7)));
    });
}

/// Counts its destructor.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

// C4, C7: the last halves go at once: the value is dropped once, the core freed once (loom reports a leaked `Arc`).
#[test]
fn model_the_last_halves_go_together() {
    model(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = Chan::new(1).split();
        let sender = thread::spawn({
            let dropped = dropped.clone();
            move || tx.try_send(Counted(dropped)).is_ok()
        });
        drop(rx.clone());
        drop(rx);
        let _ = sender.join().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

// C1, C5: `try_recv` after a completed send finds the value: the hint is never behind.
#[test]
fn model_the_hint_is_not_behind() {
    model(|| {
        let ch = Chan::new(1);
        let sender = thread::spawn({
            let ch = ch.clone();
            move || ch.try_send(1).unwrap()
        });
        let early = ch.try_recv();
        sender.join().unwrap();
        assert!(early.is_ok() || ch.try_recv().is_ok());
    });
}

// C6, C7: a stream takes its node back as soon as it is completed, and waits with it again.
#[test]
fn model_a_stream_renews_its_node() {
    model(|| {
        let (tx, rx) = Chan::new(0).split();
        let sender = thread::spawn(move || {
            for i in 0..2 {
                block_on(tx.send(i)).unwrap();
            }
        });
        let mut stream = rx.into_stream();
        let mut next = || block_on(std::future::poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)));
        assert_eq!((next(), next(), next()), (Some(0), Some(1), None));
        sender.join().unwrap();
    });
}

// X5, C4, C7: a stream, the last receiving half, that is dropped around the hand-off: the value is dropped or comes back, once.
#[test]
fn model_a_stream_goes_around_the_hand_off() {
    model(|| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let (tx, rx) = Chan::new(0).split();
        let mut stream = rx.into_stream();
        assert!(Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
        let sender = thread::spawn({
            let dropped = dropped.clone();
            move || drop(tx.try_send(Counted(dropped)))
        });
        drop(stream);
        sender.join().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

/// A channel of a root that lives as long as `chans`.
fn of_a_root<T: 'static>(chans: &ScopeChans) -> ScopeChan<'static, T> {
    // SAFETY: each model drops `chans` last; the values are `Send`.
    unsafe { chans.make(1, std::panic::Location::caller()) }
}

// C4, C7: the last receiving half of a root's channel goes while a copy sends, and splits again: the value is dropped once,
// and the channel stays closed.
#[test]
fn model_a_side_of_a_roots_channel_goes_and_comes() {
    model(|| {
        let (chans, dropped) = (Arc::new(ScopeChans::new(crate::coop::Root::NONE)), Arc::new(AtomicUsize::new(0)));
        let chan = of_a_root(&chans);
        let halves = chan.split();
        let sender = thread::spawn({
            let dropped = dropped.clone();
            move || {
                drop(chan.try_send(Counted(dropped)));
                drop(chan.split());
            }
        });
        let (_tx, rx) = halves;
        drop(rx);
        sender.join().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
        assert!(chan.is_closed());
    });
}

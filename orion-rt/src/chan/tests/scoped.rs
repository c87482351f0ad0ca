//! C4, C6, C7, R8, S7: the channels of a root, without the root.

use super::{Counted, now, parked};
use crate::chan::core::Core;
use crate::chan::registry::ScopeChans;
use crate::{ScopeChan, SendError, SendFuture, TryRecvError, TrySendError};
use std::any::Any;
use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// A channel of `chans`, which each test drops last.
#[track_caller]
fn make<'a, T: 'a>(chans: &ScopeChans, capacity: usize) -> ScopeChan<'a, T> {
    // SAFETY: nothing of the channel is used after `chans` is dropped; one thread.
    unsafe { chans.make(capacity, Location::caller()) }
}

fn no_panic(payload: Box<dyn Any + Send>) {
    panic!("a destructor has panicked: {}", payload.downcast_ref::<&str>().unwrap_or(&"?"));
}

// S7, C6: a copy is the same channel, and futures and streams borrow nothing from it.
#[test]
fn copies_are_one_channel() {
    fn send_two<'s>(chan: ScopeChan<'s, u32>) -> (SendFuture<'s, u32>, crate::RecvStream<'s, u32>) {
        let copy = chan;
        (copy.send(1), copy.into_stream())
    }
    let chans = ScopeChans::new(crate::coop::Root::NONE);
    let chan = make(&chans, 0).named("jobs");
    let copy = chan;
    assert!(chan.same_channel(&copy) && !chan.same_channel(&make(&chans, 0)));
    let (send, stream) = send_two(chan);
    let mut send = parked(send);
    assert_eq!(copy.try_recv(), Ok(1));
    assert_eq!(send.poll(), Poll::Ready(Ok(())));
    assert!(format!("{chan:?}").contains("jobs") && format!("{chan:?}").starts_with("ScopeChan"));
    assert_eq!(size_of_val(&chan), 8);
    drop((send, stream));
}

// C4: a ScopeChan closes when the last half of a side goes; its copies do not count, and see it.
#[test]
fn the_last_half_closes() {
    let (chans, dropped) = (ScopeChans::new(crate::coop::Root::NONE), Arc::default());
    let chan = make(&chans, 4);
    let (tx, rx) = chan.split();
    drop(tx.clone());
    tx.try_send(1).unwrap();
    assert!(!chan.is_closed());
    drop(tx);
    assert_eq!((chan.is_closed(), now(rx.recv()), now(chan.recv())), (true, Some(1), None));

    let chan = make(&chans, 4);
    let (tx, rx) = chan.split();
    assert!(tx.try_send(Counted(1, Arc::clone(&dropped))).is_ok());
    drop(rx.clone());
    assert_eq!(dropped.get(), 0);
    drop(rx);
    assert_eq!((chan.is_closed(), dropped.get()), (true, 1));
    assert!(matches!(tx.try_send(Counted(2, Arc::clone(&dropped))), Err(TrySendError::Closed(_))));
    drop(tx);

    let chan = make::<u8>(&chans, 0);
    let (halves, mut waiting) = (chan.split(), parked(chan.recv()));
    drop(halves.1);
    assert_eq!((waiting.wakes.get(), waiting.poll()), (1, Poll::Ready(None)));

    // A side that has gone may come again: the channel stays closed, and nothing is freed before the root ends.
    for _ in 0..3 {
        let (tx, rx) = chan.split();
        assert!(tx.is_closed() && now(rx.recv()).is_none());
    }
}

// C4: streams and sinks have the half they were made of.
#[test]
fn streams_and_sinks_have_their_half() {
    let chans = ScopeChans::new(crate::coop::Root::NONE);
    let chan = make::<u8>(&chans, 1);
    let (tx, rx) = chan.split();
    let (sink, stream) = (tx.into_sink(), rx.into_stream());
    assert!(!chan.is_closed());
    drop(sink);
    assert!(chan.is_closed());
    drop(stream);
    let chan = make::<Arc<()>>(&chans, 1);
    let (value, (tx, rx)) = (Arc::new(()), chan.split());
    let stream = rx.into_stream();
    tx.try_send(Arc::clone(&value)).unwrap();
    drop(stream);
    assert_eq!((chan.is_closed(), Arc::strong_count(&value)), (true, 1));
    drop(chan.stream());
}

// R8: at the end every channel is closed first, then all values are dropped; what a destructor sends it gets back, and
// channels that it makes are born closed.
#[test]
fn the_end_closes_all_and_drops_all() {
    struct Last<'a> {
        chans: &'a ScopeChans,
        other: ScopeChan<'a, Option<Last<'a>>>,
        log: &'a Mutex<Vec<&'static str>>,
    }
    impl Drop for Last<'_> {
        fn drop(&mut self) {
            let mut log = self.log.lock().unwrap();
            log.push(if matches!(self.other.try_send(None), Err(TrySendError::Closed(_))) { "closed" } else { "sent" });
            let born = make::<u8>(self.chans, 1);
            log.push(if born.try_send(1) == Err(TrySendError::Closed(1)) { "born closed" } else { "born open" });
            log.push(if born.try_recv() == Err(TryRecvError::Closed) { "and empty" } else { "?" });
        }
    }
    let log = Mutex::new(Vec::new());
    let chans = ScopeChans::new(crate::coop::Root::NONE);
    let (first, second) = (make(&chans, 1), make(&chans, 1));
    first.try_send(Some(Last { chans: &chans, other: second, log: &log })).ok().unwrap();
    second.try_send(Some(Last { chans: &chans, other: first, log: &log })).ok().unwrap();
    chans.close();
    assert!(first.is_closed() && second.is_closed() && first.len() == 1);
    chans.drain(no_panic);
    assert_eq!(*log.lock().unwrap(), ["closed", "born closed", "and empty"].repeat(2));
    assert!(first.is_empty() && second.is_empty());
    let (made, rest) = (make::<u8>(&chans, 1), make::<u8>(&chans, 0));
    assert!(made.is_closed() && rest.is_closed());
}

// R8, P3: each value is dropped though others' destructors panic; their panics are handed on.
#[test]
fn panics_at_the_end_are_handed_on() {
    struct Bomb(Counted);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(self.0.0 % 2 == 1, "an even one");
        }
    }
    let (chans, dropped) = (ScopeChans::new(crate::coop::Root::NONE), Arc::default());
    for _ in 0..2 {
        let chan = make(&chans, 4);
        (0..4).for_each(|i| assert!(chan.try_send(Bomb(Counted(i, Arc::clone(&dropped)))).is_ok()));
    }
    let mut raised = Vec::new();
    chans.close();
    chans.drain(|payload| raised.push(*payload.downcast::<&str>().unwrap()));
    assert_eq!((dropped.get(), raised), (8, vec!["an even one"; 4]));
}

// R3, C6, C7: what is forgotten is sound: halves do not keep the channel open at the end, futures stay where they are.
#[test]
fn forgotten_halves_and_futures_are_sound() {
    let (chans, dropped) = (ScopeChans::new(crate::coop::Root::NONE), Arc::default());
    let chan = make(&chans, 1);
    let halves = chan.split();
    std::mem::forget(halves);
    parked(chan.recv()).forget();
    assert!(chan.try_send(Counted(0, Arc::clone(&dropped))).is_ok());
    assert!(chan.try_send(Counted(1, Arc::clone(&dropped))).is_ok());
    parked(chan.send(Counted(2, Arc::clone(&dropped)))).forget();
    let mut send = parked(chan.send(Counted(3, Arc::clone(&dropped))));
    chans.close();
    assert!(matches!(send.poll(), Poll::Ready(Err(SendError(Counted(3, _))))));
    drop(send);
    chans.drain(no_panic);
    // Number 0 was handed to the forgotten receive, number 2 is in the forgotten send.
    assert_eq!(dropped.get(), 2);
}

// X5: a value given back after the end is dropped.
#[test]
fn a_value_given_back_after_the_end_is_dropped() {
    let (chans, dropped) = (ScopeChans::new(crate::coop::Root::NONE), Arc::default());
    let chan = make(&chans, 0);
    let recv = parked(chan.recv());
    assert!(chan.try_send(Counted(1, Arc::clone(&dropped))).is_ok());
    chans.close();
    chans.drain(no_panic);
    assert_eq!(dropped.get(), 0);
    drop(recv);
    assert_eq!((dropped.get(), chan.len()), (1, 0));
}

// C8: the shared part fits into four lines of the cache, and operations into few.
#[test]
fn sizes() {
    assert!(size_of::<Core>() <= 256, "{}", size_of::<Core>());
    assert_eq!(size_of::<SendFuture<'_, u64>>(), size_of::<crate::RecvFuture<'_, u64>>());
    assert!(size_of::<SendFuture<'_, u64>>() <= 112, "{}", size_of::<SendFuture<'_, u64>>());
    assert!(size_of::<crate::RecvStream<'_, [u8; 999]>>() <= 40);
    assert!(size_of::<crate::SendSink<'_, [u8; 999]>>() <= 40);
}

//! crossbeam-channel's `zero.rs`, `array.rs`, `list.rs`, `mpsc.rs` and `same_channel.rs`: what a channel holds, and what becomes of
//! it, where they go beyond Go's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use orion_rt::{Chan, TrySendError};
use orion_tests::{Count, now, on_every_kind, poll_once};

use crate::ROUNDS;

// C2, C5 (zero::len_empty_full, zero::try_send, zero::len): a rendezvous is empty and full at once, and never holds anything.
#[test]
fn a_rendezvous_is_empty_and_full() {
    let chan = Chan::new(0);
    assert!(chan.is_empty() && chan.is_full());
    assert_eq!((chan.len(), chan.capacity()), (0, Some(0)));
    assert_eq!(chan.try_send(7), Err(TrySendError::Full(7)));
    let mut waiting = Box::pin(chan.send(8));
    assert!(poll_once(waiting.as_mut(), &Count::default()).is_pending());
    assert_eq!((chan.len(), chan.is_empty()), (0, true), "the value is with its sender");
    assert_eq!(chan.try_recv(), Ok(8));
    assert_eq!(now(waiting), Ok(()));
}

// C5, C9 (array::linearizable): whoever has sent can receive at once, if everybody sends before receiving.
on_every_kind!(a_value_sent_can_be_received, async |s| {
    let tasks: Vec<_> = {
        let chan = Chan::new(4);
        (0..4)
            .map(|_| {
                let chan = chan.clone();
                s.spawn(async move {
                    for _ in 0..ROUNDS {
                        chan.send(0).await.unwrap();
                        chan.try_recv().unwrap();
                    }
                })
            })
            .collect()
    };
    for task in tasks {
        task.await.unwrap();
    }
});

// C4, C8 (zero::drops, array::drops, list::drops, array::drop_unreceived, mpsc::drop_full): what is left is dropped with the last
// receiver, once, whatever was received before.
#[test]
fn leftovers_are_dropped_once() {
    for (capacity, received) in [(Some(50), 0), (Some(50), 20), (None, 49), (None, 50)] {
        let dropped = Count::default();
        let (tx, rx) = capacity.map_or_else(Chan::unbounded, Chan::new).split();
        for _ in 0..50 {
            assert!(tx.try_send(dropped.on_drop()).is_ok());
        }
        for n in 0..received {
            assert_eq!(dropped.get(), n);
            drop(rx.try_recv());
        }
        drop(rx);
        assert_eq!(dropped.get(), 50, "at once, though a sender is left");
        assert!(matches!(tx.try_send(dropped.on_drop()), Err(TrySendError::Closed(_))));
        drop(tx);
        assert_eq!(dropped.get(), 51);
    }
}

// P3, C8 (array::panic_on_drop, tokio's drop_all_elements_during_panic): a destructor that panics keeps none of the others from
// running.
#[test]
fn a_panic_in_a_destructor_leaks_no_neighbour() {
    struct Bomb(bool, #[expect(dead_code, reason = "what counts is that it is dropped")] orion_tests::OnDrop);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(!self.0, "the first");
        }
    }
    let dropped = Count::default();
    let (tx, rx) = Chan::unbounded().split();
    for i in 0..3 {
        assert!(tx.try_send(Bomb(i == 0, dropped.on_drop())).is_ok());
    }
    let result = catch_unwind(AssertUnwindSafe(|| drop(rx)));
    assert_eq!(dropped.get(), 3);
    drop(result);
    assert!(tx.is_closed());
}

// C8 (list::stack_overflow): a large element goes through on a small stack.
#[test]
fn large_elements() {
    let chan = Chan::new(1);
    for i in 0..3_u8 {
        chan.try_send(Box::new([i; 1 << 16])).unwrap();
        assert_eq!(chan.try_recv().unwrap()[1 << 15], i);
        let direct = Chan::new(1);
        direct.try_send([i; 4096]).unwrap();
        assert_eq!(direct.try_recv().unwrap()[4095], i);
    }
}

// C8 (array::drop_unreceived): elements that are not `Send` stay on their thread.
#[test]
fn elements_of_one_thread() {
    let value = Rc::new(());
    let weak = Rc::downgrade(&value);
    let (tx, rx) = Chan::new(1).split();
    tx.try_send(value).unwrap();
    drop(rx);
    assert!(weak.upgrade().is_none());
    orion_rt::run(async |s| {
        let (tx, rx) = Chan::new(0).split();
        s.go(async move { tx.send(Rc::new(7)).await.unwrap() });
        assert_eq!(rx.recv().await.as_deref(), Some(&7));
    });
}

// C9 (same_channel.rs): handles know whether they lead to the same channel.
#[test]
fn handles_of_one_channel_know_each_other() {
    let (a, b) = (Chan::<u8>::new(0), Chan::<u8>::new(0));
    assert!(a.same_channel(&a.clone()) && !a.same_channel(&b));
    let (tx, rx) = a.split();
    assert!(tx.same_channel(&tx.clone()) && rx.same_channel(&rx.clone()));
}

// C6 (select::reuse): an operation that has ended says so when it is polled again.
#[test]
fn a_future_that_has_ended_panics_when_polled() {
    let chan = Chan::new(1);
    let mut send = Box::pin(chan.send(1));
    assert!(poll_once(send.as_mut(), &Count::default()).is_ready());
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(send.as_mut(), &Count::default()))).is_err());
    drop(send);
    assert_eq!(chan.try_recv(), Ok(1));
}

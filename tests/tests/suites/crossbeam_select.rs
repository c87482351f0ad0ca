//! crossbeam-channel's `select.rs` and `select_macro.rs`, and what goes through channels that are selected from, where they go
//! beyond Go's.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use orion_rt::{Chan, Receiver, Select, Selected, Sender, TryRecvError, TrySendError, select};
use orion_tests::{Count, now, on_every_kind, poll_once};

use crate::{ROUNDS, blocks, receivers_park, senders_park};

// C4, C7 (zero::channel_through_channel, select::channel_through_channel): each channel brings the one that comes after it.
on_every_kind!(a_chain_of_channels_through_channels, async |s| {
    for capacity in 0..3 {
        let (mut tx, rx) = Chan::<Box<dyn Any + Send>>::new(capacity).split();
        let sender = s.spawn(async move {
            for _ in 0..ROUNDS / 10 {
                let (next, receiver) = Chan::<Box<dyn Any + Send>>::new(capacity).split();
                select! { tx <- Box::new(receiver) => {} }
                tx = next;
            }
        });
        let mut rx: Receiver<Box<dyn Any + Send>> = rx;
        for _ in 0..ROUNDS / 10 {
            let next = select! { v = <-rx => v };
            rx = *next.unwrap().downcast().unwrap();
        }
        sender.await.unwrap();
        assert!(rx.recv().await.is_none(), "C4: the last sender has gone");
    }
});

// L1 (select_macro::matching): an even number of tasks that offer to send or to receive on one rendezvous find each other in pairs,
// nobody themselves.
on_every_kind!(senders_or_receivers_pair_up, async |s| {
    let chan = Chan::new(0);
    let tasks: Vec<_> = (0..44)
        .map(|me| {
            let chan = chan.clone();
            s.spawn(async move {
                select! {
                    chan <- me => false,
                    other = <-chan => other.is_some_and(|other| other != me),
                }
            })
        })
        .collect();
    let mut received = 0;
    for task in tasks {
        received += usize::from(task.await.unwrap());
    }
    assert_eq!((received, chan.try_recv()), (22, Err(TryRecvError::Empty)));
});

// L1 (select_macro::matching_with_leftover): an odd number, and one more sender for the one that is left.
on_every_kind!(the_one_that_is_left_receives, async |s| {
    let chan = Chan::new(0);
    let tasks: Vec<_> = (0..45)
        .map(|me| {
            let chan = chan.clone();
            s.spawn(async move {
                select! { chan <- me => false, other = <-chan => other != Some(me) }
            })
        })
        .collect();
    chan.send(usize::MAX).await.unwrap();
    let mut received = 0;
    for task in tasks {
        received += usize::from(task.await.unwrap());
    }
    assert_eq!((received, chan.try_recv()), (23, Err(TryRecvError::Empty)));
});

// L4 (select::linearizable_try): one of two is ready at every instant while both change.
on_every_kind!(one_of_two_is_always_ready, async |s| {
    for unbounded in [false, true] {
        let make = || if unbounded { Chan::unbounded() } else { Chan::new(1) };
        let (a, b, start, end) = (make(), make(), Chan::new(0), Chan::new(0));
        let (a1, b1, begin, done) = (a.clone(), b.clone(), start.clone(), end.clone());
        s.go(async move {
            for _ in 0..ROUNDS {
                begin.send(()).await.unwrap();
                a1.send(1).await.unwrap();
                select! { v = <-a1 => assert!(v.is_some()), v = <-b1 => assert!(v.is_some()), default => unreachable!() }
                done.send(()).await.unwrap();
                _ = b1.try_recv();
            }
        });
        for _ in 0..ROUNDS {
            start.recv().await.unwrap();
            b.send(1).await.unwrap();
            _ = a.try_recv();
            end.recv().await.unwrap();
        }
    }
});

// L3 (select_macro::fairness1, fairness2, fairness_recv, fairness_send): each of several ready arms gets a good share.
#[test]
fn ready_arms_share() {
    let (count, own) = (if cfg!(miri) { 200 } else { 5000 }, Chan::unbounded());
    let (twice, sink) = (Chan::unbounded(), Chan::unbounded());
    for _ in 0..count {
        own.try_send(()).unwrap();
        twice.try_send(()).unwrap();
    }
    let mut hits = [0; 4];
    for _ in 0..count {
        hits[now(async {
            select! { _ = <-own => 0, _ = <-twice => 1, _ = <-twice => 2, sink <- () => 3 }
        })] += 1;
    }
    assert!(hits.iter().all(|&share| share >= count / 8), "{hits:?}");
}

// L3 (select_macro::unfairness): biased means the first that is ready, always.
#[test]
fn biased_arms_do_not_share() {
    let (count, first, second) = (100, Chan::unbounded(), Chan::unbounded());
    for i in 0..count {
        first.try_send(i).unwrap();
        second.try_send(i).unwrap();
    }
    for i in 0..count {
        assert_eq!(
            now(async {
                select! { biased; v = <-first => v, _ = <-second => None }
            }),
            Some(i)
        );
    }
    assert_eq!(
        now(async {
            select! { biased; v = <-first => v, v = <-second => v }
        }),
        Some(0)
    );
}

// C3, C4, L1 (select::disconnected, disconnect_wakes_sender, disconnect_wakes_receiver): the end of a channel wakes a select.
on_every_kind!(the_end_of_a_channel_wakes_selects, async |s| {
    for send in [false, true] {
        let (chan, other) = (Chan::new(0), Chan::<i32>::new(0));
        let (watched, idle) = (chan.clone(), other.clone());
        let task = s.spawn(async move {
            if send {
                select! { r = watched <- 1 => r.is_err(), _ = <-idle => false }
            } else {
                select! { v = <-watched => v.is_none(), _ = <-idle => false }
            }
        });
        if send {
            senders_park(&chan, 1).await
        } else {
            receivers_park(&chan, 1).await
        }
        chan.close();
        assert!(task.await.unwrap());
    }
    // By the last handle, not by `close`.
    let (tx, rx) = Chan::<i32>::new(0).split();
    let idle = Chan::<i32>::new(0);
    let task = s.spawn(async move {
        select! { v = <-rx => v, _ = <-idle => Some(0) }
    });
    drop(tx);
    assert_eq!(task.await.unwrap(), None);
});

// C6, L1 (select::preflight1..3, both_ready): what is ready before the select is found, also after a close.
#[test]
fn what_was_ready_before_is_found() {
    let (tx, rx) = Chan::new(1).split();
    tx.try_send(1).unwrap();
    drop(tx);
    assert_eq!(
        now(async {
            select! { v = <-rx => v }
        }),
        Some(1)
    );
    assert_eq!(
        now(async {
            select! { v = <-rx => v }
        }),
        None
    );
    assert_eq!(
        now(async {
            select! { Some(v) = <-rx => Some(v), else => None }
        }),
        None
    );
}

// L1 (select_macro::nesting, case_blocks, move_handles, references, handles_on_heap, same_variable_name): what operands and bodies may be.
#[test]
fn operands_and_bodies_of_all_kinds() {
    now(async {
        let (tx, rx): (Sender<i32>, Receiver<i32>) = Chan::new(1).split();
        select! {
            tx <- 1 => select! {
                v = <-&rx => {
                    assert_eq!(v, Some(1));
                    select! {
                        &&&tx <- 2 => select! { v = <-&&rx => assert_eq!(v, Some(2)) },
                    }
                }
            },
        }
        let boxed = Box::new((tx, rx));
        select! { boxed.0 <- 3 => {} }
        let (rx, moved) = (boxed.1.clone(), boxed);
        let v = 0;
        let got = select! { v = <-moved.1 => v, _ = <-rx => Some(v) };
        assert!(matches!(got, Some(0 | 3)));
    });
}

// L2 (select_macro::evaluate, once_blocks, zero::recv_in_send): operands are evaluated though their arm loses, and may communicate
// themselves before any arm is tried.
#[test]
fn operands_may_communicate() {
    let chan = Chan::new(2);
    chan.try_send(1).unwrap();
    now(async {
        select! { chan <- chan.try_recv().unwrap() + 1 => {} }
    });
    assert_eq!(chan.try_recv(), Ok(2));
    let full = Chan::new(0);
    let evaluated = catch_unwind(AssertUnwindSafe(|| {
        let evaluate = || -> u8 { panic!("evaluated") };
        now(async {
            select! { full <- evaluate() => {}, default => {} }
        });
    }));
    assert_eq!(evaluated.unwrap_err().downcast_ref::<&str>(), Some(&"evaluated"));
    assert_eq!(full.inspect().senders_waiting, 0);
}

// C6, L1 (select::uncompleted_select): a select that is dropped, before its first poll or parked, leaves nothing behind.
#[test]
fn a_dropped_select_leaves_nothing() {
    for capacity in [0, 2] {
        let chan = Chan::new(capacity);
        let dropped = Count::default();
        for polled in [false, true] {
            while chan.try_send(dropped.on_drop()).is_ok() {}
            let before = dropped.get();
            let mut select = Box::pin(Select::new().send(&chan, dropped.on_drop()).wait());
            if polled {
                assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
                assert_eq!(chan.inspect().senders_waiting, 1);
            }
            drop(select);
            assert_eq!((chan.inspect().senders_waiting, dropped.get()), (0, before + 1));
        }
    }
}

// C6 (select::forget_select): a select that is forgotten while it waits keeps its place and its memory, and hurts nobody.
#[test]
fn a_forgotten_select_hurts_nobody() {
    // What is leaked on purpose is not given back to the allocator; the channel is kept alive with it.
    let chan: &'static Chan<u8> = Box::leak(Box::new(Chan::new(0)));
    let mut select = Box::pin(Select::new().recv(chan).wait());
    assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    orion_tests::leaks_on_purpose("forgets a select, and the channel with it");
    std::mem::forget(select);
    // C7: the first value goes to the forgotten receiver and leaks with it.
    assert_eq!(chan.try_send(1), Ok(()));
    assert_eq!(chan.try_send(2), Err(TrySendError::Full(2)));
    assert!(chan.close());
}

// L1 (select::duplicate_operations, loop_try): several arms of one select on one channel, all ready, one communication.
#[test]
fn one_communication_of_many_arms() {
    let chan = Chan::new(8);
    for i in 0..4 {
        chan.try_send(i).unwrap();
    }
    let select = Select::new().recv(&chan).recv(&chan).send(&chan, 8).send(&chan, 9).recv(&chan);
    match now(select.wait()) {
        (0 | 1 | 4, Selected::Received(Some(0))) => assert_eq!(chan.len(), 3),
        (2 | 3, Selected::Sent(Ok(()))) => assert_eq!(chan.len(), 5),
        other => unreachable!("{other:?}"),
    }
}

// L1, C1 (select_macro::send_recv_same_channel): with room and a value both arms are ready; without either the select waits.
#[test]
fn send_and_receive_on_the_same_channel() {
    let rendezvous = Chan::new(0);
    assert!(blocks(async {
        select! { rendezvous <- 0 => {}, _ = <-rendezvous => {} }
    }));
    let buffered = Chan::new(1);
    assert_eq!(
        now(async {
            select! { buffered <- 0 => 's', _ = <-buffered => 'r' }
        }),
        's'
    );
    assert_eq!(
        now(async {
            select! { buffered <- 0 => 's', _ = <-buffered => 'r' }
        }),
        'r'
    );
}

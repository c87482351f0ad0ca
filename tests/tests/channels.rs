//! Channels between tasks: rules C1 to C4, C7, C9 and X5 on every kind of runtime. What one future does by itself is tested beside
//! the channels' code.

use orion_rt::{Chan, SendError, TaskError, yield_now};
use orion_tests::{Count, on_every_kind};

// C1, C2: first in, first out per channel, whatever the capacity.
on_every_kind!(c1_values_arrive_in_the_order_they_were_sent, async |s| {
    for capacity in [0, 1, 7, usize::MAX] {
        let (tx, rx) = Chan::new(capacity).split();
        s.go(async move {
            for i in 0..200 {
                tx.send(i).await.unwrap();
            }
        });
        for i in 0..200 {
            assert_eq!(rx.recv().await, Some(i));
        }
        assert_eq!(rx.recv().await, None, "C4: the last sender has gone");
    }
});

// C2: an unbuffered send ends only when a receiver has the value.
on_every_kind!(c2_a_rendezvous_waits_for_its_receiver, async |s| {
    let (chan, sent) = (Chan::new(0), Count::default());
    let (send, mark) = (chan.clone(), sent.clone());
    let sender = s.spawn(async move {
        send.send(1).await.unwrap();
        mark.add();
    });
    while chan.inspect().senders_waiting == 0 {
        yield_now().await;
    }
    assert_eq!(sent.get(), 0);
    assert_eq!(chan.recv().await, Some(1));
    sender.await.unwrap();
    assert_eq!(sent.get(), 1);
});

// C3: close gives parked senders their values back and lets receivers drain.
on_every_kind!(c3_close_wakes_everything, async |s| {
    let chan = Chan::new(1);
    chan.send(0).await.unwrap();
    let senders: Vec<_> = (1..4)
        .map(|i| {
            let chan = chan.clone();
            s.spawn(async move { chan.send(i).await })
        })
        .collect();
    while chan.inspect().senders_waiting < 3 {
        yield_now().await;
    }
    assert!(chan.close());
    for (i, sender) in (1..4).zip(senders) {
        assert_eq!(sender.await.unwrap(), Err(SendError(i)));
    }
    assert_eq!((chan.recv().await, chan.recv().await), (Some(0), None));
});

// C7, C9: many to many, every value once.
on_every_kind!(c7_each_value_is_received_once, async |s| {
    let (tx, rx) = Chan::new(3).split();
    for from in 0..4_u64 {
        let tx = tx.clone();
        s.go(async move {
            for i in 0..50 {
                tx.send(from * 50 + i).await.unwrap();
            }
        });
    }
    drop(tx);
    let receivers: Vec<_> = (0..3)
        .map(|_| {
            let rx = rx.clone();
            s.spawn(async move {
                let mut got = Vec::new();
                while let Some(value) = rx.recv().await {
                    got.push(value);
                }
                got
            })
        })
        .collect();
    let mut all = Vec::new();
    for receiver in receivers {
        all.extend(receiver.await.unwrap());
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..200));
});

// X5: a receiver that is cancelled while a value is handed to it loses nothing.
on_every_kind!(x5_cancelled_receivers_lose_nothing, async |s| {
    let chan = Chan::new(0);
    for i in 0..100 {
        let take = chan.clone();
        let receiver = s.spawn(async move { take.recv().await });
        while chan.inspect().receivers_waiting == 0 {
            yield_now().await;
        }
        let give = chan.clone();
        let sender = s.spawn(async move { give.send(i).await });
        if i % 3 == 0 {
            yield_now().await;
        }
        receiver.cancel();
        let got = match receiver.await {
            Ok(value) => value,
            // Handed over and never looked at, or still with its sender.
            Err(TaskError::Cancelled) => chan.recv().await,
            Err(other) => panic!("{other}"),
        };
        assert_eq!(got, Some(i));
        sender.await.unwrap().unwrap();
    }
    assert_eq!(chan.inspect().received, 100);
});

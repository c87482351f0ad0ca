//! Channels between tasks: rules C1 to C4, C7, C9, C13 and X5 on every kind of runtime. What one future does by itself is tested beside
//! the channels' code.

use orion_rt::{Chan, Receiver, SendError, Sender, TaskError, run, yield_now};
use orion_tests::{Count, on_every_kind, watched, workers};

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

/// What each party of the next test sends.
const EACH: u64 = if cfg!(miri) { 10 } else { 500 };

// C9: tasks of two runtimes and of `run`, another executor and a plain thread are senders and receivers of one channel.
#[test]
fn c9_runtimes_executors_and_threads_share_a_channel() {
    watched(|| {
        for capacity in [0, 3] {
            let (tx, rx) = Chan::new(capacity).split();
            let totals: Vec<u64> = std::thread::scope(|s| {
                let send = async |tx: Sender<u64>, from: u64| {
                    for i in 0..EACH {
                        tx.send(from * EACH + i).await.unwrap();
                    }
                };
                let recv = async |rx: Receiver<u64>| {
                    let mut sum = 0;
                    while let Some(value) = rx.recv().await {
                        sum += value;
                    }
                    sum
                };
                let mut parties = Vec::new();
                for from in 0..2 {
                    let (tx, rx) = (tx.clone(), rx.clone());
                    parties.push(s.spawn(move || {
                        workers(2).run(async |s| {
                            s.go(async move {
                                for i in 0..EACH {
                                    tx.send(from * EACH + i).await.unwrap();
                                }
                            });
                            recv(rx).await
                        })
                    }));
                }
                let (tx2, rx2) = (tx.clone(), rx.clone());
                parties.push(s.spawn(move || {
                    run(async |s| {
                        s.go(send(tx2, 2));
                        s.spawn(recv(rx2)).await.unwrap()
                    })
                }));
                let (tx2, rx2) = (tx.clone(), rx.clone());
                parties.push(s.spawn(move || {
                    let both = async { futures::future::join(send(tx2, 3), recv(rx2)).await.1 };
                    // smol waits for the system's events, which Miri does not know.
                    if cfg!(miri) { futures::executor::block_on(both) } else { smol::block_on(both) }
                }));
                let rx2 = rx.clone();
                parties.push(s.spawn(move || {
                    let mut sum = 0;
                    while let Some(value) = rx2.recv_blocking() {
                        sum += value;
                    }
                    sum
                }));
                for i in 0..EACH {
                    tx.send_blocking(4 * EACH + i).unwrap();
                }
                drop((tx, rx));
                parties.into_iter().map(|party| party.join().unwrap()).collect()
            });
            assert_eq!(totals.iter().sum::<u64>(), (0..5 * EACH).sum());
        }
    });
}

// C13: the errors are errors, say what to do, and ask nothing of the values.
#[test]
fn c13_errors_say_what_to_do() {
    struct Opaque;
    fn text<E: std::error::Error>(error: E) -> String {
        assert!(!format!("{error:?}").is_empty());
        error.to_string()
    }
    let chan = Chan::new(0);
    let full = chan.try_send(Opaque).unwrap_err();
    assert!(full.is_full() && text(full).contains("use `send` to wait"));
    assert!(text(chan.try_recv().err().unwrap()).contains("use `recv` to wait"));
    chan.close();
    assert!(text(chan.send_blocking(Opaque).unwrap_err()).contains("close it after the last send"));
    let closed = chan.try_send(Opaque).unwrap_err();
    assert!(closed.is_closed() && text(closed).contains("close it after the last send"));
    assert!(text(chan.try_recv().err().unwrap()).contains("stop receiving"));
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(SendError(7));
    assert_eq!(boxed.downcast::<SendError<i32>>().unwrap().into_inner(), 7);
}

//! Channels and selects between workers, with cancels in between.

use super::*;
use crate::{Chan, Select, Selected};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// What was sent, and what came out.
#[derive(Default)]
struct Ledger {
    sent: Mutex<BTreeSet<usize>>,
    received: Mutex<BTreeSet<usize>>,
}

impl Ledger {
    fn sent(&self, id: usize) {
        assert!(self.sent.lock().unwrap().insert(id));
    }

    fn received(&self, value: &Counted) {
        assert!(self.received.lock().unwrap().insert(value.id), "{} came twice", value.id);
    }

    /// Every value whose send succeeded came out. One whose sender was cancelled may have.
    fn assert_balanced(&self) {
        let (sent, received) = (self.sent.lock().unwrap(), self.received.lock().unwrap());
        assert!(sent.is_subset(&received), "sent {sent:?}, received {received:?}");
    }
}

// X5, C1, C7: a receiver and a sender are cancelled while values pass: what was sent is received once, nothing comes twice.
#[test]
fn no_value_is_lost_to_a_cancel() {
    explore(|| {
        let (census, ledger) = (Census::new(), Arc::new(Ledger::default()));
        let capacity = choose(2) as usize;
        runtime(1 + choose(3) as usize).run(async |s| {
            let ch = Chan::new(capacity);
            let receive = |ch: Chan<Counted>| {
                let ledger = Arc::clone(&ledger);
                async move {
                    while let Some(value) = ch.recv().await {
                        ledger.received(&value);
                    }
                }
            };
            let send = |ch: Chan<Counted>, from: usize| {
                let (census, ledger) = (Arc::clone(&census), Arc::clone(&ledger));
                async move {
                    for id in from..from + 3 {
                        ch.send(census.enter(id)).await.map_err(|_| "closed").unwrap();
                        ledger.sent(id);
                    }
                }
            };
            let cancelled = s.spawn(receive(ch.clone()));
            let stays = s.spawn(receive(ch.clone()));
            let sender = s.spawn(send(ch.clone(), 0));
            let other = s.spawn(send(ch.clone(), 10));
            cancelled.cancel();
            if choose(2) == 0 {
                other.cancel();
            }
            let _ = cancelled.join().await;
            sender.join().await.unwrap();
            let _ = other.join().await;
            ch.close();
            stays.join().await.unwrap();
            // What a cancelled receiver gave back after the other had seen the end (X5).
            while let Ok(value) = ch.try_recv() {
                ledger.received(&value);
            }
        });
        ledger.assert_balanced();
        census.assert_empty();
    });
}

// C3, C4: the last sender goes while a receiver is about to wait: it sees the end.
#[test]
fn the_last_handle_ends_the_stream() {
    explore(|| {
        runtime(2).run(async |s| {
            let (tx, rx) = Chan::new(1).split();
            let receiver = s.spawn(async move {
                let mut n = 0;
                while rx.recv().await.is_some() {
                    n += 1;
                }
                n
            });
            for _ in 0..2 {
                let tx = tx.clone();
                s.go(async move { tx.send(()).await.unwrap() });
            }
            drop(tx);
            assert_eq!(receiver.join().await.unwrap(), 2);
        });
    });
}

/// One side of an exchange over two channels: receives from one or sends into the other.
async fn meet(from: &Chan<u32>, into: &Chan<u32>, value: u32) -> (Option<u32>, bool) {
    match Select::new().recv(from).send(into, value).wait().await {
        (0, Selected::Received(got)) => (got, false),
        (1, Selected::Sent(Ok(()))) => (None, true),
        other => panic!("{other:?}"),
    }
}

// L1: selects in opposite roles on the same two channels, round after round: each round is one communication.
#[test]
fn selects_in_opposite_roles_meet() {
    explore(|| {
        runtime(2).run(async |s| {
            let (a, b) = (s.keep(Chan::new(0)), s.keep(Chan::new(0)));
            let left = s.spawn(async move {
                let mut seen = Vec::new();
                for round in 0..3 {
                    seen.push(meet(a, b, round).await);
                }
                seen
            });
            let right = s.spawn(async move {
                let mut seen = Vec::new();
                for round in 0..3 {
                    seen.push(meet(b, a, 10 + round).await);
                }
                seen
            });
            let (left, right) = (left.join().await.unwrap(), right.join().await.unwrap());
            for (round, pair) in left.into_iter().zip(right).enumerate() {
                let round = round as u32;
                assert!(
                    pair == ((Some(10 + round), false), (None, true)) || pair == ((None, true), (Some(round), false)),
                    "round {round}: {pair:?}"
                );
            }
        });
    });
}

// L1, X5: selects are cancelled while peers come by: what they were handed goes on.
#[test]
fn a_cancelled_select_loses_nothing() {
    explore(|| {
        let (census, ledger) = (Census::new(), Arc::new(Ledger::default()));
        runtime(2).run(async |s| {
            let (a, b) = (Chan::new(0), Chan::new(1));
            let select = |a: Chan<Counted>, b: Chan<Counted>| {
                let ledger = Arc::clone(&ledger);
                async move {
                    loop {
                        match Select::new().recv(&a).recv(&b).wait().await {
                            (_, Selected::Received(Some(value))) => ledger.received(&value),
                            _ => return,
                        }
                    }
                }
            };
            let cancelled = s.spawn(select(a.clone(), b.clone()));
            let stays = s.spawn(select(a.clone(), b.clone()));
            let senders: Vec<_> = [(a.clone(), 0), (b.clone(), 10)]
                .into_iter()
                .map(|(ch, from)| {
                    let (census, ledger) = (Arc::clone(&census), Arc::clone(&ledger));
                    s.spawn(async move {
                        for id in from..from + 2 {
                            ch.send(census.enter(id)).await.map_err(|_| "closed").unwrap();
                            ledger.sent(id);
                        }
                    })
                })
                .collect();
            cancelled.cancel();
            for sender in senders {
                sender.join().await.unwrap();
            }
            let _ = cancelled.join().await;
            a.close();
            stays.join().await.unwrap();
            b.close();
            for ch in [&a, &b] {
                while let Ok(value) = ch.try_recv() {
                    ledger.received(&value);
                }
            }
        });
        ledger.assert_balanced();
        census.assert_empty();
    });
}

// C9: a plain thread and tasks share a channel.
#[test]
fn a_plain_thread_and_a_task_exchange() {
    explore(|| {
        let (there, back) = (Chan::new(0), Chan::new(1));
        let thread = shuttle::thread::spawn({
            let (there, back) = (there.clone(), back.clone());
            move || {
                while let Some(value) = there.recv_blocking() {
                    back.send_blocking(value + 1).unwrap();
                }
            }
        });
        runtime(1).run(async |s| {
            let sum = s.spawn(async move {
                let mut sum = 0;
                for i in 0..2 {
                    there.send(i).await.unwrap();
                    sum += back.recv().await.unwrap();
                }
                there.close();
                sum
            });
            assert_eq!(sum.join().await.unwrap(), 3);
        });
        thread.join().unwrap();
    });
}

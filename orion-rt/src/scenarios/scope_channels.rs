//! Channels of a root and their halves: the last ones go on several workers, and the root ends with values inside.

use super::*;
use crate::{Group, ScopeChan, TrySendError};

// C4: the last senders go at the same time, on two workers: the receiver gets what they have sent, then sees the end.
#[test]
fn the_last_senders_go_together() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let chan = s.chan::<Counted>(choose(3) as usize);
            let (tx, rx) = chan.split();
            let receiver = s.spawn(async move {
                let mut seen = 0;
                while let Some(value) = rx.recv().await {
                    seen += 1 << value.id;
                }
                seen
            });
            for id in 0..2 {
                let (tx, value) = (tx.clone(), census.enter(id));
                s.go(async move { assert!(tx.send(value).await.is_ok()) });
            }
            drop(tx);
            assert_eq!(receiver.join().await.unwrap(), 0b11);
            assert!(chan.is_closed());
            census.assert_empty();
        });
    });
}

// C4, C7: the last receivers go at the same time, with values inside: these are dropped then, not at the root's end, and the
// sender gets its next one back.
#[test]
fn the_last_receivers_go_together() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let chan = s.chan(1 + choose(2) as usize);
            let (tx, rx) = chan.split();
            let sender = s.spawn({
                let census = Arc::clone(&census);
                async move {
                    let mut sent = 0;
                    while tx.send(census.enter(sent)).await.is_ok() {
                        sent += 1;
                    }
                    sent
                }
            });
            let receivers: Vec<_> = (0..2)
                .map(|_| {
                    let rx = rx.clone();
                    s.spawn(async move { at_most(1 + choose(2), Box::pin(rx.recv())).await.flatten().is_some() })
                })
                .collect();
            drop(rx);
            let mut received = 0;
            for receiver in receivers {
                received += usize::from(receiver.join().await.unwrap());
            }
            assert!(sender.join().await.unwrap() >= received);
            assert!(chan.is_closed());
            census.assert_empty();
        });
    });
}

// C4: both sides go at the same time; the channel, which is the root's, stays, and is closed and empty. New halves change
// nothing.
#[test]
fn both_sides_go_together() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            let chan = s.chan(2);
            let (tx, rx) = chan.split();
            let value = census.enter(0);
            let sides = [
                s.spawn(async move {
                    let _ = tx.try_send(value);
                }),
                s.spawn(async move { drop(rx) }),
            ];
            for side in sides {
                side.join().await.unwrap();
            }
            assert!(chan.is_closed());
            census.assert_empty();
            let (tx, _rx) = chan.split();
            assert!(matches!(tx.try_send(census.enter(1)), Err(TrySendError::Closed(_))));
        });
        census.assert_empty();
    });
}

/// A value that looks at what it borrows from its root when it is dropped (R8).
struct Lent<'s> {
    _value: Counted,
    kept: &'s Counted,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        assert_eq!(self.kept.census.alive(), 1, "a kept value outlives the channels");
    }
}

// R8, X5, C7: the root is cancelled, or just ends, while values pass between its tasks and some stay behind: each is dropped
// once, before what it borrows.
#[test]
fn a_root_ends_with_values_inside() {
    explore(|| {
        let (census, kept) = (Census::new(), Census::new());
        let cancels = choose(2) == 0;
        runtime(2).run(async |s| {
            let chan = s.chan(choose(3) as usize);
            let kept = s.keep(kept.enter(0));
            for from in [0, 10] {
                let census = Arc::clone(&census);
                s.go(async move {
                    for id in from..from + 2 {
                        let value = Lent { _value: census.enter(id), kept };
                        if chan.send(value).await.is_err() {
                            unreachable!("a root's channel is open while a task of it runs");
                        }
                    }
                });
            }
            if cancels {
                s.go(async move { drop(chan.recv().await) });
                turns(choose(4)).await;
                s.cancel();
            } else {
                for _ in 0..4 {
                    s.go(async move { drop(chan.recv().await.expect("four were sent")) });
                }
            }
        });
        census.assert_empty();
        kept.assert_empty();
    });
}

/// Sends and spawns when it is dropped.
struct Acts<'s> {
    into: ScopeChan<'s, Counted>,
    group: Group<'s>,
    census: Arc<Census>,
    ran: Arc<Census>,
    refused: Arc<AtomicUsize>,
}

impl<'s> Acts<'s> {
    fn new(
        into: ScopeChan<'s, Counted>,
        group: &Group<'s>,
        [census, ran]: [&Arc<Census>; 2],
        refused: &Arc<AtomicUsize>,
    ) -> Self {
        let (census, ran, refused) = (Arc::clone(census), Arc::clone(ran), Arc::clone(refused));
        Self { into, group: group.clone(), census, ran, refused }
    }
}

impl Drop for Acts<'_> {
    fn drop(&mut self) {
        if let Err(TrySendError::Closed(_)) = self.into.try_send(self.census.enter(0)) {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        let (alive, ran) = (self.census.enter(1), Arc::clone(&self.ran));
        self.group.go(async move {
            let _alive = alive;
            drop(ran.enter(0));
        });
    }
}

// R8, S5: values in a channel send and spawn when the root's end drops them: they get `Closed`, and a future nobody polls is
// dropped. A task's destructor, also of a cancelled one, comes before and finds the channel open.
#[test]
fn destructors_act_at_the_roots_end() {
    explore(|| {
        let (census, ran) = (Census::new(), Census::new());
        let (at_end, of_tasks) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        runtime(2).run(async |s| {
            let (values, into) = (s.chan(2), s.chan(1));
            for _ in 0..2 {
                let acts = Acts::new(into, s, [&census, &ran], &at_end);
                s.go(async move { assert!(values.send(acts).await.is_ok()) });
            }
            s.group(async |g| {
                for _ in 0..2 {
                    let acts = Acts::new(into, &g, [&census, &ran], &of_tasks);
                    g.go(async move {
                        let _acts = acts;
                        for_ever().await;
                    });
                }
                g.cancel();
            })
            .await;
        });
        assert_eq!((at_end.load(Ordering::Relaxed), of_tasks.load(Ordering::Relaxed)), (2, 0));
        assert_eq!(ran.born(), 0, "spawned into a scope that is cancelled or has ended");
        census.assert_empty();
    });
}

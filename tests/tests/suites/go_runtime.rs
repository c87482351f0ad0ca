//! Go's `runtime/chan_test.go`. Where it sleeps to let another goroutine park, these wait until `inspect` says so.

use std::sync::Arc;

use orion_rt::{Chan, Select, Selected, TryRecvError, TrySendError, select, yield_now};
use orion_tests::{Count, now, on_every_kind};

use crate::{ROUNDS, receivers_park, senders_park};

/// The capacities that `TestChan` goes through.
const CAPACITIES: std::ops::Range<usize> = 0..if cfg!(miri) { 2 } else { 20 };

// C2, C5 (TestChan): a receive from an empty channel waits, whatever the capacity, and what does not wait finds nothing.
on_every_kind!(a_receive_from_an_empty_channel_waits, async |s| {
    for capacity in CAPACITIES {
        let (chan, received) = (Chan::new(capacity), Count::default());
        for _ in 0..2 {
            let (chan, received) = (chan.clone(), received.clone());
            s.go(async move {
                assert_eq!(chan.recv().await, Some(0));
                received.add();
            });
        }
        receivers_park(&chan, 2).await;
        assert_eq!(received.get(), 0);
        assert_eq!(chan.try_recv(), Err(TryRecvError::Empty));
        select! { _ = <-chan => unreachable!(), default => {} }
        chan.send(0).await.unwrap();
        chan.send(0).await.unwrap();
    }
});

// C2, C5 (TestChan): a send to a full channel waits.
on_every_kind!(a_send_to_a_full_channel_waits, async |s| {
    for capacity in CAPACITIES {
        let (chan, sent) = (Chan::new(capacity), Count::default());
        for i in 0..capacity {
            chan.send(i).await.unwrap();
        }
        let (send, mark) = (chan.clone(), sent.clone());
        let sender = s.spawn(async move {
            send.send(0).await.unwrap();
            mark.add();
        });
        senders_park(&chan, 1).await;
        assert_eq!(sent.get(), 0);
        select! { chan <- 9 => unreachable!(), default => {} }
        assert_eq!(chan.try_send(9), Err(TrySendError::Full(9)));
        assert_eq!(chan.recv().await, Some(0));
        sender.await.unwrap();
    }
});

// C3 (TestChan): a closed channel gives what it has, then nothing for ever; close lets a waiting receiver go.
on_every_kind!(close_drains_and_releases, async |s| {
    for capacity in CAPACITIES {
        let chan = Chan::new(capacity);
        for i in 0..capacity {
            chan.send(i).await.unwrap();
        }
        assert_eq!((chan.len(), chan.capacity()), (capacity, Some(capacity)));
        chan.close();
        for i in 0..capacity {
            assert_eq!(chan.recv().await, Some(i));
        }
        assert_eq!((chan.recv().await, chan.recv().await), (None, None));

        let chan = Chan::<usize>::new(capacity);
        let wait = chan.clone();
        let receiver = s.spawn(async move { wait.recv().await });
        receivers_park(&chan, 1).await;
        chan.close();
        assert_eq!(receiver.await.unwrap(), None);
    }
});

// C1, C7 (TestChan): one sender in order; four senders and four receivers, each number as often as it was sent.
on_every_kind!(what_is_sent_is_received, async |s| {
    let each = if cfg!(miri) { 20 } else { 200 };
    for capacity in [0, 1, 5, 19] {
        let chan = Chan::new(capacity);
        let send = chan.clone();
        s.go(async move {
            for i in 0..100 {
                send.send(i).await.unwrap();
            }
        });
        for i in 0..100 {
            assert_eq!(chan.recv().await, Some(i));
        }
        for _ in 0..4 {
            let send = chan.clone();
            s.go(async move {
                for i in 0..each {
                    send.send(i).await.unwrap();
                }
            });
        }
        let receivers: Vec<_> = (0..4)
            .map(|_| {
                let chan = chan.clone();
                s.spawn(async move {
                    let mut got = Vec::new();
                    for _ in 0..each {
                        got.push(chan.recv().await.unwrap());
                    }
                    got
                })
            })
            .collect();
        let mut counts = vec![0; each];
        for receiver in receivers {
            for i in receiver.await.unwrap() {
                counts[i] += 1;
            }
        }
        assert!(counts.iter().all(|&count| count == 4));
    }
});

// L4, C3 (TestNonblockRecvRace): a buffered value is there for a select with `default` while the channel is being closed.
on_every_kind!(close_hides_no_value_from_default, async |s| {
    for _ in 0..ROUNDS {
        let chan = Chan::new(1);
        chan.send(1).await.unwrap();
        let take = chan.clone();
        let taker = s.spawn(async move {
            select! { v = <-take => v, default => unreachable!("the channel is ready") }
        });
        chan.close();
        let mine = chan.recv().await;
        assert!(mine.is_some() != taker.await.unwrap().is_some());
    }
});

// L4 (TestNonblockSelectRace): `default` means an instant at which nothing was ready; here something always is.
on_every_kind!(default_looks_at_one_instant, async |s| {
    for _ in 0..ROUNDS {
        let (c1, c2) = (Chan::new(1), Chan::new(1));
        c1.send(1).await.unwrap();
        let (a, b) = (c1.clone(), c2.clone());
        let looker = s.spawn(async move {
            select! { _ = <-a => true, _ = <-b => true, default => false }
        });
        c2.send(1).await.unwrap();
        select! { _ = <-c1 => {}, default => {} }
        assert!(looker.await.unwrap());
    }
});

// L4, C3 (TestNonblockSelectRace2): the same with a close instead of the second value.
on_every_kind!(default_looks_at_one_instant_of_closing, async |s| {
    for _ in 0..ROUNDS {
        let (c1, c2) = (Chan::new(1), Chan::<i32>::new(0));
        c1.send(1).await.unwrap();
        let (a, b) = (c1.clone(), c2.clone());
        let looker = s.spawn(async move {
            select! { _ = <-a => true, _ = <-b => true, default => false }
        });
        c2.close();
        select! { _ = <-c1 => {}, default => {} }
        assert!(looker.await.unwrap());
    }
});

// L1 (TestSelfSelect): two tasks that select a send and a receive on one channel; unbuffered, nobody receives from itself.
on_every_kind!(send_and_receive_on_one_channel, async |s| {
    for capacity in [0, 10] {
        let chan = Chan::new(capacity);
        let tasks: Vec<_> = (0..2)
            .map(|me| {
                let chan = chan.clone();
                s.spawn(async move {
                    for i in 0..ROUNDS {
                        let got = if me == 0 || i % 2 == 0 {
                            select! { chan <- me => None, v = <-chan => v }
                        } else {
                            select! { v = <-chan => v, chan <- me => None }
                        };
                        assert!(capacity > 0 || got != Some(me), "received from itself");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
});

/// Sends or receives `count` times on each of the channels by selects; a channel that has had its share is left out.
async fn select_all(chans: Vec<Chan<u8>>, sends: bool, count: usize) {
    let mut done = [0; 4];
    for _ in 0..4 * count {
        let on: Vec<usize> = (0..4).rev().filter(|&i| done[i] < count).collect();
        let arms = on.iter().fold(
            Select::new(),
            |arms, &i| {
                if sends { arms.send(&chans[i], 0) } else { arms.recv(&chans[i]) }
            },
        );
        let (index, selected) = arms.wait().await;
        assert!(matches!(selected, Selected::Sent(Ok(())) | Selected::Received(Some(0))));
        done[on[index]] += 1;
    }
}

// L1, C7 (TestSelectStress): four channels with a sender and a receiver each, one select that sends on all and one that receives
// from all.
on_every_kind!(selects_among_senders_and_receivers, async |s| {
    let chans: Vec<Chan<u8>> = [0, 0, 2, 3].map(Chan::new).into();
    for chan in &chans {
        let (to, from) = (chan.clone(), chan.clone());
        s.go(async move {
            for _ in 0..ROUNDS {
                to.send(0).await.unwrap();
            }
        });
        s.go(async move {
            for _ in 0..ROUNDS {
                from.recv().await.unwrap();
            }
        });
    }
    s.go(select_all(chans.clone(), true, ROUNDS));
    select_all(chans, false, ROUNDS).await;
});

// L3, Y4 (TestSelectFairness): of two channels that are always ready each gets its turns, and `done` is seen in the end.
on_every_kind!(a_select_starves_no_arm, async |s| {
    let trials = 2000;
    let (c1, c2) = (Chan::new(trials + 1), Chan::new(trials + 1));
    for _ in 0..=trials {
        c1.send(1).await.unwrap();
        c2.send(2).await.unwrap();
    }
    let (never, out, done) = (Chan::<i32>::new(0), Chan::new(0), Chan::<()>::new(0));
    let (tell, stop) = (out.clone(), done.clone());
    let mux = s.spawn(async move {
        loop {
            let value = select! {
                _ = <-never => unreachable!(),
                v = <-c1 => v,
                v = <-c2 => v,
            };
            select! {
                tell <- value => {}
                _ = <-stop => return,
                _ = <-never => unreachable!(),
            }
        }
    });
    let mut counts = [0_i32; 2];
    for _ in 0..trials {
        let channel: usize = out.recv().await.unwrap().unwrap();
        counts[channel - 1] += 1;
    }
    done.close();
    mux.await.unwrap();
    // Ten standard deviations of a fair coin.
    assert!((counts[0] - counts[1]).abs() < 448, "{counts:?}");
});

// C8 (TestChanSendInterface): values behind a pointer to an interface, offered twice and dropped where they lose.
#[test]
fn trait_objects_are_sent() {
    let chan: Chan<Arc<dyn Send + Sync>> = Chan::new(1);
    let value = Arc::new(1);
    let offer = || -> Arc<dyn Send + Sync> { Arc::clone(&value) as _ };
    now(async {
        chan.send(offer()).await.unwrap();
        select! { chan <- offer() => unreachable!(), default => {} }
        select! { chan <- offer() => unreachable!(), chan <- offer() => unreachable!(), default => {} }
    });
    assert_eq!(Arc::strong_count(&value), 2, "L2: what was offered and not sent is dropped");
}

// L3 (TestPseudoRandomSend): of two sends on one channel both come about.
on_every_kind!(two_sends_on_one_channel_take_turns, async |s| {
    for capacity in [0, 100] {
        let chan = Chan::new(capacity);
        let from = chan.clone();
        let receiver = s.spawn(async move {
            let mut ones = 0;
            for _ in 0..100 {
                yield_now().await;
                ones += from.recv().await.unwrap();
            }
            ones
        });
        for _ in 0..100 {
            select! { chan <- 1 => {}, chan <- 0 => {} }
        }
        let ones = receiver.await.unwrap();
        assert!((11..=89).contains(&ones), "{ones} ones of 100");
    }
});

// C4, C7 (TestMultiConsumer): workers that get out of step; the last to go closes the results.
on_every_kind!(many_consumers_of_one_queue, async |s| {
    const PRIMES: [usize; 10] = [2, 3, 7, 11, 13, 17, 19, 23, 27, 31];
    let (workers, items) = if cfg!(miri) { (3, 30) } else { (23, 20_000) };
    let (jobs, queue) = Chan::new(workers * 3).split();
    let (results, sums) = Chan::new(workers * 3).split();
    for worker in 0..workers {
        let (queue, results) = (queue.clone(), results.clone());
        s.go(async move {
            while let Some(value) = queue.recv().await {
                if PRIMES[worker % PRIMES.len()] == value {
                    yield_now().await;
                }
                results.send(value).await.unwrap();
            }
        });
    }
    drop((queue, results));
    let feeder = s.spawn(async move {
        let mut sum = 0;
        for value in PRIMES.iter().cycle().take(items) {
            sum += value;
            jobs.send(*value).await.unwrap();
        }
        sum
    });
    let (mut count, mut sum) = (0, 0);
    while let Some(value) = sums.recv().await {
        count += 1;
        sum += value;
    }
    assert_eq!((count, sum), (items, feeder.await.unwrap()));
});

/// Uses some stack.
fn deep(depth: usize) -> usize {
    if depth == 0 { 0 } else { std::hint::black_box(deep(depth - 1) + 1) }
}

// C2 (TestShrinkStackDuringBlockedSend; the stacks themselves are Go's): a parked sender's value is read from where it was put, whatever
// both sides did with their stacks meanwhile.
on_every_kind!(a_parked_senders_value_stays_where_it_is, async |s| {
    let chan = Chan::new(0);
    let send = chan.clone();
    s.go(async move {
        for i in 0..10 {
            send.send([i; 32]).await.unwrap();
            assert_eq!(deep(1000), 1000);
        }
    });
    for i in 0..10 {
        senders_park(&chan, 1).await;
        assert_eq!(deep(1000), 1000);
        assert_eq!(chan.recv().await, Some([i; 32]));
    }
});

// L1, C1 (TestSelectDuplicateChannel): a select stands twice in one queue; when it leaves, the one behind it is found.
on_every_kind!(a_select_twice_in_one_queue, async |s| {
    let (c, d, e) = (Chan::new(0), Chan::new(0), Chan::new(0));
    let (c1, d1, e1) = (c.clone(), d.clone(), e.clone());
    s.go(async move {
        select! {
            _ = <-c1 => unreachable!(),
            _ = <-c1 => unreachable!(),
            v = <-d1 => assert_eq!(v, Some(7)),
        }
        e1.send(9).await.unwrap();
    });
    receivers_park(&c, 2).await;
    let c2 = c.clone();
    let behind = s.spawn(async move { c2.recv().await });
    receivers_park(&c, 3).await;
    d.send(7).await.unwrap();
    assert_eq!(e.recv().await, Some(9));
    c.send(8).await.unwrap();
    assert_eq!(behind.await.unwrap(), Some(8));
});

// L1 (TestChanSendSelectBarrier and TestChanSendBarrier): boxes made between communications arrive as they were sent.
on_every_kind!(boxes_arrive_whole, async |s| {
    for selects in [false, true] {
        let pairs = if cfg!(miri) { 2 } else { 20 };
        let tasks: Vec<_> = (0..pairs)
            .map(|pair| {
                let outer = s;
                s.spawn(async move {
                    let (chan, idle) = (Chan::new(0), Chan::new(0));
                    let from = chan.clone();
                    let receiver = outer.spawn(async move {
                        for i in 0..100 {
                            assert_eq!(from.recv().await, Some(Box::new([pair, i])));
                        }
                    });
                    for i in 0..100 {
                        let value = Box::new([pair, i]);
                        if selects {
                            select! { chan <- value => {}, v = <-idle => drop::<Option<Box<[i32; 2]>>>(v) }
                        } else {
                            chan.send(value).await.unwrap();
                        }
                    }
                    receiver.await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
});

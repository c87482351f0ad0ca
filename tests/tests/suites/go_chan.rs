//! Go's `test/chan`, without the select tests: fifo, goroutines, nonblock, sieve1 and sieve2, sendstmt, zerosize; `test/chancap.go` and
//! `test/closedchan.go`.

use std::mem::size_of;

use orion_rt::{Chan, SendError, TryRecvError, TrySendError};
use orion_tests::{now, on_every_kind};

use crate::{receivers_park, senders_park};

// C1 (fifo.go, AsynchFifo): a buffer gives back what it was given, in order.
on_every_kind!(a_buffer_is_first_in_first_out, async |_s| {
    let chan = Chan::new(10);
    for i in 0..10 {
        chan.send(i).await.unwrap();
    }
    for i in 0..10 {
        assert_eq!(chan.recv().await, Some(i));
    }
});

// C1, C2 (fifo.go, SynchFifo): receivers are served in the order in which they came, each let in by the one before.
on_every_kind!(a_rendezvous_is_first_in_first_out, async |s| {
    let chan = Chan::new(0);
    let mut before: Chan<()> = Chan::new(1);
    before.send(()).await.unwrap();
    for i in 0..10 {
        let (values, let_in, after) = (chan.clone(), before.clone(), Chan::new(0));
        before = after.clone();
        s.go(async move {
            let_in.recv().await;
            assert_eq!(values.recv().await, Some(i));
            after.send(()).await.unwrap();
        });
    }
    for i in 0..10 {
        chan.send(i).await.unwrap();
    }
    before.recv().await;
});

// S1, C2 (goroutines.go): a value goes through a chain of ten thousand tasks.
on_every_kind!(a_chain_of_ten_thousand_tasks, async |s| {
    let length = if cfg!(miri) { 50 } else { 10_000 };
    let leftmost: Chan<usize> = Chan::new(0);
    let mut left = leftmost.clone();
    for _ in 0..length {
        let right = Chan::new(0);
        let (to, from) = (left, right.clone());
        s.go(async move {
            let value: usize = from.recv().await.unwrap();
            to.send(value + 1).await.unwrap();
        });
        left = right;
    }
    s.go(async move { left.send(0).await.unwrap() });
    assert_eq!(leftmost.recv().await, Some(length));
});

/// C5 (nonblock.go): nothing to receive; then a parked receiver, and a parked or buffered sender, are found.
macro_rules! never_waits {
    ($name:ident, $first:expr, $second:expr) => {
        on_every_kind!($name, async |s| {
            for capacity in 0..2 {
                let (chan, done) = (Chan::new(capacity), Chan::new(0));
                assert_eq!(chan.try_recv(), Err(TryRecvError::Empty));

                let (take, tell) = (chan.clone(), done.clone());
                s.go(async move {
                    assert_eq!(take.recv().await, Some($first));
                    tell.send(()).await.unwrap();
                });
                receivers_park(&chan, 1).await;
                assert_eq!(chan.try_send($first), Ok(()));
                done.recv().await;

                let (give, tell) = (chan.clone(), done.clone());
                s.go(async move {
                    give.send($second).await.unwrap();
                    tell.send(()).await.unwrap();
                });
                if capacity == 0 {
                    senders_park(&chan, 1).await;
                } else {
                    done.recv().await;
                }
                assert_eq!(chan.try_recv(), Ok($second));
                if capacity == 0 {
                    done.recv().await;
                }
            }
        });
    };
}

never_waits!(small_numbers_never_wait, 123_i32, 234_i32);
never_waits!(large_numbers_never_wait, 123_456_i64, 234_567_i64);
never_waits!(truth_never_waits, true, false);
never_waits!(text_never_waits, String::from("hello"), String::from("hello again"));

// C2, R3 (sieve1.go, sieve2.go): the sieve of Eratosthenes, one task for each prime; the tasks that are left wait for ever and go
// with the group.
on_every_kind!(a_sieve_of_tasks_finds_the_primes, async |s| {
    let primes = s
        .group(async |g| {
            let mut source: Chan<u32> = Chan::new(0);
            let numbers = source.clone();
            g.go(async move {
                for i in 2.. {
                    if numbers.send(i).await.is_err() {
                        break;
                    }
                }
            });
            let mut primes = Vec::new();
            for _ in 0..if cfg!(miri) { 5 } else { 25 } {
                let prime = source.recv().await.unwrap();
                primes.push(prime);
                let (from, to) = (source, Chan::new(0));
                source = to.clone();
                g.go(async move {
                    while let Some(i) = from.recv().await {
                        if i % prime != 0 {
                            to.send(i).await.unwrap();
                        }
                    }
                });
            }
            g.cancel();
            primes
        })
        .await;
    let all = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97];
    assert_eq!(primes, all[..primes.len()]);
});

// C8 (sendstmt.go): channels are values: what is received may be sent on, and a channel goes through a channel.
on_every_kind!(channels_go_through_channels, async |_s| {
    let (of_chans, chan) = (Chan::new(1), Chan::new(2));
    of_chans.send(chan.clone()).await.unwrap();
    let same = of_chans.recv().await.unwrap();
    assert!(same.same_channel(&chan));
    chan.send(true).await.unwrap();
    same.send(chan.recv().await.unwrap() && chan.is_empty()).await.unwrap();
    assert_eq!(chan.recv().await, Some(true));
});

// C8 (zerosize.go): elements without a size are counted all the same.
#[test]
fn elements_without_a_size() {
    assert_eq!(size_of::<[u64; 0]>(), 0);
    let (units, arrays) = (Chan::new(1), Chan::new(0));
    units.try_send(()).unwrap();
    assert_eq!(units.try_send(()), Err(TrySendError::Full(())));
    assert_eq!((units.len(), units.try_recv()), (1, Ok(())));
    assert_eq!(arrays.try_send([0_u64; 0]), Err(TrySendError::Full([])));
}

// C8 (chancap.go): the capacity asked for, however large, and the length.
#[test]
fn capacities_and_lengths() {
    for capacity in [0, 1, 10, usize::MAX] {
        let chan = Chan::<u8>::new(capacity);
        assert_eq!((chan.len(), chan.capacity()), (0, Some(capacity)));
    }
    let chan = Chan::new(10);
    for i in 0..10 {
        assert_eq!((chan.len(), chan.is_full()), (i, false));
        chan.try_send(i).unwrap();
    }
    assert!(chan.is_full());
    assert_eq!(Chan::<u8>::unbounded().capacity(), None);
}

// C3 (closedchan.go): a closed channel, empty or with values inside, under every kind of operation; closing twice is told.
#[test]
fn closed_channels() {
    for buffered in 0..3 {
        let chan = Chan::new(buffered.max(1));
        for i in 0..buffered {
            chan.try_send(i).unwrap();
        }
        assert!(chan.close());
        assert!(!chan.close(), "in Go that is a panic");
        assert!(chan.is_closed());
        assert_eq!(now(chan.send(9)), Err(SendError(9)));
        assert_eq!(chan.try_send(9), Err(TrySendError::Closed(9)));
        for i in 0..buffered {
            assert_eq!(if i % 2 == 0 { now(chan.recv()) } else { chan.try_recv().ok() }, Some(i));
        }
        for _ in 0..3 {
            assert_eq!(now(chan.recv()), None);
            assert_eq!(chan.try_recv(), Err(TryRecvError::Closed));
        }
    }
}

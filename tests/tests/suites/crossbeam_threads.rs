//! crossbeam-channel's `zero.rs`, `array.rs`, `list.rs`, `mpsc.rs`, `select.rs` and `thread_locals.rs`, where plain threads meet. They
//! use the blocking calls (C9).

use std::task::Poll;
use std::thread;

use futures::executor::block_on;
use orion_rt::{Chan, SendError, TryRecvError, select};
use orion_tests::{Count, poll_once, watched};

use crate::ROUNDS;

// C7, C9 (zero::mpmc, array::mpmc, list::mpmc): plain threads on both sides.
#[test]
fn threads_on_both_sides() {
    watched(|| {
        let (threads, each) = if cfg!(miri) { (2, 10) } else { (4, 2000) };
        for capacity in [Some(0), Some(3), None] {
            let chan = capacity.map_or_else(Chan::unbounded, Chan::new);
            let mut counts = vec![0; each];
            thread::scope(|scope| {
                let receivers: Vec<_> = (0..threads)
                    .map(|_| scope.spawn(|| (0..each).map(|_| chan.recv_blocking().unwrap()).collect::<Vec<usize>>()))
                    .collect();
                for _ in 0..threads {
                    scope.spawn(|| (0..each).for_each(|i| chan.send_blocking(i).unwrap()));
                }
                for receiver in receivers {
                    receiver.join().unwrap().into_iter().for_each(|i| counts[i] += 1);
                }
            });
            assert!(counts.iter().all(|&count| count == threads));
            assert_eq!(chan.try_recv(), Err(TryRecvError::Empty));
        }
    });
}

// C2, C9 (zero::stress_oneshot, mpsc::oneshot_multi_thread_send_recv_stress): one value each over many short-lived channels.
#[test]
fn many_channels_for_one_value_each() {
    watched(|| {
        for round in 0..ROUNDS / 10 {
            let (tx, rx) = Chan::new(round % 2).split();
            thread::scope(|scope| {
                scope.spawn(|| assert_eq!(rx.recv_blocking(), Some(round)));
                scope.spawn(|| tx.send_blocking(round).unwrap());
            });
        }
    });
}

// C4, C9 (mpsc::oneshot_multi_thread_close_stress, port_gone_concurrent, chan_gone_concurrent): one side goes while the other is at
// work: receivers see the end, senders get their value back.
#[test]
fn a_side_goes_while_the_other_works() {
    watched(|| {
        for round in 0..ROUNDS / 10 {
            let (tx, rx) = Chan::new(round % 3).split();
            thread::scope(|scope| {
                scope.spawn(move || if round % 4 < 2 { drop(rx) } else { while rx.recv_blocking().is_some() {} });
                scope.spawn(move || {
                    if round % 4 == 3 {
                        return drop(tx);
                    }
                    for i in 0..20 {
                        match tx.send_blocking(Box::new(i)) {
                            Ok(()) => {}
                            Err(SendError(value)) => return assert_eq!(*value, i),
                        }
                    }
                });
            });
        }
    });
}

// C9 (thread_locals.rs::use_while_exiting): channels and selects work in destructors of thread-locals, when the runtime's own may have
// gone.
#[test]
#[cfg_attr(miri, ignore = "the parking primitive reads its thread's handle there")]
fn channels_work_while_a_thread_exits() {
    struct AtExit;
    impl Drop for AtExit {
        fn drop(&mut self) {
            let (tx, rx) = Chan::new(1).split();
            tx.send_blocking(1).unwrap();
            let empty = Chan::<u8>::new(0);
            let mut select = Box::pin(async {
                select! { v = <-rx => v, _ = <-empty => None }
            });
            assert_eq!(poll_once(select.as_mut(), &Count::default()), Poll::Ready(Some(1)));
            assert_eq!(rx.recv_timeout_blocking(std::time::Duration::ZERO), Err(TryRecvError::Empty));
            DONE.add();
        }
    }
    static DONE: std::sync::LazyLock<Count> = std::sync::LazyLock::new(Count::default);
    thread_local! {
        static AT_EXIT: AtExit = const { AtExit };
    }
    watched(|| {
        let before = DONE.get();
        let chan = Chan::new(0);
        let wait = chan.clone();
        // First the destructor above is registered, then whatever the channels need of the thread.
        let exiting = thread::spawn(move || {
            AT_EXIT.with(|_| ());
            wait.recv_blocking().unwrap();
            orion_rt::run(async |s| s.spawn(async { orion_rt::yield_now().await }).await.unwrap());
        });
        chan.send_blocking(()).unwrap();
        exiting.join().unwrap();
        assert_eq!(DONE.get(), before + 1);
    });
}

// C6, C9 (mpsc::recv_a_lot, shared_chan_stress, select::stress_mixed): an executor of others, threads and both kinds of operation at
// once.
#[test]
fn threads_and_foreign_executors_mixed() {
    watched(|| {
        let each = ROUNDS / 2;
        let (a, b) = (Chan::new(0), Chan::new(3));
        let sum = thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (1..=each).for_each(|i| a.send_blocking(i).unwrap()));
                scope.spawn(|| {
                    block_on(async {
                        for i in 1..=each {
                            b.send(i).await.unwrap()
                        }
                    })
                });
            }
            let receivers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        block_on(async {
                            let mut sum = 0;
                            for _ in 0..2 * each {
                                sum += select! { v = <-a => v, v = <-b => v }.unwrap();
                            }
                            sum
                        })
                    })
                })
                .collect();
            receivers.into_iter().map(|receiver| receiver.join().unwrap()).sum::<usize>()
        });
        assert_eq!(sum, 4 * each * (each + 1) / 2);
    });
}

//! What a select, a stream and a sink cost in memory: L8, C11.

use std::pin::pin;
use std::task::Poll;

use futures::{SinkExt, StreamExt};
use orion_rt::{Chan, select};
use orion_tests::alloc::of_this_thread;
use orion_tests::{Count, poll_once};

#[cfg(not(leaks))]
#[global_allocator]
static ALLOCATOR: orion_tests::alloc::Counting = orion_tests::alloc::Counting;

// L8, C11
#[test]
fn a_select_of_eight_arms_does_not_allocate() {
    let chans: Vec<Chan<u64>> = (0..8).map(|_| Chan::new(1)).collect();
    let full = Chan::new(1);
    full.try_send(0).unwrap();
    let wakes = Count::default();
    let waker = std::task::Waker::from(std::sync::Arc::new(wakes.clone()));
    let mut cx = std::task::Context::from_waker(&waker);
    let turn = |cx: &mut std::task::Context<'_>, index: usize| {
        let mut slot = Some(1);
        let mut select = pin!(async {
            select! {
                v = <-chans[0] => v,
                v = <-chans[1] => v,
                Some(v) = <-chans[2] => Some(v),
                v = <-chans[3], if index < 100 => v,
                full <- take slot => None,
                full <- 2 => None,
                v = std::future::pending::<Option<u64>>() => v,
                v = <-chans[4] => v,
            }
        });
        assert!(select.as_mut().poll(cx).is_pending());
        chans[index % 5].try_send(7).unwrap();
        assert!(select.as_mut().poll(cx).is_ready());
    };
    // The first round brings every structure to its steady size.
    (0..10).for_each(|index| turn(&mut cx, index));
    let before = of_this_thread();
    (0..50).for_each(|index| turn(&mut cx, index));
    assert_eq!(of_this_thread() - before, 0);
    // The counter counts.
    assert!(poll_once(pin!(async { drop(Box::new(1)) }), &wakes).is_ready());
    assert!(of_this_thread() > before);
}

// C11: a stream and a sink have one node each, made once; what goes through them costs nothing.
#[test]
fn a_stream_and_a_sink_allocate_once() {
    let waker = std::task::Waker::from(std::sync::Arc::new(Count::default()));
    let mut cx = std::task::Context::from_waker(&waker);
    for capacity in [0, 1] {
        let (tx, rx) = Chan::<u64>::new(capacity).split();
        let before = of_this_thread();
        let (mut stream, mut sink) = (rx.into_stream(), tx.into_sink());
        assert_eq!(of_this_thread() - before, 2);
        let mut turn = |i| {
            // A value for the stream that waits, as many as the buffer takes, and one that waits in the sink.
            assert!(stream.poll_next_unpin(&mut cx).is_pending());
            for value in 0..capacity as u64 + 2 {
                assert!(sink.poll_ready_unpin(&mut cx).is_ready());
                sink.start_send_unpin(i + value).unwrap();
            }
            assert!(sink.poll_flush_unpin(&mut cx).is_pending());
            for value in 0..capacity as u64 + 2 {
                assert_eq!(stream.poll_next_unpin(&mut cx), Poll::Ready(Some(i + value)));
            }
            assert!(sink.poll_flush_unpin(&mut cx).is_ready());
        };
        (0..10).for_each(&mut turn);
        let before = of_this_thread();
        (0..50).for_each(&mut turn);
        assert_eq!(of_this_thread() - before, 0);
    }
}

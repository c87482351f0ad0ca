//! The budget of a turn (Y2): who finds everything ready shares the worker all the same, and whatever goes on around an operation, the
//! operation gets on.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use futures::future::{self, Either};
use futures::stream::{self, Stream};
use futures::{SinkExt, StreamExt};
use orion_rt::{Chan, RecvStream, Runtime, interval, run, select, sleep, timeout, yield_now};
use orion_tests::{Count, on_every_kind, watched};

const TICK: Duration = Duration::from_millis(1);
/// Turns that another task is to have.
const TURNS: usize = if cfg!(miri) { 2 } else { 50 };

/// Spends the budget of every turn without being suspended by that.
async fn busy() {
    let ch = Chan::new(1);
    loop {
        for _ in 0..200 {
            ch.try_send(()).unwrap();
            ch.try_recv().unwrap();
        }
        yield_now().await;
    }
}

// Y2: two tasks that always find each other's channel ready still share the thread with a third.
on_every_kind!(y2_a_busy_pair_shares_the_worker, async |s| {
    let done = Count::default();
    let (there, back) = (Chan::new(1), Chan::new(1));
    let (there2, back2, done2) = (there.clone(), back.clone(), done.clone());
    s.go(async move {
        while done2.get() == 0 {
            there2.send(1).await.unwrap();
            back2.recv().await;
        }
        there2.close();
    });
    s.go(async move {
        while let Some(v) = there.recv().await {
            if back.send(v).await.is_err() {
                break;
            }
        }
    });
    let third = s.spawn(async {
        for _ in 0..100 {
            yield_now().await;
        }
    });
    third.await.unwrap();
    done.add();
});

// Y2: another crate's executor inside a task polls on within the task's turn, and gets on.
on_every_kind!(y2_another_executor_inside_a_task_gets_on, async |s| {
    let sum = s.spawn(async {
        let ch = Chan::new(1);
        futures::executor::block_on(async {
            let mut sum = 0;
            for value in 0..1000 {
                ch.send(value).await.unwrap();
                sum += ch.recv().await.unwrap();
            }
            sum
        })
    });
    assert_eq!(sum.await.unwrap(), 499_500);
});

// Y2, L1: nor does one that spends the budget of every turn without being suspended by that.
on_every_kind!(y2_a_busy_arm_that_yields_does_not_starve_a_later_one, async |s| {
    s.group(async |g| {
        g.cancel();
        select! { biased; () = busy() => unreachable!(), joined = s.spawn(async { 7 }) => assert_eq!(joined.unwrap(), 7) }
        select! { biased; () = busy() => unreachable!(), () = sleep(Duration::from_micros(1)) => () }
        select! { biased; () = busy() => unreachable!(), () = g.cancelled() => () }
        let ch = Chan::new(1);
        select! { biased; () = busy() => unreachable!(), sent = ch.send(1) => assert_eq!(sent, Ok(())) }
        select! { biased; () = busy() => unreachable!(), value = ch.recv() => assert_eq!(value, Some(1)) }
        let mut stream = ch.stream();
        ch.try_send(2).unwrap();
        select! { biased; () = busy() => unreachable!(), value = stream.next() => assert_eq!(value, Some(2)) }
        let (mut set, mut beat) = (s.join_set(), interval(TICK));
        set.spawn(async { 3 });
        select! { biased; () = busy() => unreachable!(), joined = set.next() => assert_eq!(joined.unwrap().unwrap(), 3) }
        select! { biased; () = busy() => unreachable!(), _ = beat.tick() => () }
        let (tx, _rx) = Chan::new(1).split();
        let mut sink = tx.into_sink();
        select! { biased; () = busy() => unreachable!(), sent = sink.send(4) => assert_eq!(sent, Ok(())) }
    })
    .await;
});

/// What `future` gives beside one that spends the budget of every turn before it is polled.
async fn beside_busy<F: Future>(future: F) -> F::Output {
    match future::select(pin!(busy()), pin!(future)).await {
        Either::Left(((), _)) => unreachable!("it has no end"),
        Either::Right((value, _)) => value,
    }
}

// Y2: the same in another crate's select, which lends nothing: what was refused in one turn goes through in the next.
on_every_kind!(y2_a_busy_future_does_not_starve_one_beside_it, async |s| {
    s.group(async |g| {
        g.cancel();
        assert_eq!(beside_busy(s.spawn(async { 7 }).join()).await.unwrap(), 7);
        beside_busy(sleep(Duration::from_micros(1))).await;
        beside_busy(g.cancelled()).await;
        let ch = Chan::new(1);
        assert_eq!(beside_busy(ch.send(1)).await, Ok(()));
        assert_eq!(beside_busy(ch.recv()).await, Some(1));
        let (mut set, mut beat) = (s.join_set(), interval(TICK));
        set.spawn(async { 3 });
        assert_eq!(beside_busy(set.next()).await.unwrap().unwrap(), 3);
        beside_busy(beat.tick()).await;
        beside_busy(two_sinks_in_one()).await;
    })
    .await;
});

// Y2: another crate's select, one of whose futures goes through where the other has suspended, shares the worker too.
on_every_kind!(y2_another_crates_select_shares_the_worker, async |s| {
    let done = Count::default();
    let seen = done.clone();
    let selects = s.spawn(async move {
        let (a, b) = (Chan::new(1), Chan::new(1));
        a.try_send(()).unwrap();
        b.try_send(()).unwrap();
        while seen.get() == 0 {
            let again = match future::select(pin!(a.recv()), pin!(b.recv())).await {
                Either::Left(_) => &a,
                Either::Right(_) => &b,
            };
            again.try_send(()).unwrap();
        }
    });
    s.spawn(async move { done.add() }).await.unwrap();
    selects.await.unwrap();
});

// Y2, L1: an earlier arm that uses up the budget of every turn leaves one operation for the arms behind it.
on_every_kind!(y2_a_busy_arm_does_not_starve_a_later_one, async |s| {
    let ended = s.spawn(async {
        let ch = Chan::new(1);
        let busy = async {
            loop {
                ch.send(1).await.unwrap();
                ch.recv().await;
            }
        };
        select! {
            biased;
            () = busy => false,
            () = sleep(Duration::from_micros(1)) => true,
        }
    });
    assert!(ended.await.unwrap());
});

/// How many values a loop takes out of a stream while another task has `turns`.
fn values_while_another_has(turns: usize, values: impl AsyncFnOnce(&dyn Fn() -> bool) -> usize) -> usize {
    watched(|| {
        run(async |s| {
            let seen = Count::default();
            let had = seen.clone();
            s.go(async move {
                for _ in 0..turns {
                    had.add();
                    yield_now().await;
                }
            });
            yield_now().await;
            values(&|| seen.get() < turns).await
        })
    })
}

fn full_stream() -> RecvStream<'static, u8> {
    let (tx, rx) = Chan::unbounded().split();
    (0..TURNS * 1000).for_each(|_| tx.try_send(0).unwrap());
    rx.into_stream()
}

async fn drained<S: Stream>(goes_on: &dyn Fn() -> bool, stream: S, len: impl Fn(S::Item) -> usize) -> usize {
    let (mut stream, mut values) = (pin!(stream), 0);
    while goes_on() {
        values += len(stream.next().await.expect("the other is never given a turn"));
    }
    values
}

// Y2: an adapter that takes a refusal for "no more now", and asks again within the turn, ends the turn with what it has.
#[test]
fn y2_adapters_of_a_stream_share_the_worker() {
    const MOST: usize = TURNS * 200;
    for size in [2, 10, 100] {
        let chunks = async |on: &dyn Fn() -> bool| drained(on, full_stream().ready_chunks(size), |c| c.len()).await;
        assert!(values_while_another_has(TURNS, chunks) <= MOST);
        let buffered =
            async |on: &dyn Fn() -> bool| drained(on, full_stream().map(future::ready).buffered(size), |_| 1).await;
        assert!(values_while_another_has(TURNS, buffered) <= MOST);
        let selected = async |on: &dyn Fn() -> bool| {
            drained(on, stream::select_all([full_stream().ready_chunks(size)]), |c| c.len()).await
        };
        assert!(values_while_another_has(TURNS, selected) <= MOST);
    }
}

/// Takes values out of whichever of `n` streams is ready first, each always being so.
async fn from_the_first_of(n: usize, step: usize, goes_on: &dyn Fn() -> bool) -> usize {
    let chans: Vec<Chan<usize>> = (0..n).map(|_| Chan::new(1)).collect();
    let mut streams: Vec<_> = chans.iter().map(Chan::stream).collect();
    (0..n).for_each(|i| chans[i].try_send(i).unwrap());
    let mut begin = 0;
    let mut first = stream::poll_fn(move |cx| {
        begin = (begin + step) % n;
        let ready = (begin..n).chain(0..begin).map(|i| streams[i].poll_next_unpin(cx)).find(Poll::is_ready);
        ready.unwrap_or(Poll::Pending)
    });
    let mut values = 0;
    while goes_on() {
        let i = first.next().await.expect("never closed");
        // Without a unit of the budget.
        chans[i].send_blocking(i).unwrap();
        values += 1;
    }
    values
}

// Y2: of many operations side by side each goes through once in a spent turn at most, in whatever order they are polled.
#[test]
fn y2_many_streams_share_the_worker() {
    for n in [1, 8, 20, 150, 400].into_iter().filter(|&n| !cfg!(miri) || n < 100) {
        for step in [0, 7] {
            let values = values_while_another_has(TURNS / 2, async |goes_on| from_the_first_of(n, step, goes_on).await);
            assert!(values <= TURNS / 2 * (256 + 8 * n), "{values} values out of {n} streams");
        }
    }
}

/// Two sinks that are to be ready at the same time, and the turns' budgets in opposite phase.
async fn two_sinks_in_one() {
    let (one, other) = (Chan::unbounded().split(), Chan::unbounded().split());
    let mut both = one.0.into_sink().fanout(other.0.into_sink());
    for value in 0..if cfg!(miri) { 5 } else { 300 } {
        both.send(value).await.unwrap();
    }
    drop((one.1, other.1));
}

// Y2, C10: a sink has its unit once for each value, however often it is asked whether it is ready.
on_every_kind!(y2_two_sinks_in_one_get_on, async |s| {
    let sends = s.spawn(async {
        // An odd number of units is left.
        Chan::new(1).send(()).await.unwrap();
        futures::executor::block_on(two_sinks_in_one());
    });
    sends.await.unwrap();
    select! { biased; () = busy() => unreachable!(), () = two_sinks_in_one() => () }
});

fn nested_selects(depth: u32) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        if depth == 0 {
            return Chan::new(1).send(()).await.unwrap();
        }
        select! { () = nested_selects(depth - 1) => () }
    })
}

// Y2, L1: a select takes one unit, however often it is polled: nested, they take a time that grows with the depth and not faster.
#[test]
fn y2_nested_selects_are_refused_once_each() {
    const DEPTH: u32 = 24;
    Runtime::builder().yield_budget(1).build_local().unwrap().run(async |_| {
        let (polls, mut nested) = (Cell::new(0), nested_selects(DEPTH));
        poll_fn(|cx| {
            polls.set(polls.get() + 1);
            nested.as_mut().poll(cx)
        })
        .await;
        assert!(polls.get() <= DEPTH + 2, "{} turns", polls.get());
    });
}

// Y2, L3: an arm that is made anew for each select is chosen, though the select takes the last unit.
#[test]
fn y2_a_fresh_arm_is_chosen_with_the_last_unit() {
    watched(|| {
        Runtime::builder().yield_budget(1).build_local().unwrap().run(async |s| {
            let mut task = s.spawn(async {});
            let full = Chan::new(1);
            full.try_send(()).unwrap();
            loop {
                select! { biased; () = task.finished() => break, <-full => full.send_blocking(()).unwrap() }
            }
            loop {
                select! { biased; () = task.finished() => break, default => {} }
            }
            task.await.unwrap();
        });
    });
}

// Y2, L3: nor is it passed over where an arm outside spends the budget of every turn.
on_every_kind!(y2_a_fresh_arm_is_chosen_behind_a_busy_one, async |s| {
    s.group(async |g| {
        g.cancel();
        let full = Chan::new(1);
        full.try_send(()).unwrap();
        let stopped = async {
            loop {
                select! { biased; () = g.cancelled() => break, <-full => full.send_blocking(()).unwrap() }
            }
        };
        select! { biased; () = busy() => unreachable!(), () = stopped => () }
    })
    .await;
});

// Y2: a loop around timeouts that have passed comes to a suspension: whoever it waits for has a turn.
on_every_kind!(y2_a_loop_of_late_timeouts_ends_its_turns, async |s| {
    let full = Chan::new(300);
    for value in 0..300 {
        full.send(value).await.unwrap();
    }
    let mut received = 0;
    while received < 300 {
        received += u32::from(timeout(Duration::ZERO, full.recv()).await.is_ok());
    }
    let later = Chan::new(1);
    let sender = later.clone();
    s.go(async move { sender.send(()).await.unwrap() });
    while timeout(Duration::ZERO, later.recv()).await.is_err() {}
    let sender = later.clone();
    s.go(async move { sender.send(()).await.unwrap() });
    while s.group_timeout(Duration::ZERO, async |_| later.recv().await).await.is_err() {}
});

// Y2: an operation that is made anew for each poll gets on where another executor polls it.
on_every_kind!(y2_a_fresh_operation_in_each_poll_gets_on, async |s| {
    let sum = s.spawn(async {
        let full = Chan::new(1000);
        for value in 0..1000 {
            full.send(value).await.unwrap();
        }
        let next = || poll_fn(|cx| pin!(full.recv()).poll(cx));
        futures::executor::block_on(async {
            let mut sum = 0;
            for _ in 0..1000 {
                sum += next().await.unwrap();
            }
            sum
        })
    });
    assert_eq!(sum.await.unwrap(), 499_500);
});

// Y2, C10: a select takes one unit, however often it is polled.
on_every_kind!(y2_a_select_takes_one_unit, async |_| {
    let mut waits = pin!(async {
        select! { () = future::pending() => () }
    });
    let ch = Chan::new(1);
    let mut send = pin!(ch.send(()));
    let sent = poll_fn(|cx| {
        (0..1000).for_each(|_| assert!(waits.as_mut().poll(cx).is_pending()));
        Poll::Ready(send.as_mut().poll(cx).is_ready())
    });
    assert!(sent.await, "the budget of the turn is spent");
});

//! The guard against regressions: counts what does not jitter, allocations and bytes, never wall time.
//!
//! It has its own `main`, because a test harness allocates on threads of its own while a test counts. Each check names
//! the rule of the contract it guards.

use std::alloc::System;
use std::mem::{size_of, size_of_val};
use std::process::ExitCode;
use std::sync::{Arc, Barrier};

use orion_bench::alloc::{self, Counting, Counts};
use orion_bench::capability::{Channel, Mode, Mpmc, Select, Tasks};
use orion_bench::peers::orion::{Halves, OnRun, OnRuntime, Shared};
use orion_rt::{Chan, JoinHandle, Local, Multi, Receiver, Sender};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting(System);

/// Operations per check; growth to the high-water mark happens in a warm-up of as many.
const OPS: u64 = 1_000;

/// What a queue or a table may still allocate when it grows once more than in the warm-up.
const SLACK: u64 = 4;

/// The same for a burst of spawns on workers: their deques shrink when they have drained, and grow anew.
const BURST_SLACK: u64 = OPS / 16;

/// Bytes a task may take beyond its future.
const TASK: usize = 160;

fn main() -> ExitCode {
    let mut failed = 0;
    let mut check = |name: &str, verdict: Result<String, String>| match verdict {
        Ok(seen) => println!("ok      {name}: {seen}"),
        Err(seen) => {
            failed += 1;
            println!("FAILED  {name}: {seen}");
        }
    };
    let modes = [Mode::Run, Mode::Workers(1), Mode::Workers(2)];
    for mode in modes {
        let mut check = |name: &str, verdict| check(&format!("{name}, {mode}"), verdict);
        if mode == Mode::Run { tasks::<OnRun>(mode, &mut check) } else { tasks::<OnRuntime>(mode, &mut check) }
    }
    handles(&mut check);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

type Check<'a> = &'a mut dyn FnMut(&str, Result<String, String>);

fn tasks<R: Tasks>(mode: Mode, check: Check<'_>) {
    // One allocation holds header, future and result.
    check("allocations per spawned task, joined one by one", per_op(&least(|| enter(mode, one_by_one::<R>)), 1, SLACK));
    check(
        "allocations per spawned task, joined later",
        per_op(&least(|| enter(mode, all_at_once::<R>)), 1, BURST_SLACK),
    );
    // C11
    check("allocations per unbuffered round trip", per_op(&least(|| enter(mode, round_trips::<R>)), 0, SLACK));
    check("allocations per buffered message", per_op(&least(|| enter(mode, messages::<R>)), 0, SLACK));
    // L8
    check("allocations per select of 2", per_op(&least(|| enter(mode, selects::<R, 2>)), 0, SLACK));
    check("allocations per select of 8", per_op(&least(|| enter(mode, selects::<R, 8>)), 0, SLACK));
    if mode.threads() == 1 {
        let (counts, future) = enter(mode, spawned::<R>);
        check("bytes per task, spawned", bytes_per_task(&counts, future));
        let (counts, future) = enter(mode, parked::<R>);
        check("bytes per task, parked in a receive", bytes_per_task(&counts, future));
    }
}

/// Runs `body` once every worker has run something: a thread allocates when it begins, and under load it may begin late.
fn enter<R: Tasks, Fut>(mode: Mode, body: impl FnOnce(R) -> Fut + Send + 'static) -> Fut::Output
where
    Fut: Future<Output: Send + 'static> + Send + 'static,
{
    R::enter(mode, move |rt: R| async move {
        let all_run = Arc::new(Barrier::new(mode.threads()));
        let tasks: Vec<_> = (0..mode.threads())
            .map(|_| {
                let all_run = Arc::clone(&all_run);
                rt.spawn(async move {
                    all_run.wait();
                    0
                })
            })
            .collect();
        for task in tasks {
            R::output(R::join(task).await);
        }
        body(rt).await
    })
}

/// The counts of the run that has the fewest calls. The thread that watches a runtime for deadlocks allocates too, when it looks: ten times a
/// second at most, but on a loaded machine any run may last that long.
fn least(run: impl Fn() -> Counts) -> Counts {
    (0..3).map(|_| run()).min_by_key(|counts| counts.calls).expect("three runs")
}

fn handles(check: Check<'_>) {
    check("bytes of a JoinHandle on run", at_most(size_of::<JoinHandle<'static, u64, Local>>(), 16));
    check("bytes of a JoinHandle on a Runtime", at_most(size_of::<JoinHandle<'static, u64, Multi>>(), 16));
    check("bytes of a Chan handle", at_most(size_of::<Chan<u64>>(), 8));
    check("bytes of a Sender", at_most(size_of::<Sender<u64>>(), 8));
    check("bytes of a Receiver", at_most(size_of::<Receiver<u64>>(), 8));
    for capacity in [0, 128, usize::MAX] {
        // C8: memory follows use, not capacity.
        alloc::start();
        let chan = Chan::<u64>::new(capacity);
        let counts = alloc::stop();
        drop(chan);
        let bytes = usize::try_from(counts.live).expect("more was taken than returned");
        check(&format!("bytes of an empty channel, capacity {capacity}"), at_most(bytes, 256));
    }
}

fn at_most(seen: usize, limit: usize) -> Result<String, String> {
    let text = format!("{seen} (at most {limit})");
    if seen <= limit { Ok(text) } else { Err(text) }
}

fn per_op(counts: &Counts, limit: u64, slack: u64) -> Result<String, String> {
    let text = format!("{} in {OPS} (at most {limit} each)", counts.calls);
    if counts.calls <= limit * OPS + slack { Ok(text) } else { Err(text) }
}

fn bytes_per_task(counts: &Counts, future: usize) -> Result<String, String> {
    let each =
        usize::try_from(counts.live).expect("more was taken than returned") / usize::try_from(OPS).expect("small");
    let text = format!("{each}, of which {future} future (at most {TASK} beyond it)");
    if each <= TASK + future { Ok(text) } else { Err(text) }
}

async fn one_by_one<R: Tasks>(rt: R) -> Counts {
    pass_one_by_one(&rt).await;
    alloc::start();
    pass_one_by_one(&rt).await;
    alloc::stop()
}

async fn pass_one_by_one<R: Tasks>(rt: &R) {
    for i in 0..OPS {
        assert_eq!(R::output(R::join(rt.spawn(async move { i })).await), i);
    }
}

async fn all_at_once<R: Tasks>(rt: R) -> Counts {
    let mut handles = Vec::with_capacity(usize::try_from(OPS).expect("small"));
    pass_all_at_once(&rt, &mut handles).await;
    alloc::start();
    pass_all_at_once(&rt, &mut handles).await;
    alloc::stop()
}

async fn pass_all_at_once<R: Tasks>(rt: &R, handles: &mut Vec<R::Handle>) {
    handles.extend((0..OPS).map(|i| rt.spawn(async move { i })));
    for handle in handles.drain(..) {
        R::output(R::join(handle).await);
    }
}

async fn round_trips<R: Tasks>(rt: R) -> Counts {
    let (mut ping, mut ping_rx) = Halves::channel(0);
    let (mut pong_tx, mut pong) = Halves::channel(0);
    let echo = rt.spawn(async move {
        while let Some(value) = Halves::value(Halves::recv(&mut ping_rx).await) {
            let _ = Halves::send(&mut pong_tx, value).await;
        }
        0
    });
    pass_round_trips(&mut ping, &mut pong).await;
    alloc::start();
    pass_round_trips(&mut ping, &mut pong).await;
    let counts = alloc::stop();
    drop(ping);
    R::output(R::join(echo).await);
    counts
}

async fn pass_round_trips(ping: &mut Sender<u64>, pong: &mut Receiver<u64>) {
    for i in 0..OPS {
        let _ = Halves::send(ping, i).await;
        assert_eq!(Halves::value(Halves::recv(pong).await), Some(i));
    }
}

async fn messages<R: Tasks>(rt: R) -> Counts {
    let (mut tx, mut rx) = Halves::channel(128);
    let producer = rt.spawn(async move {
        for i in 0..2 * OPS {
            let _ = Halves::send(&mut tx, i).await;
        }
        0
    });
    for i in 0..OPS {
        assert_eq!(Halves::value(Halves::recv(&mut rx).await), Some(i));
    }
    alloc::start();
    for i in OPS..2 * OPS {
        assert_eq!(Halves::value(Halves::recv(&mut rx).await), Some(i));
    }
    let counts = alloc::stop();
    R::output(R::join(producer).await);
    counts
}

async fn selects<R: Tasks, const ARMS: usize>(rt: R) -> Counts {
    let channels: Vec<_> = (0..ARMS).map(|_| Shared::channel(0).1).collect();
    let mut hot = channels[ARMS / 2].clone();
    let producer = rt.spawn(async move {
        for i in 0..2 * OPS {
            let _ = Shared::send(&mut hot, i).await;
        }
        0
    });
    assert_eq!(Shared::take(channels.clone(), OPS).await, OPS * (OPS - 1) / 2);
    let again = channels.clone();
    alloc::start();
    Shared::take(again, OPS).await;
    let counts = alloc::stop();
    R::output(R::join(producer).await);
    counts
}

async fn spawned<R: Tasks>(rt: R) -> (Counts, usize) {
    let future = |i| async move { i };
    let size = size_of_val(&future(0));
    let mut handles = Vec::with_capacity(usize::try_from(OPS).expect("small"));
    alloc::start();
    handles.extend((0..OPS).map(|i| rt.spawn(future(i))));
    let counts = alloc::stop();
    for handle in handles {
        R::output(R::join(handle).await);
    }
    (counts, size)
}

async fn parked<R: Tasks>(rt: R) -> (Counts, usize) {
    let (tx, rx) = Halves::channel(0);
    let (arrived_tx, mut arrived) = Halves::channel(0);
    let future = |i| {
        let (mut rx, mut arrived) = (Halves::share(&rx), arrived_tx.clone());
        async move {
            let _ = Halves::send(&mut arrived, i).await;
            drop(arrived);
            Halves::value(Halves::recv(&mut rx).await).unwrap_or(i)
        }
    };
    let size = size_of_val(&future(0));
    let mut handles = Vec::with_capacity(usize::try_from(OPS).expect("small"));
    alloc::start();
    handles.extend((0..OPS).map(|i| rt.spawn(future(i))));
    for _ in 0..OPS {
        Halves::value(Halves::recv(&mut arrived).await);
    }
    // Behind every task that is on its way from the one channel to the other.
    rt.yield_now().await;
    let counts = alloc::stop();
    drop(tx);
    for handle in handles {
        R::output(R::join(handle).await);
    }
    (counts, size)
}

//! A million tasks on eight workers, cancelled at random while they pass values on: every value sent is received, returned to
//! its sender, or dropped, and counted once (C7, J6, X5).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orion_rt::{Chan, JoinHandle, Multi, SendError, TaskError, select, yield_now};
use orion_tests::{watched, workers};

const TASKS: u64 = if cfg!(miri) { 64 } else { 1_000_000 };
/// Tasks alive at the same time, so that cancels meet every stage of a task's life.
const WAVE: u64 = if cfg!(miri) { 16 } else { 4_000 };

#[derive(Default)]
struct Ledger {
    made: AtomicU64,
    received: AtomicU64,
    returned: AtomicU64,
    dropped: AtomicU64,
}

/// A value that enters in the ledger where it ended up.
struct Value {
    ledger: Arc<Ledger>,
    ended: bool,
}

impl Value {
    fn new(ledger: &Arc<Ledger>) -> Self {
        ledger.made.fetch_add(1, Ordering::Relaxed);
        Self { ledger: Arc::clone(ledger), ended: false }
    }

    fn received(mut self) {
        self.ended = true;
        self.ledger.received.fetch_add(1, Ordering::Relaxed);
    }

    fn returned(mut self) {
        self.ended = true;
        self.ledger.returned.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if !self.ended {
            self.ledger.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A reproducible stream of numbers.
struct Lcg(u64);

impl Lcg {
    fn next(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

async fn send(chan: Chan<Value>, value: Value) {
    if let Err(SendError(value)) = chan.send(value).await {
        value.returned();
    }
}

async fn receive(a: Chan<Value>, b: Chan<Value>, kind: u64) {
    let value = match kind {
        0 => a.recv().await,
        1 => select! { v = <-a => v, v = <-b => v },
        _ => select! { biased; v = <-b => v, () = yield_now() => a.recv().await },
    };
    if let Some(value) = value {
        value.received();
    }
}

// C7, J6, X5, X6.
#[test]
fn a_million_tasks_and_random_cancels_lose_nothing() {
    watched(|| {
        let ledger = Arc::new(Ledger::default());
        let (mut finished, mut cancelled) = (0_u64, 0_u64);
        workers(if cfg!(miri) { 2 } else { 8 }).run(async |s| {
            let mut random = Lcg(42);
            for wave in 0..TASKS / WAVE {
                let (a, b) = (Chan::new((wave % 3) as usize), Chan::new((wave % 5) as usize));
                let mut handles: Vec<JoinHandle<'_, (), Multi>> = Vec::with_capacity(WAVE as usize);
                for _ in 0..WAVE / 2 {
                    let (from, to) = if random.next(2) == 0 { (&a, &b) } else { (&b, &a) };
                    handles.push(s.spawn(send(from.clone(), Value::new(&ledger))));
                    handles.push(s.spawn(receive(from.clone(), to.clone(), random.next(3))));
                    if random.next(4) == 0 {
                        let any = random.next(handles.len() as u64) as usize;
                        handles[any].cancel();
                    }
                }
                for _ in 0..WAVE / 8 {
                    handles[random.next(WAVE) as usize].cancel();
                }
                a.close();
                b.close();
                for handle in handles {
                    match handle.await {
                        Ok(()) => finished += 1,
                        Err(TaskError::Cancelled) => cancelled += 1,
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        });
        let count = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let (made, received) = (count(&ledger.made), count(&ledger.received));
        let (returned, dropped) = (count(&ledger.returned), count(&ledger.dropped));
        assert_eq!(finished + cancelled, TASKS);
        assert_eq!(made, TASKS / 2);
        assert_eq!(made, received + returned + dropped, "received {received}, returned {returned}, dropped {dropped}");
        assert!(
            cancelled > 0 && received > 0,
            "the test reaches both ends: {cancelled} cancelled, {received} received"
        );
        println!(
            "{TASKS} tasks, {cancelled} cancelled; {made} values: {received} received, {returned} returned, {dropped} dropped"
        );
    });
}

//! Memory per task that waits: just spawned, and parked in a receive. Counts requested bytes, not time.
//!
//! The vector of handles and the channel exist before counting starts; the future and everything the runtime and the
//! channel allocate for it are counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::sum_below;
use crate::alloc;
use crate::capability::{Mpmc, Tasks};
use crate::measure::Sample;
use crate::scale::Scale;

/// How many tasks have come to their receive in the running cell (cells run one after another).
static ARRIVED: AtomicU64 = AtomicU64::new(0);

/// How many tasks.
#[must_use]
pub fn size(scale: Scale) -> u64 {
    scale.pick(100_000, 20_000, 100)
}

/// The checksum.
#[must_use]
pub fn expected(scale: Scale) -> u64 {
    sum_below(size(scale))
}

/// Spawned and not yet polled: bytes per task.
pub async fn spawned<R: Tasks>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    let mut handles = Vec::with_capacity(usize::try_from(n).expect("a length"));
    alloc::start();
    handles.extend((0..n).map(|i| rt.spawn(async move { i })));
    let counts = alloc::stop();
    let sum = join_all::<R>(handles).await;
    Sample::bytes(counts.live, n, sum)
}

/// Parked in a receive on one shared channel: bytes per task.
pub async fn in_recv<R: Tasks, C: Mpmc>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    let mut handles = Vec::with_capacity(usize::try_from(n).expect("a length"));
    let (tx, rx) = C::channel(0);
    ARRIVED.store(0, Relaxed);
    alloc::start();
    for i in 0..n {
        let mut rx = C::share(&rx);
        handles.push(rt.spawn(async move {
            ARRIVED.fetch_add(1, Relaxed);
            while C::value(C::recv(&mut rx).await).is_some() {}
            i
        }));
    }
    while ARRIVED.load(Relaxed) < n {
        rt.yield_now().await;
    }
    let counts = alloc::stop();
    drop(tx);
    let sum = join_all::<R>(handles).await;
    Sample::bytes(counts.live, n, sum)
}

async fn join_all<R: Tasks>(handles: Vec<R::Handle>) -> u64 {
    let mut sum = 0;
    for handle in handles {
        sum += R::output(R::join(handle).await);
    }
    sum
}

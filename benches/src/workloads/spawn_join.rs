//! Spawn one task, join it, again and again: the latency of a task that does nothing.

use std::time::Instant;

use super::sum_below;
use crate::capability::Tasks;
use crate::measure::Sample;
use crate::scale::Scale;

/// How many tasks.
#[must_use]
pub fn size(scale: Scale) -> u64 {
    scale.pick(400_000, 40_000, 100)
}

/// The checksum.
#[must_use]
pub fn expected(scale: Scale) -> u64 {
    sum_below(size(scale))
}

/// Runs it: ns per task.
pub async fn run<R: Tasks>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    pass(&rt, n / 10).await;
    let start = Instant::now();
    let sum = pass(&rt, n).await;
    Sample::time(start.elapsed(), n, sum)
}

async fn pass<R: Tasks>(rt: &R, n: u64) -> u64 {
    let mut sum = 0;
    for i in 0..n {
        let handle = rt.spawn(async move { i });
        sum += R::output(R::join(handle).await);
    }
    sum
}

//! Spawn a million tasks, then join them in order: throughput of spawning, and what many live tasks cost.

use std::time::Instant;

use super::sum_below;
use crate::capability::Tasks;
use crate::measure::Sample;
use crate::scale::Scale;

/// How many tasks.
#[must_use]
pub fn size(scale: Scale) -> u64 {
    scale.pick(1_000_000, 100_000, 100)
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

/// Spawns `n` tasks and joins them.
pub(crate) async fn pass<R: Tasks>(rt: &R, n: u64) -> u64 {
    let handles: Vec<_> = (0..n).map(|i| rt.spawn(async move { i })).collect();
    let mut sum = 0;
    for handle in handles {
        sum += R::output(R::join(handle).await);
    }
    sum
}

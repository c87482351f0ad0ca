//! Yield: one task that yields to nobody, and a thousand that yield to each other.

use std::time::Instant;

use super::sum_below;
use crate::capability::Tasks;
use crate::measure::Sample;
use crate::scale::Scale;

/// Tasks in the crowded variant.
pub const CROWD: u64 = 1000;

/// Yields in all, of one task or of the crowd together.
#[must_use]
pub fn size(scale: Scale) -> u64 {
    scale.pick(2_000_000, 200_000, CROWD)
}

/// The checksum of the lone task: how often it yielded.
#[must_use]
pub fn expected_alone(scale: Scale) -> u64 {
    size(scale)
}

/// The checksum of the crowd: each task returns its number plus how often it yielded.
#[must_use]
pub fn expected_crowd(scale: Scale) -> u64 {
    sum_below(CROWD) + size(scale)
}

/// One task: ns per yield.
pub async fn alone<R: Tasks>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    yield_times(&rt, n / 10).await;
    let start = Instant::now();
    let done = yield_times(&rt, n).await;
    Sample::time(start.elapsed(), n, done)
}

/// A thousand tasks: ns per yield of any of them.
pub async fn crowd<R: Tasks>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    crowd_pass(&rt, CROWD, n / CROWD / 10).await;
    let start = Instant::now();
    let sum = crowd_pass(&rt, CROWD, n / CROWD).await;
    Sample::time(start.elapsed(), n, sum)
}

/// `tasks` tasks that yield `each` times.
pub(crate) async fn crowd_pass<R: Tasks>(rt: &R, tasks: u64, each: u64) -> u64 {
    let spawn = |i| {
        let mine = rt.clone();
        rt.spawn(async move { i + yield_times(&mine, each).await })
    };
    let handles: Vec<_> = (0..tasks).map(spawn).collect();
    let mut sum = 0;
    for handle in handles {
        sum += R::output(R::join(handle).await);
    }
    sum
}

async fn yield_times<R: Tasks>(rt: &R, times: u64) -> u64 {
    for _ in 0..times {
        rt.yield_now().await;
    }
    times
}

//! Select: receive from whichever of 2, 8 or 64 unbuffered channels is ready, one of them or all of them in use.

use std::time::Instant;

use super::sum_below;
use crate::capability::{Select, Tasks};
use crate::measure::Sample;
use crate::scale::Scale;

/// How many values an `arms`-way select receives: a multiple of 64.
#[must_use]
pub fn size(scale: Scale, arms: u64) -> u64 {
    match arms {
        0..=2 => scale.pick(192_000, 32_000, 64),
        3..=8 => scale.pick(96_000, 16_000, 64),
        _ => scale.pick(25_600, 6_400, 64),
    }
}

/// The checksum.
#[must_use]
pub fn expected(scale: Scale, arms: u64) -> u64 {
    sum_below(size(scale, arms))
}

/// One sender, on the middle one of `ARMS` channels: ns per select.
pub async fn one_hot<R: Tasks, C: Select, const ARMS: u64>(rt: R, scale: Scale) -> Sample {
    timed::<R, C>(rt, ARMS, ARMS / 2..ARMS / 2 + 1, size(scale, ARMS)).await
}

/// A sender on each of `ARMS` channels: ns per select.
pub async fn all_hot<R: Tasks, C: Select, const ARMS: u64>(rt: R, scale: Scale) -> Sample {
    timed::<R, C>(rt, ARMS, 0..ARMS, size(scale, ARMS)).await
}

async fn timed<R: Tasks, C: Select>(rt: R, arms: u64, hot: std::ops::Range<u64>, n: u64) -> Sample {
    pass::<R, C>(&rt, arms, hot.clone(), n / 64 * 8).await;
    let start = Instant::now();
    let sum = pass::<R, C>(&rt, arms, hot, n).await;
    Sample::time(start.elapsed(), n, sum)
}

async fn pass<R: Tasks, C: Select>(rt: &R, arms: u64, hot: std::ops::Range<u64>, n: u64) -> u64 {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..arms).map(|_| C::channel(0)).unzip();
    let senders_in_use = hot.end - hot.start;
    let each = n / senders_in_use;
    let mut producers = Vec::new();
    for (s, tx) in senders.iter().enumerate() {
        let Some(slice) = (s as u64).checked_sub(hot.start).filter(|slice| *slice < senders_in_use) else { continue };
        let mut tx = tx.clone();
        producers.push(rt.spawn(async move {
            for value in slice * each..(slice + 1) * each {
                C::send(&mut tx, value).await;
            }
            0
        }));
    }
    let sum = C::take(receivers, senders_in_use * each).await;
    for producer in producers {
        R::output(R::join(producer).await);
    }
    drop(senders);
    sum
}

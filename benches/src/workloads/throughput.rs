//! Messages through one channel of capacity 128: one to one, four to four, a hundred to one.

use std::time::Instant;

use super::sum_below;
use crate::capability::{Channel, Mpmc, Tasks};
use crate::measure::Sample;
use crate::scale::Scale;

/// The channel's capacity.
pub const CAPACITY: usize = 128;

/// How many messages: a multiple of every number of senders.
#[must_use]
pub fn size(scale: Scale) -> u64 {
    scale.pick(1_000_000, 200_000, 400)
}

/// The checksum.
#[must_use]
pub fn expected(scale: Scale) -> u64 {
    sum_below(size(scale))
}

/// `SENDERS` to one receiver: ns per message.
pub async fn to_one<R: Tasks, C: Channel, const SENDERS: u64>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    to_one_pass::<R, C>(&rt, SENDERS, n / 10).await;
    let start = Instant::now();
    let sum = to_one_pass::<R, C>(&rt, SENDERS, n).await;
    Sample::time(start.elapsed(), n, sum)
}

/// `n` messages from `senders` tasks, which divide it.
pub(crate) async fn to_one_pass<R: Tasks, C: Channel>(rt: &R, senders: u64, n: u64) -> u64 {
    let (tx, mut rx) = C::channel(CAPACITY);
    let producers = produce::<R, C>(rt, &tx, senders, n / senders);
    drop(tx);
    let mut sum = 0;
    while let Some(value) = C::value(C::recv(&mut rx).await) {
        sum += value;
    }
    join_all::<R>(producers).await;
    sum
}

/// `PAIRS` senders to `PAIRS` receivers: ns per message.
pub async fn many_to_many<R: Tasks, C: Mpmc, const PAIRS: u64>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    many_pass::<R, C>(&rt, PAIRS, n / 10).await;
    let start = Instant::now();
    let sum = many_pass::<R, C>(&rt, PAIRS, n).await;
    Sample::time(start.elapsed(), n, sum)
}

async fn many_pass<R: Tasks, C: Mpmc>(rt: &R, pairs: u64, n: u64) -> u64 {
    let (tx, rx) = C::channel(CAPACITY);
    let producers = produce::<R, C>(rt, &tx, pairs, n / pairs);
    drop(tx);
    let consume = |_| {
        let mut rx = C::share(&rx);
        rt.spawn(async move {
            let mut sum = 0;
            while let Some(value) = C::value(C::recv(&mut rx).await) {
                sum += value;
            }
            sum
        })
    };
    let consumers: Vec<_> = (0..pairs).map(consume).collect();
    drop(rx);
    join_all::<R>(producers).await;
    join_all::<R>(consumers).await
}

/// Starts senders; sender `s` sends its `each` numbers of `0..senders * each`.
fn produce<R: Tasks, C: Channel>(rt: &R, tx: &C::Tx, senders: u64, each: u64) -> Vec<R::Handle> {
    let producer = |s| {
        let mut tx = tx.clone();
        rt.spawn(async move {
            for value in s * each..(s + 1) * each {
                C::send(&mut tx, value).await;
            }
            0
        })
    };
    (0..senders).map(producer).collect()
}

async fn join_all<R: Tasks>(handles: Vec<R::Handle>) -> u64 {
    let mut sum = 0;
    for handle in handles {
        sum += R::output(R::join(handle).await);
    }
    sum
}

//! Ping-pong: a value to another task and back over two unbuffered channels.

use std::time::Instant;

use super::sum_below;
use crate::capability::{Channel, Tasks};
use crate::measure::Sample;
use crate::scale::Scale;

/// How many round trips.
#[must_use]
pub fn size(scale: Scale) -> u64 {
    scale.pick(300_000, 30_000, 100)
}

/// The checksum: every value comes back one higher.
#[must_use]
pub fn expected(scale: Scale) -> u64 {
    sum_below(size(scale)) + size(scale)
}

/// Runs it: ns per round trip.
pub async fn run<R: Tasks, C: Channel>(rt: R, scale: Scale) -> Sample {
    let n = size(scale);
    let (mut ping, mut ping_rx) = C::channel(0);
    let (mut pong_tx, mut pong) = C::channel(0);
    let echo = rt.spawn(async move {
        let mut echoed = 0;
        while let Some(value) = C::value(C::recv(&mut ping_rx).await) {
            C::send(&mut pong_tx, value + 1).await;
            echoed += 1;
        }
        echoed
    });
    round_trips::<C>(&mut ping, &mut pong, n / 10).await;
    let start = Instant::now();
    let sum = round_trips::<C>(&mut ping, &mut pong, n).await;
    let took = start.elapsed();
    drop(ping);
    let echoed = R::output(R::join(echo).await);
    assert_eq!(echoed, n + n / 10, "every ping is echoed once");
    Sample::time(took, n, sum)
}

async fn round_trips<C: Channel>(ping: &mut C::Tx, pong: &mut C::Rx, n: u64) -> u64 {
    let mut sum = 0;
    for i in 0..n {
        C::send(ping, i).await;
        sum += C::value(C::recv(pong).await).expect("the echo task is alive");
    }
    sum
}

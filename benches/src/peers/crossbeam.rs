//! crossbeam-channel between threads: what the same traffic costs without tasks. Shown beside the two-worker figures.

use std::thread;
use std::time::Instant;

use crossbeam_channel::bounded;

use super::Cells;
use crate::capability::Mode;
use crate::measure::Sample;
use crate::rows;
use crate::scale::Scale;
use crate::workloads::{ping_pong, sum_below, throughput};

const PEER: &str = "crossbeam";

fn round_trips(scale: Scale) -> Sample {
    let n = ping_pong::size(scale);
    let (ping, ping_rx) = bounded(0);
    let (pong_tx, pong) = bounded(0);
    thread::scope(|threads| {
        threads.spawn(move || {
            for value in ping_rx {
                pong_tx.send(value + 1_u64).expect("the other side is alive");
            }
        });
        // A round trip between threads takes microseconds: a tenth of the tasks' count is enough to time it.
        let timed = n / 10;
        let start = Instant::now();
        let mut sum = 0;
        for i in 0..timed {
            ping.send(i).expect("the echo thread is alive");
            sum += pong.recv().expect("the echo thread is alive");
        }
        let took = start.elapsed();
        assert_eq!(sum, sum_below(timed) + timed, "every value comes back one higher");
        drop(ping);
        Sample::time(took, timed, ping_pong::expected(scale))
    })
}

fn traffic(scale: Scale, senders: u64, receivers: u64) -> Sample {
    let n = throughput::size(scale);
    let start = Instant::now();
    let (tx, rx) = bounded(throughput::CAPACITY);
    let sum = thread::scope(|threads| {
        for s in 0..senders {
            let (tx, each) = (tx.clone(), n / senders);
            threads.spawn(move || {
                for value in s * each..(s + 1) * each {
                    tx.send(value).expect("a receiver is alive");
                }
            });
        }
        drop(tx);
        let consumers: Vec<_> = (0..receivers)
            .map(|_| {
                let rx = rx.clone();
                threads.spawn(move || rx.iter().sum::<u64>())
            })
            .collect();
        consumers.into_iter().map(|c| c.join().expect("a consumer does not panic")).sum()
    });
    Sample::time(start.elapsed(), n, sum)
}

pub(super) fn add(cells: &mut Cells) {
    let mode = Mode::Workers(2);
    cells.push(&rows::PING_PONG, PEER, mode, round_trips);
    cells.push(&rows::ONE_TO_ONE, PEER, mode, |scale| traffic(scale, 1, 1));
    cells.push(&rows::FOUR_TO_FOUR, PEER, mode, |scale| traffic(scale, 4, 4));
    cells.push(&rows::HUNDRED_TO_ONE, PEER, mode, |scale| traffic(scale, 100, 1));
}

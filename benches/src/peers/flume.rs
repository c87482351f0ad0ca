//! flume on tokio; `select` as its users write it in async code, with the `futures` combinators.

use std::pin::pin;

use flume::{Receiver, Sender, bounded};
use futures::future::{Either, select, select_all};

use super::Cells;
use super::tokio::Tokio;
use crate::capability::{Channel, Mode, Mpmc, Select};

/// flume's bounded channel.
struct Flume;

impl Channel for Flume {
    const LEAST: usize = 0;
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        bounded(capacity)
    }

    async fn send(tx: &mut Self::Tx, value: u64) -> bool {
        tx.send_async(value).await.is_ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv_async().await.ok()
    }
}

impl Mpmc for Flume {
    fn share(rx: &Self::Rx) -> Self::Rx {
        rx.clone()
    }
}

impl Select for Flume {
    async fn select(receivers: &mut [Self::Rx]) -> (usize, u64) {
        let (arm, value) = if let [a, b] = receivers {
            match select(pin!(a.recv_async()), pin!(b.recv_async())).await {
                Either::Left((value, _)) => (0, value),
                Either::Right((value, _)) => (1, value),
            }
        } else {
            let (value, arm, _) = select_all(receivers.iter().map(|rx| Box::pin(rx.recv_async()))).await;
            (arm, value)
        };
        (arm, value.expect("every channel is open"))
    }
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.channel::<Tokio, Flume>("flume", mode);
        cells.mpmc::<Tokio, Flume>("flume", mode);
        cells.select_one_hot::<Tokio, Flume>("flume", mode);
    }
}

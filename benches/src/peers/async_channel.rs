//! async-channel on tokio; `select` as its users write it, with the `futures` combinators.

use std::pin::pin;

use async_channel::{Receiver, Sender, bounded};
use futures::future::{Either, select, select_all};

use super::Cells;
use super::tokio::Tokio;
use crate::capability::{Channel, Mode, Mpmc, Select};

/// async-channel's bounded channel.
pub(super) struct AsyncChannel;

impl Channel for AsyncChannel {
    const LEAST: usize = 1;
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        bounded(capacity.max(Self::LEAST))
    }

    async fn send(tx: &mut Self::Tx, value: u64) -> bool {
        tx.send(value).await.is_ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await.ok()
    }
}

impl Mpmc for AsyncChannel {
    fn share(rx: &Self::Rx) -> Self::Rx {
        rx.clone()
    }
}

impl Select for AsyncChannel {
    async fn select(receivers: &mut [Self::Rx]) -> (usize, u64) {
        let (arm, value) = if let [a, b] = receivers {
            match select(pin!(a.recv()), pin!(b.recv())).await {
                Either::Left((value, _)) => (0, value),
                Either::Right((value, _)) => (1, value),
            }
        } else {
            let (value, arm, _) = select_all(receivers.iter().map(|rx| Box::pin(rx.recv()))).await;
            (arm, value)
        };
        (arm, value.expect("every channel is open"))
    }
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.channel::<Tokio, AsyncChannel>("async-channel", mode);
        cells.mpmc::<Tokio, AsyncChannel>("async-channel", mode);
    }
}

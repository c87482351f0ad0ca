//! kanal on tokio. Its receive future loses a value that was handed over before the future is dropped, so it takes
//! part in selects with one channel in use only.

use std::pin::pin;

use futures::future::{Either, select, select_all};
use kanal::{AsyncReceiver, AsyncSender, bounded_async};

use super::Cells;
use super::tokio::Tokio;
use crate::capability::{Channel, Mode, Mpmc, Select};

/// kanal's bounded async channel.
pub(super) struct Kanal;

impl Channel for Kanal {
    const LEAST: usize = 0;
    type Tx = AsyncSender<u64>;
    type Rx = AsyncReceiver<u64>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        bounded_async(capacity)
    }

    async fn send(tx: &mut Self::Tx, value: u64) -> bool {
        tx.send(value).await.is_ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await.ok()
    }
}

impl Mpmc for Kanal {
    fn share(rx: &Self::Rx) -> Self::Rx {
        rx.clone()
    }
}

impl Select for Kanal {
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
        cells.channel::<Tokio, Kanal>("kanal", mode);
        cells.mpmc::<Tokio, Kanal>("kanal", mode);
        cells.select_one_hot::<Tokio, Kanal>("kanal", mode);
    }
}

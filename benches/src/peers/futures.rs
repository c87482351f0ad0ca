//! The `futures` crate on tokio: its mpsc and its select combinators.

use futures::channel::mpsc::{Receiver, Sender, channel};
use futures::future::{Either, select, select_all};
use futures::{SinkExt, StreamExt};

use super::Cells;
use super::tokio::Tokio;
use crate::capability::{Channel, Mode, Select};

/// `futures::channel::mpsc`.
struct FuturesMpsc;

impl Channel for FuturesMpsc {
    const LEAST: usize = 1;
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;

    /// Its capacity is the number given plus one slot per sender.
    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        channel(capacity.saturating_sub(1))
    }

    async fn send(tx: &mut Self::Tx, value: u64) -> bool {
        tx.send(value).await.is_ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.next().await
    }
}

impl Select for FuturesMpsc {
    async fn select(receivers: &mut [Self::Rx]) -> (usize, u64) {
        let (arm, value) = if let [a, b] = receivers {
            match select(a.next(), b.next()).await {
                Either::Left((value, _)) => (0, value),
                Either::Right((value, _)) => (1, value),
            }
        } else {
            let (value, arm, _) = select_all(receivers.iter_mut().map(StreamExt::next)).await;
            (arm, value)
        };
        (arm, value.expect("every channel is open"))
    }
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.channel::<Tokio, FuturesMpsc>("futures", mode);
        cells.select_one_hot::<Tokio, FuturesMpsc>("futures", mode);
        cells.select_all_hot::<Tokio, FuturesMpsc>("futures", mode);
    }
}

//! The `futures` crate on tokio: its mpsc and its select combinators.

use futures::channel::mpsc::{Receiver, SendError, Sender, channel};
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
    type Sent = Result<(), SendError>;
    type Received = Option<u64>;

    /// Its capacity is the number given plus one slot per sender.
    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        channel(capacity.saturating_sub(1))
    }

    fn send(tx: &mut Self::Tx, value: u64) -> impl Future<Output = Self::Sent> + Send {
        tx.send(value)
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Self::Received> + Send {
        rx.next()
    }

    fn value(received: Self::Received) -> Option<u64> {
        received
    }
}

impl Select for FuturesMpsc {
    async fn take(mut receivers: Vec<Self::Rx>, n: u64) -> u64 {
        let mut sum = 0;
        if let [a, b] = &mut receivers[..] {
            for _ in 0..n {
                let (Either::Left((received, _)) | Either::Right((received, _))) = select(a.next(), b.next()).await;
                sum += received.expect("every channel is open");
            }
        } else {
            for _ in 0..n {
                let (received, _, _) = select_all(receivers.iter_mut().map(StreamExt::next)).await;
                sum += received.expect("every channel is open");
            }
        }
        sum
    }
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.channel::<Tokio, FuturesMpsc>("futures", mode);
        cells.select_one_hot::<Tokio, FuturesMpsc>("futures", mode);
        cells.select_all_hot::<Tokio, FuturesMpsc>("futures", mode);
    }
}

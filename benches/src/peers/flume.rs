//! flume on tokio; selects as its users write them in async code, with the `futures` combinators.

use flume::{Receiver, Sender, bounded};

use super::tokio::Tokio;
use super::{Cells, combinators};
use crate::capability::{Channel, Mode, Mpmc, Select};

/// flume's bounded channel.
struct Flume;

impl Channel for Flume {
    const LEAST: usize = 0;
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;
    type Sent = Result<(), flume::SendError<u64>>;
    type Received = Result<u64, flume::RecvError>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        bounded(capacity)
    }

    fn send(tx: &mut Self::Tx, value: u64) -> impl Future<Output = Self::Sent> + Send {
        tx.send_async(value)
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Self::Received> + Send {
        rx.recv_async()
    }

    fn value(received: Self::Received) -> Option<u64> {
        received.ok()
    }
}

impl Mpmc for Flume {
    fn share(rx: &Self::Rx) -> Self::Rx {
        rx.clone()
    }
}

impl Select for Flume {
    async fn take(receivers: Vec<Self::Rx>, n: u64) -> u64 {
        combinators::take(&receivers, n, Receiver::recv_async).await
    }
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.channel::<Tokio, Flume>("flume", mode);
        cells.mpmc::<Tokio, Flume>("flume", mode);
        cells.select_one_hot::<Tokio, Flume>("flume", mode);
    }
}

//! async-channel on tokio; selects as its users write them, with the `futures` combinators.

use async_channel::{Receiver, Sender, bounded};

use super::tokio::Tokio;
use super::{Cells, combinators};
use crate::capability::{Channel, Mode, Mpmc, Select};

/// async-channel's bounded channel.
pub(super) struct AsyncChannel;

impl Channel for AsyncChannel {
    const LEAST: usize = 1;
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;
    type Sent = Result<(), async_channel::SendError<u64>>;
    type Received = Result<u64, async_channel::RecvError>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        bounded(capacity.max(Self::LEAST))
    }

    fn send(tx: &mut Self::Tx, value: u64) -> impl Future<Output = Self::Sent> + Send {
        tx.send(value)
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Self::Received> + Send {
        rx.recv()
    }

    fn value(received: Self::Received) -> Option<u64> {
        received.ok()
    }
}

impl Mpmc for AsyncChannel {
    fn share(rx: &Self::Rx) -> Self::Rx {
        rx.clone()
    }
}

impl Select for AsyncChannel {
    async fn take(receivers: Vec<Self::Rx>, n: u64) -> u64 {
        combinators::take(&receivers, n, Receiver::recv).await
    }
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.channel::<Tokio, AsyncChannel>("async-channel", mode);
        cells.mpmc::<Tokio, AsyncChannel>("async-channel", mode);
    }
}

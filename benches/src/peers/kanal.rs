//! kanal on tokio. Its receive future loses a value that was handed over before the future is dropped, so it takes
//! part in selects with one channel in use only.

use kanal::{AsyncReceiver, AsyncSender, bounded_async};

use super::tokio::Tokio;
use super::{Cells, combinators};
use crate::capability::{Channel, Mode, Mpmc, Select};

/// kanal's bounded async channel.
pub(super) struct Kanal;

impl Channel for Kanal {
    const LEAST: usize = 0;
    type Tx = AsyncSender<u64>;
    type Rx = AsyncReceiver<u64>;
    type Sent = Result<(), kanal::SendError>;
    type Received = Result<u64, kanal::ReceiveError>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        bounded_async(capacity)
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

impl Mpmc for Kanal {
    fn share(rx: &Self::Rx) -> Self::Rx {
        rx.clone()
    }
}

impl Select for Kanal {
    async fn take(receivers: Vec<Self::Rx>, n: u64) -> u64 {
        combinators::take(&receivers, n, AsyncReceiver::recv).await
    }
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.channel::<Tokio, Kanal>("kanal", mode);
        cells.mpmc::<Tokio, Kanal>("kanal", mode);
        cells.select_one_hot::<Tokio, Kanal>("kanal", mode);
    }
}

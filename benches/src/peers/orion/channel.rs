//! The channel as two halves, and as shared handles for selects (the dynamic `Select` takes a `Chan`).

use orion_rt::{Chan, Receiver, Select as Arms, Selected, Sender, select};

use crate::capability::{Channel, Mpmc, Select};

/// `Chan::split`.
pub struct Halves;

impl Channel for Halves {
    const LEAST: usize = 0;
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        Chan::new(capacity).split()
    }

    async fn send(tx: &mut Self::Tx, value: u64) -> bool {
        tx.send(value).await.is_ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await
    }
}

impl Mpmc for Halves {
    fn share(rx: &Self::Rx) -> Self::Rx {
        rx.clone()
    }
}

/// Clones of one `Chan`.
pub struct Shared;

impl Channel for Shared {
    const LEAST: usize = 0;
    type Tx = Chan<u64>;
    type Rx = Chan<u64>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        let chan = Chan::new(capacity);
        (chan.clone(), chan)
    }

    async fn send(tx: &mut Self::Tx, value: u64) -> bool {
        tx.send(value).await.is_ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await
    }
}

impl Select for Shared {
    async fn select(receivers: &mut [Self::Rx]) -> (usize, u64) {
        let (arm, value) = match &*receivers {
            [a, b] => select! {
                v = <-a => (0, v),
                v = <-b => (1, v),
            },
            [a, b, c, d, e, f, g, h] => select! {
                v = <-a => (0, v),
                v = <-b => (1, v),
                v = <-c => (2, v),
                v = <-d => (3, v),
                v = <-e => (4, v),
                v = <-f => (5, v),
                v = <-g => (6, v),
                v = <-h => (7, v),
            },
            many => match many.iter().fold(Arms::new(), Arms::recv).wait().await {
                (arm, Selected::Received(value)) => (arm, value),
                _ => unreachable!("every arm receives"),
            },
        };
        (arm, value.expect("every channel is open"))
    }
}

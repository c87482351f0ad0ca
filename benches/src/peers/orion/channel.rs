//! The channel as two halves, and as shared handles for selects (the dynamic `Select` takes a `Chan`).

use orion_rt::{Chan, Receiver, Select as Arms, Selected, SendError, Sender, select};

use crate::capability::{Channel, Mpmc, Select};

/// `Chan::split`.
pub struct Halves;

impl Channel for Halves {
    const LEAST: usize = 0;
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;
    type Sent = Result<(), SendError<u64>>;
    type Received = Option<u64>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        Chan::new(capacity).split()
    }

    fn send(tx: &mut Self::Tx, value: u64) -> impl Future<Output = Self::Sent> + Send {
        tx.send(value)
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Self::Received> + Send {
        rx.recv()
    }

    fn value(received: Self::Received) -> Option<u64> {
        received
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
    type Sent = Result<(), SendError<u64>>;
    type Received = Option<u64>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        let chan = Chan::new(capacity);
        (chan.clone(), chan)
    }

    fn send(tx: &mut Self::Tx, value: u64) -> impl Future<Output = Self::Sent> + Send {
        tx.send(value)
    }

    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Self::Received> + Send {
        rx.recv()
    }

    fn value(received: Self::Received) -> Option<u64> {
        received
    }
}

impl Select for Shared {
    async fn take(receivers: Vec<Self::Rx>, n: u64) -> u64 {
        let mut sum = 0;
        match &receivers[..] {
            [a, b] => {
                for _ in 0..n {
                    sum += select! {
                        Some(v) = <-a => v,
                        Some(v) = <-b => v,
                        else => unreachable!("every channel is open"),
                    };
                }
            }
            [a, b, c, d, e, f, g, h] => {
                for _ in 0..n {
                    sum += select! {
                        Some(v) = <-a => v,
                        Some(v) = <-b => v,
                        Some(v) = <-c => v,
                        Some(v) = <-d => v,
                        Some(v) = <-e => v,
                        Some(v) = <-f => v,
                        Some(v) = <-g => v,
                        Some(v) = <-h => v,
                        else => unreachable!("every channel is open"),
                    };
                }
            }
            many => {
                for _ in 0..n {
                    sum += match many.iter().fold(Arms::new(), Arms::recv).wait().await {
                        (_, Selected::Received(Some(value))) => value,
                        _ => unreachable!("every arm receives, and every channel is open"),
                    };
                }
            }
        }
        sum
    }
}

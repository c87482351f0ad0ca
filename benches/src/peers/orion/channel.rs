//! The channel as two halves, and as shared handles for selects; `select!` with 2, 8 and 64 arms.

use orion_rt::{Chan, Receiver, SendError, Sender, select};

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

/// A `select!` with an arm for each name, `$n` times, on the channels of `$receivers`.
macro_rules! select_times {
    ($receivers:expr, $n:expr, $($name:ident)*) => {{
        let [$($name),*] = $receivers else { unreachable!("as many channels as names") };
        let mut sum = 0;
        for _ in 0..$n {
            sum += select! {
                $(Some(v) = <-$name => v,)*
                else => unreachable!("every channel is open"),
            };
        }
        sum
    }};
}

#[rustfmt::skip]
async fn select_64(receivers: &[Chan<u64>], n: u64) -> u64 {
    select_times!(
        receivers, n,
        c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c11 c12 c13 c14 c15
        c16 c17 c18 c19 c20 c21 c22 c23 c24 c25 c26 c27 c28 c29 c30 c31
        c32 c33 c34 c35 c36 c37 c38 c39 c40 c41 c42 c43 c44 c45 c46 c47
        c48 c49 c50 c51 c52 c53 c54 c55 c56 c57 c58 c59 c60 c61 c62 c63
    )
}

impl Select for Shared {
    async fn take(receivers: Vec<Self::Rx>, n: u64) -> u64 {
        match &receivers[..] {
            two @ [_, _] => select_times!(two, n, a b),
            eight @ [_, _, _, _, _, _, _, _] => select_times!(eight, n, a b c d e f g h),
            many => select_64(many, n).await,
        }
    }
}

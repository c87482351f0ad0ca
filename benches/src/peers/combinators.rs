//! Selecting over the receive futures of a channel that has no select for tasks, with the `futures` combinators.

use std::fmt::Debug;
use std::future::Future;
use std::pin::pin;

use futures::future::{Either, select, select_all};

/// Selects `n` times and adds up what it received: `select` over two futures on the stack, `select_all` over more.
pub(super) async fn take<'a, Rx, F, E>(receivers: &'a [Rx], n: u64, recv: impl Fn(&'a Rx) -> F) -> u64
where
    F: Future<Output = Result<u64, E>>,
    E: Debug,
{
    let mut sum = 0;
    if let [a, b] = receivers {
        for _ in 0..n {
            let (Either::Left((received, _)) | Either::Right((received, _))) =
                select(pin!(recv(a)), pin!(recv(b))).await;
            sum += received.expect("every channel is open");
        }
    } else {
        for _ in 0..n {
            let (received, _, _) = select_all(receivers.iter().map(|rx| Box::pin(recv(rx)))).await;
            sum += received.expect("every channel is open");
        }
    }
    sum
}

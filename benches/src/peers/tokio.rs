//! tokio: `current_thread` for `run`, `multi_thread` for workers; its bounded mpsc; `tokio::select!` up to eight arms.

use std::future::{Future, poll_fn};
use std::task::Poll;

use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle, spawn, yield_now};

use super::Cells;
use crate::capability::{Channel, Mode, Select, Tasks};

/// tokio's runtime. Tasks find it through thread-local state, so the token is empty.
#[derive(Clone)]
pub(super) struct Tokio;

impl Tasks for Tokio {
    type Handle = JoinHandle<u64>;
    type Joined = Result<u64, JoinError>;

    fn enter<F, Fut>(mode: Mode, body: F) -> Fut::Output
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        let runtime = match mode {
            Mode::Run => Builder::new_current_thread().build(),
            Mode::Workers(n) => Builder::new_multi_thread().worker_threads(n).build(),
        };
        let runtime = runtime.expect("tokio starts its threads");
        runtime.block_on(async { spawn(body(Self)).await }).expect("the workload does not panic")
    }

    fn spawn<F: Future<Output = u64> + Send + 'static>(&self, task: F) -> Self::Handle {
        spawn(task)
    }

    fn join(handle: Self::Handle) -> impl Future<Output = Self::Joined> + Send {
        handle
    }

    fn output(joined: Self::Joined) -> u64 {
        joined.expect("the task does not panic")
    }

    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        yield_now()
    }
}

/// `tokio::sync::mpsc`.
pub(super) struct TokioMpsc;

impl Channel for TokioMpsc {
    const LEAST: usize = 1;
    type Tx = mpsc::Sender<u64>;
    type Rx = mpsc::Receiver<u64>;
    type Sent = Result<(), mpsc::error::SendError<u64>>;
    type Received = Option<u64>;

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        mpsc::channel(capacity.max(Self::LEAST))
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

impl Select for TokioMpsc {
    async fn take(mut receivers: Vec<Self::Rx>, n: u64) -> u64 {
        select_times(&mut receivers, n).await
    }
}

async fn select_times(receivers: &mut [mpsc::Receiver<u64>], n: u64) -> u64 {
    let mut sum = 0;
    match receivers {
        [a, b] => {
            for _ in 0..n {
                sum += tokio::select! {
                    Some(v) = a.recv() => v,
                    Some(v) = b.recv() => v,
                    else => unreachable!("every channel is open"),
                };
            }
        }
        [a, b, c, d, e, f, g, h] => {
            for _ in 0..n {
                sum += tokio::select! {
                    Some(v) = a.recv() => v,
                    Some(v) = b.recv() => v,
                    Some(v) = c.recv() => v,
                    Some(v) = d.recv() => v,
                    Some(v) = e.recv() => v,
                    Some(v) = f.recv() => v,
                    Some(v) = g.recv() => v,
                    Some(v) = h.recv() => v,
                    else => unreachable!("every channel is open"),
                };
            }
        }
        // Past what one writes out by hand: poll each receiver in turn.
        many => {
            for _ in 0..n {
                sum += poll_fn(|cx| {
                    let ready = many.iter_mut().find_map(|rx| match rx.poll_recv(cx) {
                        Poll::Ready(value) => Some(value.expect("every channel is open")),
                        Poll::Pending => None,
                    });
                    ready.map_or(Poll::Pending, Poll::Ready)
                })
                .await;
            }
        }
    }
    sum
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.tasks::<Tokio>("tokio", mode);
        cells.channel::<Tokio, TokioMpsc>("tokio", mode);
        cells.select_one_hot::<Tokio, TokioMpsc>("tokio", mode);
        cells.select_all_hot::<Tokio, TokioMpsc>("tokio", mode);
    }
}

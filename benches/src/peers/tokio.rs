//! tokio: `current_thread` for `run`, `multi_thread` for workers; its bounded mpsc; `tokio::select!` up to eight arms.

use std::future::{Future, poll_fn};
use std::task::Poll;

use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn, yield_now};

use super::Cells;
use crate::capability::{Channel, Mode, Select, Tasks};

/// tokio's runtime. Tasks find it through thread-local state, so the token is empty.
#[derive(Clone)]
pub(super) struct Tokio;

impl Tasks for Tokio {
    type Handle = JoinHandle<u64>;

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

    async fn join(handle: Self::Handle) -> u64 {
        handle.await.expect("the task does not panic")
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

    fn channel(capacity: usize) -> (Self::Tx, Self::Rx) {
        mpsc::channel(capacity.max(Self::LEAST))
    }

    async fn send(tx: &mut Self::Tx, value: u64) -> bool {
        tx.send(value).await.is_ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await
    }
}

impl Select for TokioMpsc {
    async fn select(receivers: &mut [Self::Rx]) -> (usize, u64) {
        match receivers {
            [a, b] => tokio::select! {
                Some(v) = a.recv() => (0, v),
                Some(v) = b.recv() => (1, v),
                else => unreachable!("every channel is open"),
            },
            [a, b, c, d, e, f, g, h] => tokio::select! {
                Some(v) = a.recv() => (0, v),
                Some(v) = b.recv() => (1, v),
                Some(v) = c.recv() => (2, v),
                Some(v) = d.recv() => (3, v),
                Some(v) = e.recv() => (4, v),
                Some(v) = f.recv() => (5, v),
                Some(v) = g.recv() => (6, v),
                Some(v) = h.recv() => (7, v),
                else => unreachable!("every channel is open"),
            },
            // Past what one writes out by hand: poll each receiver in turn.
            many => {
                poll_fn(|cx| {
                    for (arm, rx) in many.iter_mut().enumerate() {
                        if let Poll::Ready(value) = rx.poll_recv(cx) {
                            return Poll::Ready((arm, value.expect("every channel is open")));
                        }
                    }
                    Poll::Pending
                })
                .await
            }
        }
    }
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.tasks::<Tokio>("tokio", mode);
        cells.channel::<Tokio, TokioMpsc>("tokio", mode);
        cells.select_one_hot::<Tokio, TokioMpsc>("tokio", mode);
        cells.select_all_hot::<Tokio, TokioMpsc>("tokio", mode);
    }
}

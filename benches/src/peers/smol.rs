//! smol: its executor (async-executor) on one or more threads, with async-channel, smol's own channel.

use std::future::{Future, pending};
use std::sync::Arc;
use std::thread;

use async_executor::{Executor, Task};
use futures_lite::future::{block_on, or, yield_now};

use super::Cells;
use super::async_channel::AsyncChannel;
use crate::capability::{Mode, Tasks};

/// smol's executor.
#[derive(Clone)]
pub(super) struct Smol(Arc<Executor<'static>>);

impl Tasks for Smol {
    type Handle = Task<u64>;
    type Joined = u64;

    fn enter<F, Fut>(mode: Mode, body: F) -> Fut::Output
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static,
    {
        let smol = Self(Arc::new(Executor::new()));
        let task = smol.0.spawn(body(smol.clone()));
        let Mode::Workers(n) = mode else { return block_on(smol.0.run(task)) };
        let (stop, stopped) = async_channel::bounded::<()>(1);
        thread::scope(|threads| {
            for _ in 0..n {
                threads.spawn(|| {
                    block_on(or(smol.0.run(pending::<()>()), async {
                        let _ = stopped.recv().await;
                    }));
                });
            }
            let output = block_on(task);
            drop(stop);
            output
        })
    }

    fn spawn<F: Future<Output = u64> + Send + 'static>(&self, task: F) -> Self::Handle {
        self.0.spawn(task)
    }

    fn join(handle: Self::Handle) -> impl Future<Output = Self::Joined> + Send {
        handle
    }

    fn output(joined: Self::Joined) -> u64 {
        joined
    }

    fn yield_now(&self) -> impl Future<Output = ()> + Send {
        yield_now()
    }
}

pub(super) fn add(cells: &mut Cells) {
    for mode in Mode::ALL {
        cells.tasks::<Smol>("smol", mode);
        cells.channel::<Smol, AsyncChannel>("smol", mode);
        cells.mpmc::<Smol, AsyncChannel>("smol", mode);
        cells.select_one_hot::<Smol, AsyncChannel>("smol", mode);
        cells.select_all_hot::<Smol, AsyncChannel>("smol", mode);
    }
}

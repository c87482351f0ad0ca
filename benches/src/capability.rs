//! What a peer can do, one trait per capability, so that each workload is written once.
//!
//! # Invariants
//!
//! 1. Values are `u64`, so that no peer is favoured by the size of what it moves.
//! 2. Methods are what a user of the peer would write; an adapter adds no buffering, batching or retry, and no future of
//!    its own around the peer's: a workload awaits the peer's future and unpacks what it gave afterwards.
//! 3. A peer that lacks a capability (tokio's mpsc has one consumer) does not implement the trait, and its row is blank.

use std::future::Future;

use serde::{Deserialize, Serialize};

/// Which threads run the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// Single-threaded on the calling thread: orion's `run`, tokio's `current_thread`.
    Run,
    /// A runtime with this many worker threads.
    Workers(usize),
}

impl Mode {
    /// The modes every peer is measured in.
    pub const ALL: [Self; 3] = [Self::Run, Self::Workers(1), Self::Workers(2)];

    /// How many threads run tasks.
    #[must_use]
    pub fn threads(self) -> usize {
        match self {
            Self::Run => 1,
            Self::Workers(n) => n,
        }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run => f.write_str("run"),
            Self::Workers(n) => write!(f, "workers({n})"),
        }
    }
}

/// A runtime: enter it, spawn, join, yield.
pub trait Tasks: Clone + Send + Sync + 'static {
    /// A spawned task.
    type Handle: Send + 'static;

    /// Builds a runtime for `mode`, runs `body` as a task of it, and tears the runtime down.
    fn enter<F, Fut>(mode: Mode, body: F) -> Fut::Output
    where
        F: FnOnce(Self) -> Fut + Send + 'static,
        Fut: Future<Output: Send + 'static> + Send + 'static;

    /// Spawns a task.
    fn spawn<F>(&self, task: F) -> Self::Handle
    where
        F: Future<Output = u64> + Send + 'static;

    /// What joining gives, in the peer's own type.
    type Joined;

    /// Waits for a task and takes its result: the peer's own future, not wrapped in another.
    fn join(handle: Self::Handle) -> impl Future<Output = Self::Joined> + Send;

    /// The number within.
    fn output(joined: Self::Joined) -> u64;

    /// Lets every other runnable task go first.
    fn yield_now(&self) -> impl Future<Output = ()> + Send;
}

/// A channel of `u64`.
pub trait Channel: 'static {
    /// The smallest capacity it has: 0 where a rendezvous exists, otherwise 1.
    const LEAST: usize;
    /// The sending half.
    type Tx: Clone + Send + Sync + 'static;
    /// The receiving half.
    type Rx: Send + 'static;

    /// A channel; a `capacity` below [`Self::LEAST`] is raised to it.
    fn channel(capacity: usize) -> (Self::Tx, Self::Rx);

    /// What sending gives, in the peer's own type.
    type Sent;
    /// What receiving gives, in the peer's own type.
    type Received;

    /// Sends, waiting for room: the peer's own future, not wrapped in another.
    fn send(tx: &mut Self::Tx, value: u64) -> impl Future<Output = Self::Sent> + Send;

    /// Receives, waiting for a value.
    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Self::Received> + Send;

    /// The value within; `None` once closed and drained.
    fn value(received: Self::Received) -> Option<u64>;
}

/// A channel with any number of receivers.
pub trait Mpmc: Channel {
    /// One more receiver of the same channel.
    fn share(rx: &Self::Rx) -> Self::Rx;
}

/// Receives from whichever of several channels is ready first.
pub trait Select: Channel {
    /// Selects `n` times, and adds up what it received. Every channel is open.
    fn take(receivers: Vec<Self::Rx>, n: u64) -> impl Future<Output = u64> + Send;
}

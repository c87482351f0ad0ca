//! The peers, one adapter file each, and the cells they give.
//!
//! A peer that is only a channel runs on tokio, the executor its users most often have. A channel with no rendezvous
//! runs the unbuffered rows with capacity 1, which is less work; the report marks it.

mod async_channel;
mod combinators;
mod crossbeam;
mod flume;
mod futures;
mod go;
mod kanal;
pub mod orion;
mod smol;
mod tokio;

use crate::capability::{Channel, Mode, Mpmc, Select, Tasks};
use crate::growth::Points;
use crate::measure::Sample;
use crate::rows::{self, Row};
use crate::scale::Scale;
use crate::workloads::{memory, ping_pong, select, sieve, skynet, spawn_join, spawn_many, throughput, yields};

/// The name of the subject in the table.
pub const SUBJECT: &str = "orion";

/// One figure to measure: a row, for a peer, in a mode.
pub struct Cell {
    /// Which row.
    pub row: &'static Row,
    /// Which peer.
    pub peer: &'static str,
    /// On which threads.
    pub mode: Mode,
    /// Does it once.
    pub run: Box<dyn Fn(Scale) -> Sample>,
}

/// Peers whose least capacity is 1.
pub const WITHOUT_RENDEZVOUS: [&str; 4] = ["tokio", "smol", "async-channel", "futures"];

/// Every cell of every peer.
#[must_use]
pub fn cells() -> Vec<Cell> {
    let mut cells = Cells(Vec::new());
    orion::add(&mut cells);
    tokio::add(&mut cells);
    smol::add(&mut cells);
    kanal::add(&mut cells);
    flume::add(&mut cells);
    async_channel::add(&mut cells);
    futures::add(&mut cells);
    crossbeam::add(&mut cells);
    go::add(&mut cells);
    cells.0
}

/// The points of the growth chart: whole runtimes, and the fastest channel beside them.
pub(crate) fn growth_peers(points: &mut Points) {
    points.tasks::<orion::OnRun>(SUBJECT, Points::RUN);
    points.tasks::<orion::OnRuntime>(SUBJECT, Points::WORKERS);
    points.senders::<orion::OnRun, orion::Halves>(SUBJECT, Points::RUN);
    points.senders::<orion::OnRuntime, orion::Halves>(SUBJECT, Points::WORKERS);
    for modes in [Points::RUN, Points::WORKERS] {
        points.tasks::<tokio::Tokio>("tokio", modes);
        points.tasks::<smol::Smol>("smol", modes);
        points.senders::<tokio::Tokio, tokio::TokioMpsc>("tokio", modes);
        points.senders::<tokio::Tokio, kanal::Kanal>("kanal", modes);
    }
}

/// Collects cells, one method per capability.
struct Cells(Vec<Cell>);

impl Cells {
    fn push(&mut self, row: &'static Row, peer: &'static str, mode: Mode, run: impl Fn(Scale) -> Sample + 'static) {
        self.0.push(Cell { row, peer, mode, run: Box::new(run) });
    }

    /// A workload that is an async function of a runtime.
    fn task<R, F, Fut>(&mut self, row: &'static Row, peer: &'static str, mode: Mode, body: F)
    where
        R: Tasks,
        F: Fn(R, Scale) -> Fut + Send + Copy + 'static,
        Fut: Future<Output = Sample> + Send + 'static,
    {
        self.push(row, peer, mode, move |scale| R::enter(mode, move |rt| body(rt, scale)));
    }

    /// Rows that need a runtime only.
    fn tasks<R: Tasks>(&mut self, peer: &'static str, mode: Mode) {
        self.task::<R, _, _>(&rows::SPAWN_JOIN, peer, mode, spawn_join::run);
        self.task::<R, _, _>(&rows::SPAWN_MANY, peer, mode, spawn_many::run);
        self.task::<R, _, _>(&rows::YIELD_ONE, peer, mode, yields::alone);
        self.task::<R, _, _>(&rows::YIELD_CROWD, peer, mode, yields::crowd);
        self.task::<R, _, _>(&rows::SKYNET, peer, mode, skynet::run);
        self.task::<R, _, _>(&rows::SKYNET_PEAK, peer, mode, skynet::peak);
        if mode.threads() == 1 {
            self.task::<R, _, _>(&rows::MEMORY_SPAWNED, peer, mode, memory::spawned);
        }
    }

    /// Rows that need a channel with one receiver.
    fn channel<R: Tasks, C: Channel>(&mut self, peer: &'static str, mode: Mode) {
        self.task::<R, _, _>(&rows::PING_PONG, peer, mode, ping_pong::run::<R, C>);
        self.task::<R, _, _>(&rows::ONE_TO_ONE, peer, mode, throughput::to_one::<R, C, 1>);
        self.task::<R, _, _>(&rows::HUNDRED_TO_ONE, peer, mode, throughput::to_one::<R, C, 100>);
        self.task::<R, _, _>(&rows::SIEVE, peer, mode, sieve::run::<R, C>);
    }

    /// Rows that need several receivers of one channel.
    fn mpmc<R: Tasks, C: Mpmc>(&mut self, peer: &'static str, mode: Mode) {
        self.task::<R, _, _>(&rows::FOUR_TO_FOUR, peer, mode, throughput::many_to_many::<R, C, 4>);
        if mode.threads() == 1 {
            self.task::<R, _, _>(&rows::MEMORY_IN_RECV, peer, mode, memory::in_recv::<R, C>);
        }
    }

    /// Rows that select, one channel in use.
    fn select_one_hot<R: Tasks, C: Select>(&mut self, peer: &'static str, mode: Mode) {
        self.task::<R, _, _>(&rows::SELECT_2, peer, mode, select::one_hot::<R, C, 2>);
        self.task::<R, _, _>(&rows::SELECT_8, peer, mode, select::one_hot::<R, C, 8>);
        self.task::<R, _, _>(&rows::SELECT_64, peer, mode, select::one_hot::<R, C, 64>);
    }

    /// Rows that select, all channels in use: only for selects that lose no value.
    fn select_all_hot<R: Tasks, C: Select>(&mut self, peer: &'static str, mode: Mode) {
        self.task::<R, _, _>(&rows::SELECT_64_ALL, peer, mode, select::all_hot::<R, C, 64>);
    }
}

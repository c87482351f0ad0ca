//! The rows of the table: what each workload is called, what it should return, and the goal it is held against.
//!
//! A goal was set on one machine. Elsewhere it is scaled: a reference peer's figure on that machine is divided into the
//! same peer's figure of this run, and the goal is multiplied by the quotient. The first reference peer that was
//! measured counts; without one, the goal stands as it is.

use crate::capability::Mode;
use crate::scale::Scale;
use crate::workloads::{memory, ping_pong, select, sieve, skynet, spawn_join, spawn_many, throughput, yields};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds per operation.
    Nanos,
    /// Bytes per task.
    Bytes,
}

/// Figures for one and for two workers.
#[derive(Clone, Copy, Debug)]
pub struct PerWorkers(pub f64, pub f64);

impl PerWorkers {
    /// The figure for `mode`; more than two workers are held against the figure for two.
    #[must_use]
    pub fn at(self, mode: Mode) -> f64 {
        if mode.threads() == 1 { self.0 } else { self.1 }
    }
}

/// What orion-rt aims at.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// The figure on the machine where the goal was set.
    pub figure: PerWorkers,
    /// Holds only with mimalloc.
    pub mimalloc: bool,
    /// Peers and their figures on that machine, the preferred one first.
    pub references: &'static [(&'static str, PerWorkers)],
}

/// One row.
pub struct Row {
    /// For `--filter` and the JSON file.
    pub id: &'static str,
    /// For the table.
    pub title: &'static str,
    /// What is counted.
    pub unit: Unit,
    /// The aim, if one was set.
    pub goal: Option<Goal>,
    /// The checksum a run returns.
    pub expected: fn(Scale) -> u64,
}

impl Row {
    const fn new(id: &'static str, title: &'static str, expected: fn(Scale) -> u64) -> Self {
        Self { id, title, unit: Unit::Nanos, goal: None, expected }
    }

    const fn bytes(mut self) -> Self {
        self.unit = Unit::Bytes;
        self
    }

    const fn goal(mut self, one: f64, two: f64, references: &'static [(&'static str, PerWorkers)]) -> Self {
        self.goal = Some(Goal { figure: PerWorkers(one, two), mimalloc: false, references });
        self
    }

    const fn goal_mimalloc(mut self, one: f64, two: f64, references: &'static [(&'static str, PerWorkers)]) -> Self {
        self.goal = Some(Goal { figure: PerWorkers(one, two), mimalloc: true, references });
        self
    }
}

/// Shorthand for a reference peer.
const fn peer(name: &'static str, one: f64, two: f64) -> (&'static str, PerWorkers) {
    (name, PerWorkers(one, two))
}

/// Spawn and join one task.
pub static SPAWN_JOIN: Row =
    Row::new("spawn_join", "spawn + join one", spawn_join::expected).goal(95.0, 95.0, &[peer("tokio", 255.0, 308.0)]);
/// Spawn a million tasks, then join.
pub static SPAWN_MANY: Row = Row::new("spawn_many", "spawn 1M, then join", spawn_many::expected).goal_mimalloc(
    110.0,
    110.0,
    &[peer("tokio", 175.0, 193.0)],
);
/// One task yields.
pub static YIELD_ONE: Row = Row::new("yield_1", "yield, 1 task", yields::expected_alone).goal(
    40.0,
    40.0,
    &[peer("go", 96.0, 89.0), peer("tokio", 175.0, 175.0)],
);
/// A thousand tasks yield.
pub static YIELD_CROWD: Row =
    Row::new("yield_1000", "yield, 1000 tasks", yields::expected_crowd).goal(35.0, 25.0, &[peer("tokio", 46.0, 31.0)]);
/// Unbuffered round trip.
pub static PING_PONG: Row = Row::new("ping_pong", "ping-pong round trip, unbuffered", ping_pong::expected).goal(
    120.0,
    120.0,
    &[peer("kanal", 158.0, 218.0), peer("tokio", 286.0, 380.0)],
);
/// One sender, one receiver.
pub static ONE_TO_ONE: Row = Row::new("one_to_one", "one to one, capacity 128", throughput::expected).goal(
    25.0,
    25.0,
    &[peer("kanal", 20.0, 30.0), peer("flume", 34.0, 65.0)],
);
/// Four senders, four receivers.
pub static FOUR_TO_FOUR: Row = Row::new("four_to_four", "4 to 4, capacity 128", throughput::expected).goal(
    25.0,
    30.0,
    &[peer("kanal", 20.5, 25.5), peer("flume", 34.0, 135.0)],
);
/// A hundred senders, one receiver.
pub static HUNDRED_TO_ONE: Row = Row::new("hundred_to_one", "100 to 1, capacity 128", throughput::expected).goal(
    25.0,
    30.0,
    &[peer("kanal", 20.5, 28.0), peer("flume", 33.0, 102.0)],
);
/// Select of two, one in use.
pub static SELECT_2: Row = Row::new("select_2", "select of 2, one hot", |s| select::expected(s, 2)).goal(
    75.0,
    75.0,
    &[peer("go", 202.0, 233.0), peer("tokio", 288.0, 288.0)],
);
/// Select of eight, one in use.
pub static SELECT_8: Row = Row::new("select_8", "select of 8, one hot", |s| select::expected(s, 8)).goal(
    150.0,
    150.0,
    &[peer("go", 601.0, 582.0)],
);
/// Select of 64, one in use.
pub static SELECT_64: Row =
    Row::new("select_64", "select of 64, one hot", |s| select::expected(s, 64)).goal(800.0, 800.0, &[]);
/// Select of 64, all in use.
pub static SELECT_64_ALL: Row =
    Row::new("select_64_all", "select of 64, all hot", |s| select::expected(s, 64)).goal(160.0, 160.0, &[]);
/// The prime sieve.
pub static SIEVE: Row = Row::new("sieve", "prime sieve, per message", sieve::expected).goal(
    60.0,
    40.0,
    &[peer("kanal", 79.0, 48.0), peer("tokio", 156.0, 83.0)],
);
/// The tree of 1.1 million tasks.
pub static SKYNET: Row = Row::new("skynet", "skynet, 1.1M tasks, per task", skynet::expected).goal_mimalloc(
    190.0,
    150.0,
    &[peer("tokio", 234.0, 320.0)],
);
/// The same tree's peak memory.
pub static SKYNET_PEAK: Row = Row::new("skynet_peak", "skynet, peak bytes per task", skynet::expected).bytes();
/// Memory of a spawned task.
pub static MEMORY_SPAWNED: Row =
    Row::new("memory_spawned", "bytes per task, spawned", memory::expected).bytes().goal(96.0, 96.0, &[]);
/// Memory of a task in a receive.
pub static MEMORY_IN_RECV: Row =
    Row::new("memory_in_recv", "bytes per task, in recv", memory::expected).bytes().goal(160.0, 160.0, &[]);

/// All rows, in the order of the table.
pub static ALL: [&Row; 17] = [
    &SPAWN_JOIN,
    &SPAWN_MANY,
    &YIELD_ONE,
    &YIELD_CROWD,
    &PING_PONG,
    &ONE_TO_ONE,
    &FOUR_TO_FOUR,
    &HUNDRED_TO_ONE,
    &SELECT_2,
    &SELECT_8,
    &SELECT_64,
    &SELECT_64_ALL,
    &SIEVE,
    &SKYNET,
    &SKYNET_PEAK,
    &MEMORY_SPAWNED,
    &MEMORY_IN_RECV,
];

//! How much is explored.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;

/// The bounds of the parts, as the command line says them.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// Preemptions per execution of a loom model.
    pub(super) preemptions: u32,
    /// Executions of a shuttle scenario under each scheduler.
    pub(super) runs: u64,
    /// Miri's seeds, each another order of threads.
    pub(super) seeds: u32,
    /// Steps of random programs.
    pub(super) steps: u64,
    /// Where the random programs begin: always the same ones within the bounds of `.ci/run`, others each time otherwise.
    pub(super) seed: u64,
    /// Only the integration tests that are worth most.
    pub(super) fast: bool,
    /// For one command.
    pub(super) limit: Duration,
}

/// The options that say so.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Bounds that fit into `.ci/run`
    #[arg(long, conflicts_with = "full")]
    fast: bool,
    /// Bounds for hours
    #[arg(long)]
    full: bool,
    /// Executions of a shuttle scenario under each scheduler
    #[arg(long)]
    runs: Option<u64>,
    /// Miri's seeds
    #[arg(long)]
    seeds: Option<u32>,
    /// Steps of random programs
    #[arg(long)]
    steps: Option<u64>,
    /// Minutes after which a command counts as hung
    #[arg(long)]
    minutes: Option<u64>,
}

/// Another number each time, far from those of the times before.
fn fresh() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() << 16)
}

impl From<Options> for Bounds {
    fn from(options: Options) -> Self {
        let (preemptions, runs, seeds, steps, minutes) = match options {
            Options { fast: true, .. } => (2, 100, 2, 200_000, 20),
            Options { full: true, .. } => (3, 100_000, 64, 100_000_000, 240),
            Options { .. } => (2, 1_000, 8, 5_000_000, 60),
        };
        Self {
            preemptions,
            runs: options.runs.unwrap_or(runs),
            seeds: options.seeds.unwrap_or(seeds),
            steps: options.steps.unwrap_or(steps),
            seed: if options.fast { 0 } else { fresh() },
            fast: options.fast,
            limit: Duration::from_secs(60 * options.minutes.unwrap_or(minutes)),
        }
    }
}

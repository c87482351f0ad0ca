//! The command line.

use clap::Parser;

use crate::scale::Scale;

/// Runs orion-rt and its peers side by side and writes benches/RESULTS.md and benches/charts/*.svg.
#[derive(Debug, Parser)]
#[command(name = "orion-bench")]
pub(crate) struct Args {
    /// Only cells whose `row/peer/mode` contains one of these texts, for example `ping_pong/tokio` or `workers(2)`.
    pub(crate) filter: Vec<String>,

    /// Rounds to run (default 11, quick 3).
    #[arg(long)]
    rounds: Option<usize>,

    /// Less work per cell: the whole program ends in about a minute.
    #[arg(long)]
    quick: bool,

    /// Order of the rounds (default: a random one, printed).
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// Measure how cost grows with the number of tasks and workers instead, and write benches/GROWTH.md.
    #[arg(long)]
    pub(crate) growth: bool,

    /// List the cells and stop.
    #[arg(long)]
    pub(crate) list: bool,

    /// Print the tables but leave the files as they are.
    #[arg(long)]
    pub(crate) dry: bool,

    /// Given by `cargo bench`; without it (as under `cargo test`) every cell runs once and nothing is timed.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    pub(crate) fn scale(&self) -> Scale {
        match (self.bench, self.quick) {
            (false, _) => Scale::Smoke,
            (true, true) => Scale::Quick,
            (true, false) => Scale::Full,
        }
    }

    pub(crate) fn rounds(&self) -> usize {
        let default = match self.scale() {
            Scale::Full => 11,
            Scale::Quick => 3,
            Scale::Smoke => 1,
        };
        self.rounds.unwrap_or(default).max(1)
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|part| name.contains(part.as_str()))
    }
}

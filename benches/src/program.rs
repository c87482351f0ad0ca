//! The program that each allocator's bench target runs.

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::report::{self, Store};
use crate::scale::Scale;
use crate::{growth, measure, peers};

/// Parses the arguments, measures, prints and writes the report. Fails if a cell panicked or returned a wrong checksum.
#[must_use]
pub fn main(allocator: &str) -> ExitCode {
    let args = Args::parse();
    if args.growth {
        return growth::main(allocator, &args);
    }
    let mut cells = peers::cells();
    cells.retain(|cell| args.wants(&format!("{}/{}/{}", cell.row.id, cell.peer, cell.mode)));
    if args.list {
        for cell in cells {
            println!("{}/{}/{}", cell.row.id, cell.peer, cell.mode);
        }
        return ExitCode::SUCCESS;
    }
    let (scale, rounds) = (args.scale(), args.rounds());
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    eprintln!("{allocator}: {} cells, {rounds} rounds, {scale:?}, --seed {seed}", cells.len());
    let outcome = measure::run(&cells, scale, rounds, seed);
    for failure in &outcome.failures {
        eprintln!("error: {failure}");
    }
    if scale != Scale::Smoke {
        let whole = args.filter.is_empty();
        let store = Store::new(allocator, scale, rounds, outcome.figures);
        println!("{}", report::markdown(&store));
        if !args.dry
            && let Err(error) = report::write(store, whole)
        {
            eprintln!("error: the report could not be written: {error}");
            return ExitCode::FAILURE;
        }
    }
    if outcome.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! SHA-256 of every file of a tree: Go's classic pipeline, on orion-rt.
//!
//! A walker finds the files, at most two tasks per worker digest them, a merger puts the digests in order, and an Orion
//! coroutine frame, compiled by LLVM, folds the totals. `pipeline` has the picture.

mod cli;
mod digest;
mod failure;
mod list;
mod merge;
mod pipeline;
mod progress;
mod report;
mod spawn;
#[allow(unreachable_pub, reason = "shared with the tests of orion-ffi")]
#[path = "../../../orion-ffi/tests/support/totals.rs"]
mod totals;
mod walk;

use std::process::{self, ExitCode};

use clap::Parser;
use orion_rt::{Chan, Runtime};

use cli::Cli;
use failure::Failure;
use pipeline::Plan;
use walk::Root;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("digest: {failure}");
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let workers = usize::from(cli.jobs);
    let interrupts = on_interrupt()?;
    let plan = Plan { root: Root::new(cli.path), workers, list: cli.list, dump: cli.dump, interrupts };
    let report = if workers == 1 {
        orion_rt::run(async |scope| pipeline::run(&**scope, plan).await)?
    } else {
        let runtime = Runtime::builder().workers(workers).build().map_err(Failure::Start)?;
        runtime.run(async |scope| pipeline::run(&**scope, plan).await)?
    };
    report::print(&report, cli.list)
}

/// A channel that Ctrl-C closes; a second Ctrl-C ends the process at once.
fn on_interrupt() -> Result<Chan<()>, Failure> {
    let interrupts = Chan::new(0).named("interrupts");
    let handle = interrupts.clone();
    let listen = move || {
        if !handle.close() {
            process::exit(130);
        }
    };
    ctrlc::set_handler(listen).map_err(|error| Failure::Start(std::io::Error::other(error)))?;
    Ok(interrupts)
}

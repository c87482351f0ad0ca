//! `cargo xtask NAME`: the checks of this repository that would otherwise be shell scripts.
//!
//! Each command prints what it looked at and, when something is wrong, one line per finding with the file and the way
//! to mend it. The exit code is 0 when nothing is wrong and 1 otherwise.
//!
//! Rejected: one script per check (no types, no tests, another language on Windows).

#![forbid(unsafe_code)]

mod asm;
mod bounded;
mod cargo;
mod header;
mod layers;
mod leaks;
mod mutants;
mod rules;
mod sizes;
mod tokens;
mod tree;
mod unsafe_files;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a check gives back: nothing, or the text that says what is wrong.
type Outcome = Result<(), String>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Checks of this repository", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Proves that no module of orion-rt imports from a floor above its own or goes past `sys`, and that ARCHITECTURE.md draws the floors
    Layers,
    /// Prints the largest source files; fails when one is over 500 lines
    Sizes,
    /// Compares the files that contain `unsafe` with ARCHITECTURE.md's table, both ways
    Unsafe,
    /// Checks that orion.h is what its generator gives (--write brings it up to date)
    Header {
        /// Replace the committed header instead of comparing
        #[arg(long)]
        write: bool,
    },
    /// Lowers every .ll test with LLVM 19 and compares with the committed assembly (--write brings it up to date)
    Asm {
        /// Replace the committed assembly instead of comparing
        #[arg(long)]
        write: bool,
    },
    /// Checks that every rule of tests/rules.toml is cited by something that runs, and that RULES.md says by what (--write brings it up to date)
    Rules {
        /// Replace RULES.md instead of comparing
        #[arg(long)]
        write: bool,
    },
    /// Runs every test of tests/tests several times and checks that nothing stays allocated
    Leaks {
        /// Only the test programs whose name contains this
        #[arg(long)]
        only: Option<String>,
        /// Only the tests whose name contains this
        #[arg(long)]
        test: Option<String>,
    },
    /// Breaks the source one line at a time, as xtask/mutants/ says, and expects the named test to notice
    Mutants {
        #[command(flatten)]
        choice: mutants::Choice,
    },
    /// Runs what proves the semantics, or the parts that are named, and prints what came of it
    Verify {
        /// The parts; all of them if none is named
        parts: Vec<verify::Part>,
        #[command(flatten)]
        options: verify::Options,
    },
}

fn main() -> ExitCode {
    let root = tree::root();
    let outcome = match Cli::parse().command {
        Command::Layers => layers::run(&root),
        Command::Sizes => sizes::run(&root),
        Command::Unsafe => unsafe_files::run(&root),
        Command::Header { write } => header::run(&root, write),
        Command::Asm { write } => asm::run(&root, write),
        Command::Leaks { only, test } => leaks::run(&root, only.as_deref(), test.as_deref()),
        Command::Rules { write } => rules::run(&root, write),
        Command::Mutants { choice } => mutants::run(&root, &choice),
        Command::Verify { parts, options } => return verify::run(&root, &parts, &options.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}

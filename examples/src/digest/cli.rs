//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// SHA-256 of every file of a tree.
///
/// Exit codes: 0 all files digested, 1 the first error (a missing path, an unreadable file, a broken pipe), 2 a wrong
/// command line, 130 interrupted with Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "digest", version)]
pub(crate) struct Cli {
    /// A file, or a directory: every regular file below it, hidden ones too; default: the repository around the
    /// current directory, without its `target` and `.git`
    pub(crate) path: Option<PathBuf>,

    /// Worker threads; with 1 everything but the Ctrl-C listener runs on the main thread
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: u16,

    /// Print `DIGEST  PATH` per file, sorted by path, as `sha256sum` does; totals then go to standard error
    #[arg(short, long)]
    pub(crate) list: bool,

    /// Half-way, print the names and states of the live tasks
    #[arg(long)]
    pub(crate) dump: bool,
}

//! What the program says at the end, and half-way when asked.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use crate::digest::Hash;
use crate::failure::Failure;
use crate::list;

/// The figures of a whole run.
#[derive(Debug)]
pub(crate) struct Report {
    /// Of the list of all files.
    pub(crate) tree: Hash,
    /// As the frame has counted them.
    pub(crate) files: u64,
    /// As the frame has added them up.
    pub(crate) bytes: u64,
    pub(crate) tasks: u64,
    /// Sent over the pipeline's channels.
    pub(crate) messages: u64,
    pub(crate) workers: usize,
    pub(crate) elapsed: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64().max(1e-9);
        let rate = |count: u64| count as f64 / seconds;
        let mib = self.bytes as f64 / f64::from(1 << 20);
        writeln!(f, "tree      {}", list::hex(&self.tree))?;
        writeln!(f, "files     {}", self.files)?;
        writeln!(f, "bytes     {} ({mib:.1} MiB, {:.1} MiB/s)", self.bytes, mib / seconds)?;
        writeln!(f, "tasks     {} ({:.0}/s)", self.tasks, rate(self.tasks))?;
        writeln!(f, "messages  {} ({:.0}/s)", self.messages, rate(self.messages))?;
        write!(f, "time      {seconds:.3} s on {} worker{}", self.workers, if self.workers == 1 { "" } else { "s" })
    }
}

/// Prints lines to standard output, or to standard error when `list` has the former to itself.
pub(crate) fn print(text: &dyn fmt::Display, list: bool) -> Result<(), Failure> {
    let write = |out: &mut dyn Write| writeln!(out, "{text}").and_then(|()| out.flush());
    let written = if list { write(&mut io::stderr().lock()) } else { write(&mut io::stdout().lock()) };
    written.map_err(Failure::Output)
}

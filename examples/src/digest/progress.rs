//! How far the program is: counters that every stage adds to, and the bar that shows them on a terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use indicatif::{ProgressBar, ProgressStyle};

/// Only ever added to; read for show, so no order between them is needed.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    found_files: AtomicU64,
    found_bytes: AtomicU64,
    merged_files: AtomicU64,
    read_bytes: AtomicU64,
}

impl Counters {
    /// The walker has found a file.
    pub(crate) fn found(&self, bytes: u64) {
        self.found_files.fetch_add(1, Relaxed);
        self.found_bytes.fetch_add(bytes, Relaxed);
    }

    /// A digester has read a piece.
    pub(crate) fn read(&self, bytes: u64) {
        self.read_bytes.fetch_add(bytes, Relaxed);
    }

    /// The merger has taken a file.
    pub(crate) fn merged(&self) {
        self.merged_files.fetch_add(1, Relaxed);
    }
}

/// A bar on standard error, if that is a terminal.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// `list`: the list is printed meanwhile; on the same terminal the two would get in each other's way.
    pub(crate) fn new(list: bool) -> Self {
        let hidden = !std::io::stderr().is_terminal() || (list && std::io::stdout().is_terminal());
        let bar = if hidden { ProgressBar::hidden() } else { ProgressBar::new(0) };
        let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {msg}");
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// Shows `counters` as they are.
    pub(crate) fn show(&self, counters: &Counters) {
        self.0.set_length(counters.found_bytes.load(Relaxed));
        self.0.set_position(counters.read_bytes.load(Relaxed));
        let (merged, found) = (counters.merged_files.load(Relaxed), counters.found_files.load(Relaxed));
        self.0.set_message(format!("{merged}/{found} files"));
    }

    /// Takes it off the screen.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

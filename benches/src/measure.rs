//! Runs cells in shuffled rounds and keeps every value.
//!
//! The groups of one round, a group being the peers of one row in one mode, come in random order, and so do the peers
//! within a group: neither a slow minute of the machine nor a warm cache always meets the same peer.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::capability::Mode;
use crate::peers::Cell;
use crate::rows::{self, Row, Unit};
use crate::scale::Scale;
use crate::{alloc, probe};

/// A cell that has not returned after this long hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What one run of a cell gave.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Nanoseconds or bytes per operation.
    pub per_op: f64,
    /// To be compared with the row's expected one.
    pub checksum: u64,
}

impl Sample {
    /// `ops` operations took `took`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of operations is far below 2^52")]
    pub fn time(took: Duration, ops: u64, checksum: u64) -> Self {
        Self { per_op: took.as_secs_f64() * 1e9 / ops as f64, checksum }
    }

    /// `tasks` tasks took `bytes` bytes.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count of bytes is far below 2^52")]
    pub fn bytes(bytes: i64, tasks: u64, checksum: u64) -> Self {
        Self { per_op: bytes as f64 / tasks as f64, checksum }
    }
}

/// All values of one cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// The row's id.
    pub row: String,
    /// The peer's name.
    pub peer: String,
    /// The mode.
    pub mode: Mode,
    /// One value per round.
    pub values: Vec<f64>,
    /// Round trip of a cache line between two cores, in ns, probed before each value; empty for one worker, and where the
    /// machine was too busy to probe.
    pub lines: Vec<f64>,
}

impl Figure {
    /// The median of the values.
    #[must_use]
    pub fn median(&self) -> f64 {
        median(&self.values)
    }

    /// The least of the values.
    #[must_use]
    pub fn minimum(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// The median, the mean of the middle two for an even count; NaN for none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// What all rounds gave.
pub(crate) struct Outcome {
    pub(crate) figures: Vec<Figure>,
    pub(crate) failures: Vec<String>,
}

/// Runs every cell once per round; memory rows, which do not jitter, in the first round only.
pub(crate) fn run(cells: &[Cell], scale: Scale, rounds: usize, seed: u64) -> Outcome {
    let mut rng = fastrand::Rng::with_seed(seed);
    let watchdog = watchdog();
    let mut values: Vec<(Vec<f64>, Vec<f64>)> = vec![Default::default(); cells.len()];
    let mut failures = Vec::new();
    for round in 0..rounds {
        let mut groups = groups(cells);
        rng.shuffle(&mut groups);
        for mut group in groups {
            let first = &cells[group[0]];
            if round > 0 && first.row.unit == Unit::Bytes {
                continue;
            }
            let line = if first.mode.threads() > 1 { probe::line_round_trip() } else { None };
            rng.shuffle(&mut group);
            for index in group {
                let cell = &cells[index];
                let name = format!("{} / {} / {}", cell.row.id, cell.peer, cell.mode);
                let _ = watchdog.send(name.clone());
                match run_cell(cell, scale) {
                    Ok(value) => {
                        values[index].0.push(value);
                        values[index].1.extend(line);
                    }
                    Err(why) => failures.push(format!("{name}: {why}")),
                }
            }
        }
        eprintln!("round {} of {rounds} done", round + 1);
    }
    let figure = |(cell, (values, lines)): (&Cell, (Vec<f64>, Vec<f64>))| Figure {
        row: cell.row.id.to_owned(),
        peer: cell.peer.to_owned(),
        mode: cell.mode,
        values,
        lines,
    };
    let figures = cells.iter().zip(values).map(figure).filter(|figure| !figure.values.is_empty()).collect();
    failures.sort();
    failures.dedup();
    Outcome { figures, failures }
}

/// The indices of the cells, by row and mode.
fn groups(cells: &[Cell]) -> Vec<Vec<usize>> {
    let place = |row: &'static Row| rows::ALL.iter().position(|other| other.id == row.id);
    let mut groups = BTreeMap::<_, Vec<usize>>::new();
    for (index, cell) in cells.iter().enumerate() {
        groups.entry((place(cell.row), cell.mode)).or_default().push(index);
    }
    groups.into_values().collect()
}

fn run_cell(cell: &Cell, scale: Scale) -> Result<f64, String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| (cell.run)(scale)));
    alloc::stop();
    let sample = outcome.map_err(|_| "panicked".to_owned())?;
    let expected = (cell.row.expected)(scale);
    if sample.checksum == expected {
        Ok(sample.per_op)
    } else {
        Err(format!("checksum {} instead of {expected}", sample.checksum))
    }
}

/// Ends the program when a cell hangs: it cannot be stopped, and what comes after it would be measured beside it.
fn watchdog() -> Sender<String> {
    let (started, starts) = channel::<String>();
    thread::spawn(move || {
        let mut running = None;
        loop {
            match starts.recv_timeout(PATIENCE) {
                Ok(name) => running = Some(name),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(name) = running {
                        eprintln!("error: {name} hangs");
                        std::process::exit(2);
                    }
                }
            }
        }
    });
    started
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_odd_even_and_none() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }
}

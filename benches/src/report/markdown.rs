//! The tables.

use std::fmt::Write;

use super::Store;
use super::compare::{Line, PEERS};
use crate::capability::Mode;
use crate::peers::{SUBJECT, WITHOUT_RENDEZVOUS};
use crate::rows;

/// The whole of RESULTS.md.
pub(super) fn page(stores: &[Store]) -> String {
    let mut out = String::from(
        "# Results\n\nWritten by `cargo bench -p orion-bench`; do not edit. How to read it:\n\n\
         - A cell is the median over all rounds, in nanoseconds per operation or bytes per task, and in brackets that \
         figure as a multiple of orion's: above 1 the peer is slower.\n\
         - *least* is the least value of orion's rounds.\n\
         - *goal* is a figure set on another machine. *goal here* is that figure times what the peer named beside it shows \
         here over what it showed there, and the same figure where no such peer was measured. *of goal* is orion's figure \
         divided by *goal here*: at most 1 means reached.\n\
         - *line* is the round trip of a cache line between two cores, probed before each group of the row.\n\
         - `run` is the single-threaded entry (`orion_rt::run`, tokio's `current_thread`), `workers(n)` a runtime with n \
         worker threads.\n",
    );
    let _ = writeln!(
        out,
        "- {} have no rendezvous channel: in rows marked \u{2020} they use capacity 1. kanal, flume, async-channel and \
         futures run on tokio; crossbeam runs between threads; go runs with GOMAXPROCS = workers.",
        WITHOUT_RENDEZVOUS.join(", ")
    );
    for store in stores {
        out.push('\n');
        out.push_str(&markdown(store));
        let _ = writeln!(out, "Charts:");
        for mode in Mode::ALL {
            let _ = writeln!(out, "![{} {mode}](charts/{})", store.allocator, super::chart::file_name(store, mode));
        }
    }
    out
}

/// The tables of one allocator.
pub(crate) fn markdown(store: &Store) -> String {
    let mut out = format!(
        "## Allocator: {}\n\n{}; {} rounds{}.\n",
        store.allocator,
        store.machine,
        store.rounds,
        if store.scale == crate::scale::Scale::Quick { ", quick: figures for orientation" } else { "" }
    );
    for mode in Mode::ALL {
        table(&mut out, store, mode);
    }
    out.push('\n');
    out
}

fn table(out: &mut String, store: &Store, mode: Mode) {
    let lines: Vec<_> =
        rows::ALL.iter().map(|row| Line::new(store, row, mode)).filter(|line| !line.is_empty()).collect();
    let peers: Vec<_> = PEERS.into_iter().filter(|peer| lines.iter().any(|line| line.figure(peer).is_some())).collect();
    let _ = write!(out, "\n### {}, {mode}\n\n| workload |", store.allocator);
    for peer in &peers {
        let _ = write!(out, " {peer} |");
        if *peer == SUBJECT {
            out.push_str(" least | goal | goal here | of goal | best peer | of best |");
        }
    }
    if mode.threads() > 1 {
        out.push_str(" line |");
    }
    let columns = out.lines().next_back().map_or(0, |header| header.matches('|').count() - 1);
    let _ = writeln!(out, "\n|---|{}", "---:|".repeat(columns - 1));
    for line in &lines {
        row(out, line, &peers, mode);
    }
}

fn row(out: &mut String, line: &Line<'_>, peers: &[&str], mode: Mode) {
    let subject = line.median(SUBJECT);
    let unbuffered = ["ping_pong", "select", "sieve"].iter().any(|part| line.row.id.starts_with(part));
    let _ = write!(out, "| {}{} |", line.row.title, if unbuffered { " \u{2020}" } else { "" });
    for peer in peers {
        let Some(figure) = line.figure(peer) else {
            out.push_str(if *peer == SUBJECT { "  |  |  |  |  |  |  |" } else { "  |" });
            continue;
        };
        let median = figure.median();
        if *peer != SUBJECT {
            let _ = match subject {
                Some(subject) => write!(out, " {} ({:.2}) |", number(median), median / subject),
                None => write!(out, " {} |", number(median)),
            };
            continue;
        }
        let _ = write!(out, " **{}** | {} |", number(median), number(figure.minimum()));
        let _ = match line.goal() {
            Some((goal, scaled_by)) => {
                let by = scaled_by.map_or(String::new(), |peer| format!(" ({peer})"));
                let set = line.goal_set().map_or(String::new(), number);
                write!(out, " {set} | {}{by} | {:.2} |", number(goal), median / goal)
            }
            None => write!(out, "  |  |  |"),
        };
        let _ = match line.best() {
            Some((best, theirs)) => write!(out, " {best} | {:.2} |", median / theirs),
            None => write!(out, "  |  |"),
        };
    }
    if mode.threads() > 1 {
        let trip = line.line_trip().map_or(String::new(), number);
        let _ = write!(out, " {trip} |");
    }
    out.push('\n');
}

/// Three digits are all that repeats.
fn number(value: f64) -> String {
    if value < 99.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

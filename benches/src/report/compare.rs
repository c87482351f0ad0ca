//! One row in one mode: the subject against its goal and against each peer.

use crate::capability::Mode;
use crate::measure::{Figure, median};
use crate::peers::SUBJECT;
use crate::rows::Row;

use super::Store;

/// The columns of the tables and the colours of the charts, in this order.
pub(super) const PEERS: [&str; 9] =
    [SUBJECT, "tokio", "smol", "kanal", "flume", "async-channel", "futures", "crossbeam", "go"];

/// A row of a table.
pub(super) struct Line<'a> {
    pub(super) row: &'static Row,
    figures: Vec<&'a Figure>,
    /// The figures by which the goal is scaled: those of `workers(1)` for `run`, since the goal's machine measured the
    /// peers' runtimes with worker threads.
    scaling: Vec<&'a Figure>,
    mode: Mode,
    mimalloc: bool,
}

impl<'a> Line<'a> {
    pub(super) fn new(store: &'a Store, row: &'static Row, mode: Mode) -> Self {
        let in_mode = |mode: Mode| {
            store.figures.iter().filter(move |figure| figure.row == row.id && figure.mode == mode).collect::<Vec<_>>()
        };
        let scaling = in_mode(if mode == Mode::Run { Mode::Workers(1) } else { mode });
        Self { row, figures: in_mode(mode), scaling, mode, mimalloc: store.allocator == "mimalloc" }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.figures.is_empty()
    }

    pub(super) fn figure(&self, peer: &str) -> Option<&'a Figure> {
        self.figures.iter().find(|figure| figure.peer == peer).copied()
    }

    pub(super) fn median(&self, peer: &str) -> Option<f64> {
        self.figure(peer).map(Figure::median)
    }

    /// The fastest peer.
    pub(super) fn best(&self) -> Option<(&'a str, f64)> {
        let peers = self.figures.iter().filter(|figure| figure.peer != SUBJECT);
        peers.map(|figure| (figure.peer.as_str(), figure.median())).min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The goal as it was set, on another machine.
    pub(super) fn goal_set(&self) -> Option<f64> {
        self.row.goal.filter(|goal| self.mimalloc || !goal.mimalloc).map(|goal| goal.figure.at(self.mode))
    }

    /// The goal on this machine, and the peer by which it was scaled; see [`crate::rows`].
    pub(super) fn goal(&self) -> Option<(f64, Option<&'static str>)> {
        let goal = self.row.goal.filter(|goal| self.mimalloc || !goal.mimalloc)?;
        let scaled = goal.references.iter().find_map(|(peer, there)| {
            let here = self.scaling.iter().find(|figure| figure.peer == *peer)?.median();
            Some((goal.figure.at(self.mode) * here / there.at(self.mode), Some(*peer)))
        });
        Some(scaled.unwrap_or((goal.figure.at(self.mode), None)))
    }

    /// The median of the line probes, for two workers and more.
    pub(super) fn line_trip(&self) -> Option<f64> {
        let lines: Vec<f64> = self.figures.iter().flat_map(|figure| figure.lines.iter().copied()).collect();
        (!lines.is_empty()).then(|| median(&lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows;
    use crate::scale::Scale;

    fn figure(row: &Row, peer: &str, mode: Mode, value: f64) -> Figure {
        Figure { row: row.id.to_owned(), peer: peer.to_owned(), mode, values: vec![value], lines: Vec::new() }
    }

    #[test]
    fn a_goal_is_scaled_by_the_reference_peer_with_workers() {
        let row = &rows::SPAWN_JOIN;
        let figures = vec![
            figure(row, SUBJECT, Mode::Run, 60.0),
            figure(row, "tokio", Mode::Run, 1.0),
            figure(row, "tokio", Mode::Workers(1), 510.0),
        ];
        let store = Store::new("system", Scale::Quick, 1, figures);
        let line = Line::new(&store, row, Mode::Run);
        // 510 here, 255 where the goal of 95 was set.
        assert_eq!(line.goal(), Some((190.0, Some("tokio"))));
        assert_eq!(line.best(), Some(("tokio", 1.0)));
        assert_eq!(line.line_trip(), None);
    }

    #[test]
    fn a_goal_for_mimalloc_is_none_for_the_system_allocator() {
        let store = Store::new("system", Scale::Quick, 1, Vec::new());
        assert_eq!(Line::new(&store, &rows::SPAWN_MANY, Mode::Run).goal(), None);
    }
}

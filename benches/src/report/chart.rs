//! The charts: a line per row, a dot per peer on a logarithmic axis, a tick for the goal.

use std::io;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Store;
use super::compare::{Line, PEERS};
use crate::capability::Mode;
use crate::peers::SUBJECT;
use crate::rows::{self, Unit};

const WIDTH: u32 = 1000;
const ROW: u32 = 34;
const TOP: u32 = 70;
const BOTTOM: u32 = 40;
const LEFT: u32 = 230;
const RIGHT: u32 = 30;
const LEAST_NS: f64 = 10.0;
const MOST_NS: f64 = 20_000.0;

/// A colour per peer.
pub(super) const COLOURS: [RGBColor; PEERS.len()] = [
    RGBColor(214, 39, 40),
    RGBColor(31, 119, 180),
    RGBColor(44, 160, 44),
    RGBColor(255, 127, 14),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
    RGBColor(227, 119, 194),
    RGBColor(127, 127, 127),
    RGBColor(23, 190, 207),
];

/// The chart's name, relative to the charts' directory.
pub(super) fn file_name(store: &Store, mode: Mode) -> String {
    let mode = match mode {
        Mode::Run => "run".to_owned(),
        Mode::Workers(n) => format!("workers-{n}"),
    };
    format!("{}-{mode}.svg", store.allocator)
}

/// One file per mode.
pub(super) fn draw(store: &Store, directory: &Path) -> io::Result<()> {
    for mode in Mode::ALL {
        let path = directory.join(file_name(store, mode));
        draw_mode(store, mode, &path).map_err(|error| io::Error::other(error.to_string()))?;
    }
    Ok(())
}

fn draw_mode(store: &Store, mode: Mode, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let lines: Vec<_> = rows::ALL
        .iter()
        .filter(|row| row.unit == Unit::Nanos)
        .map(|row| Line::new(store, row, mode))
        .filter(|line| !line.is_empty())
        .collect();
    let rows = u32::try_from(lines.len())?;
    let height = TOP + rows * ROW + BOTTOM;
    let root = SVGBackend::new(path, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let text = |size: u32| ("sans-serif", size).into_font().color(&BLACK);
    let title = format!("{mode}, {} allocator: ns per operation, a bar for the goal (left is faster)", store.allocator);
    root.draw(&Text::new(title, at(10, 8), text(18)))?;
    for (place, (peer, colour)) in (0..).zip(PEERS.into_iter().zip(COLOURS)) {
        let x = 16 + 105 * place;
        root.draw(&Circle::new(at(x, 45), 5, colour.filled()))?;
        root.draw(&Text::new(peer, at(x + 10, 38), text(13)))?;
    }
    let bottom = TOP + rows * ROW;
    for decade in [10.0, 100.0, 1_000.0, 10_000.0] {
        let x = column(decade);
        root.draw(&PathElement::new(vec![at(x, TOP), at(x, bottom)], BLACK.mix(0.25)))?;
        let centred = text(12).pos(Pos::new(HPos::Center, VPos::Top));
        root.draw(&Text::new(format!("{decade}"), at(x, bottom + 6), centred))?;
    }
    for (place, line) in (0..).zip(&lines) {
        let y = TOP + place * ROW + ROW / 2;
        root.draw(&PathElement::new(vec![at(LEFT, y), at(WIDTH - RIGHT, y)], BLACK.mix(0.15)))?;
        let label = text(13).pos(Pos::new(HPos::Right, VPos::Center));
        root.draw(&Text::new(line.row.title, at(LEFT - 8, y), label))?;
        if let Some((goal, _)) = line.goal() {
            let x = column(goal);
            root.draw(&PathElement::new(vec![at(x, y - 11), at(x, y + 11)], RED.stroke_width(2)))?;
        }
        // The subject last, so that it lies on top.
        for (peer, colour) in PEERS.into_iter().zip(COLOURS).rev() {
            if let Some(median) = line.median(peer) {
                let radius = if peer == SUBJECT { 7 } else { 5 };
                root.draw(&Circle::new(at(column(median), y), radius, colour.filled()))?;
            }
        }
    }
    root.present()?;
    Ok(())
}

#[expect(clippy::cast_possible_wrap, reason = "coordinates are a few thousand at most")]
fn at(x: u32, y: u32) -> (i32, i32) {
    (x as i32, y as i32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the axis")]
fn column(ns: f64) -> u32 {
    let share = (ns.clamp(LEAST_NS, MOST_NS) / LEAST_NS).ln() / (MOST_NS / LEAST_NS).ln();
    LEFT + (share * f64::from(WIDTH - LEFT - RIGHT)) as u32
}

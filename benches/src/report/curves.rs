//! The growth chart: cost over the number of tasks, both axes logarithmic, a line per peer and mode.

use std::io;
use std::path::Path;

use plotters::prelude::*;

use super::compare::PEERS;
use crate::capability::Mode;
use crate::growth::{Growing, Point};

/// Draws one workload: a panel per mode, a line per peer.
pub(crate) fn draw(points: &[&Point], what: Growing, allocator: &str, path: &Path) -> io::Result<()> {
    if points.is_empty() {
        return Ok(());
    }
    draw_panels(points, what, allocator, path).map_err(|error| io::Error::other(error.to_string()))
}

#[expect(clippy::cast_precision_loss, reason = "numbers of tasks are at most a million")]
fn draw_panels(
    points: &[&Point],
    what: Growing,
    allocator: &str,
    path: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut modes: Vec<Mode> = points.iter().map(|point| point.mode).collect();
    modes.sort_unstable();
    modes.dedup();
    let root = SVGBackend::new(path, (300 * u32::try_from(modes.len())?, 340)).into_drawing_area();
    root.fill(&WHITE)?;
    let root = root.titled(&format!("{}, {allocator} allocator", what.title()), ("sans-serif", 18))?;
    let most = points.iter().map(|point| point.median()).fold(1.0, f64::max);
    let sizes = points.iter().map(|point| point.tasks as f64);
    let (least_size, most_size) = (10.0, sizes.fold(100.0, f64::max));
    for (panel, mode) in root.split_evenly((1, modes.len())).into_iter().zip(modes) {
        let mut chart = ChartBuilder::on(&panel)
            .caption(mode.to_string(), ("sans-serif", 14))
            .margin(6)
            .x_label_area_size(28)
            .y_label_area_size(46)
            .build_cartesian_2d((least_size..most_size).log_scale(), (5.0..most * 1.2).log_scale())?;
        chart.configure_mesh().x_labels(4).light_line_style(WHITE).draw()?;
        for (place, peer) in PEERS.into_iter().enumerate() {
            let colour = super::chart::COLOURS[place];
            let line: Vec<_> = points
                .iter()
                .filter(|point| point.peer == peer && point.mode == mode)
                .map(|point| (point.tasks as f64, point.median()))
                .collect();
            if !line.is_empty() {
                chart
                    .draw_series(LineSeries::new(line, colour.stroke_width(2)).point_size(3))?
                    .label(peer)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 14, y)], colour.stroke_width(2)));
            }
        }
        chart.configure_series_labels().background_style(WHITE.mix(0.8)).draw()?;
    }
    root.present()?;
    Ok(())
}

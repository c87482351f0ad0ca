//! How cost grows: three workloads at 10 to a million tasks and on 1 to 8 workers, as a table and a chart.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use std::{fs, io};

use crate::args::Args;
use crate::capability::{Channel, Mode, Tasks};
use crate::measure::{Sample, median};
use crate::peers::growth_peers;
use crate::report::curves;
use crate::scale::Scale;
use crate::workloads::{spawn_many, sum_below, throughput, yields};

/// The workloads: each does about a million operations, spread over the given number of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Growing {
    /// Spawn so many, join them; per task.
    Spawn,
    /// So many tasks that yield; per yield.
    Yield,
    /// So many senders to one receiver, capacity 128; per message.
    Senders,
}

impl Growing {
    pub(crate) const ALL: [Self; 3] = [Self::Spawn, Self::Yield, Self::Senders];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Spawn => "spawn + join, ns per task",
            Self::Yield => "yield, ns per yield",
            Self::Senders => "senders to one, ns per message",
        }
    }
}

/// A task yields or sends at least so often, so that its spawn does not hide what is measured.
const LEAST_EACH: u64 = 10;

/// One figure to measure.
pub(crate) struct Point {
    pub(crate) what: Growing,
    pub(crate) peer: &'static str,
    pub(crate) mode: Mode,
    pub(crate) tasks: u64,
    run: Box<dyn Fn(u64) -> Sample>,
    values: Vec<f64>,
}

impl Point {
    pub(crate) fn median(&self) -> f64 {
        median(&self.values)
    }
}

/// Collects the points of the peers.
pub(crate) struct Points {
    points: Vec<Point>,
    scale: Scale,
}

impl Points {
    const TASKS: [u64; 4] = [10, 1_000, 100_000, 1_000_000];
    /// On the calling thread.
    pub(crate) const RUN: &[Mode] = &[Mode::Run];
    /// On workers, up to four times as many as a small machine has cores.
    pub(crate) const WORKERS: &[Mode] = &[Mode::Workers(1), Mode::Workers(2), Mode::Workers(4), Mode::Workers(8)];

    fn push<R, F, Fut>(&mut self, what: Growing, peer: &'static str, modes: &[Mode], body: F)
    where
        R: Tasks,
        F: Fn(R, u64, u64) -> Fut + Send + Copy + 'static,
        Fut: Future<Output = Sample> + Send + 'static,
    {
        let most = self.scale.pick(1_000_000, 100_000, 1_000);
        for tasks in Self::TASKS.into_iter().filter(|tasks| *tasks <= most) {
            for &mode in modes {
                let run = Box::new(move |ops| R::enter(mode, move |rt| body(rt, tasks, ops)));
                self.points.push(Point { what, peer, mode, tasks, run, values: Vec::new() });
            }
        }
    }

    /// Spawning and yielding on a runtime.
    pub(crate) fn tasks<R: Tasks>(&mut self, peer: &'static str, modes: &[Mode]) {
        self.push::<R, _, _>(Growing::Spawn, peer, modes, spawn::<R>);
        self.push::<R, _, _>(Growing::Yield, peer, modes, yielding::<R>);
    }

    /// Sending through a channel.
    pub(crate) fn senders<R: Tasks, C: Channel>(&mut self, peer: &'static str, modes: &[Mode]) {
        self.push::<R, _, _>(Growing::Senders, peer, modes, sending::<R, C>);
    }
}

async fn spawn<R: Tasks>(rt: R, tasks: u64, ops: u64) -> Sample {
    let passes = ops.div_ceil(tasks);
    spawn_many::pass(&rt, tasks).await;
    let start = Instant::now();
    for _ in 0..passes {
        assert_eq!(spawn_many::pass(&rt, tasks).await, sum_below(tasks), "each task returns its number");
    }
    Sample::time(start.elapsed(), passes * tasks, 0)
}

async fn yielding<R: Tasks>(rt: R, tasks: u64, ops: u64) -> Sample {
    let each = ops.div_ceil(tasks).max(LEAST_EACH);
    yields::crowd_pass(&rt, tasks, 1).await;
    let start = Instant::now();
    yields::crowd_pass(&rt, tasks, each).await;
    Sample::time(start.elapsed(), tasks * each, 0)
}

async fn sending<R: Tasks, C: Channel>(rt: R, tasks: u64, ops: u64) -> Sample {
    let messages = ops.div_ceil(tasks).max(LEAST_EACH) * tasks;
    throughput::to_one_pass::<R, C>(&rt, tasks, tasks).await;
    let start = Instant::now();
    let sum = throughput::to_one_pass::<R, C>(&rt, tasks, messages).await;
    let took = start.elapsed();
    assert_eq!(sum, sum_below(messages), "each message arrives once");
    Sample::time(took, messages, 0)
}

/// Measures in shuffled rounds and writes GROWTH.md with its charts.
pub(crate) fn main(allocator: &str, args: &Args) -> ExitCode {
    let mut points = Points { points: Vec::new(), scale: args.scale() };
    growth_peers(&mut points);
    let mut points = points.points;
    points.retain(|point| args.wants(&format!("{:?}/{}/{}", point.what, point.peer, point.mode)));
    let ops = args.scale().pick(1_000_000, 100_000, 1_000);
    let rounds = args.rounds().min(5);
    eprintln!("{allocator}: growth, {} points, {rounds} rounds", points.len());
    let mut rng = args.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
    for _ in 0..rounds {
        let mut order: Vec<usize> = (0..points.len()).collect();
        rng.shuffle(&mut order);
        for index in order {
            let value = (points[index].run)(ops).per_op;
            points[index].values.push(value);
        }
    }
    let page = page(allocator, &points);
    println!("{page}");
    if args.dry || args.scale() == Scale::Smoke {
        return ExitCode::SUCCESS;
    }
    match write(allocator, &points, &page) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: the report could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(allocator: &str, points: &[Point], page: &str) -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let charts = here.join("charts");
    fs::create_dir_all(&charts)?;
    for what in Growing::ALL {
        let points: Vec<_> = points.iter().filter(|point| point.what == what).collect();
        curves::draw(&points, what, allocator, &charts.join(file_name(allocator, what)))?;
    }
    fs::write(here.join(format!("GROWTH-{allocator}.md")), page)
}

fn file_name(allocator: &str, what: Growing) -> String {
    format!("growth-{allocator}-{what:?}.svg").to_lowercase()
}

fn page(allocator: &str, points: &[Point]) -> String {
    let mut out = format!(
        "# How cost grows, allocator {allocator}\n\nWritten by `cargo bench -p orion-bench -- --growth`; do not edit. \
         Medians; columns are numbers of tasks.\n"
    );
    for what in Growing::ALL {
        let mine: Vec<_> = points.iter().filter(|point| point.what == what).collect();
        let sizes: BTreeSet<u64> = mine.iter().map(|point| point.tasks).collect();
        let lines: BTreeSet<_> = mine.iter().map(|point| (point.mode, point.peer)).collect();
        let _ = write!(out, "\n## {}\n\n| mode | peer |", what.title());
        for size in &sizes {
            let _ = write!(out, " {size} |");
        }
        let _ = writeln!(out, "\n|---|---|{}", "---:|".repeat(sizes.len()));
        for (mode, peer) in lines {
            let _ = write!(out, "| {mode} | {peer} |");
            for point in mine.iter().filter(|point| (point.mode, point.peer) == (mode, peer)) {
                let _ = write!(out, " {:.1} |", point.median());
            }
            out.push('\n');
        }
        let _ = writeln!(out, "\n![{}](charts/{})", what.title(), file_name(allocator, what));
    }
    out
}

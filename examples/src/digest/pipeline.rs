//! The pipeline, and the body that drives it.
//!
//! ```text
//!   walk --jobs--> body --(a permit each)--> digest, digest, .. --results--> merge --sizes--> the Orion frame: totals
//!    \_______________________________________failure______________^            |
//!                                             ticker, Ctrl-C --> body <--done--'
//! ```
//!
//! Every stage ends when its input has closed. The body ends first only on Ctrl-C or a failure; then it cancels the
//! scope, which waits until every task is gone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use orion_rt::{Chan, Receiver, Sender, interval, select};

use crate::digest::{Digested, digest};
use crate::failure::Failure;
use crate::merge::{HalfWay, Merger};
use crate::progress::{Bar, Counters};
use crate::report::{self, Report};
use crate::spawn::Spawn;
use crate::totals::totals;
use crate::walk::{Job, Root, walk};

/// What to do.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) root: Root,
    pub(crate) workers: usize,
    pub(crate) list: bool,
    pub(crate) dump: bool,
    /// Closed on Ctrl-C.
    pub(crate) interrupts: Chan<()>,
}

/// How far a stage may run ahead of the next one.
const AHEAD: usize = 64;
/// Digesters at a time per worker: one that reads, one that waits for the merger.
const DIGESTERS: usize = 2;
/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);

type Outcome = Result<Digested, Failure>;

/// The body's end of the pipeline.
struct Ends {
    jobs: Receiver<Job>,
    /// For the digesters; given up when there are no more jobs, so that `results` closes with the last digester.
    results: Option<Sender<Outcome>>,
    /// A slot for each digester that may be under way.
    permits: Chan<()>,
    /// The merger is half-way.
    half: Chan<()>,
    done: Chan<()>,
    counters: Arc<Counters>,
    /// Tasks started so far.
    tasks: u64,
}

/// Runs the pipeline in `scope`.
pub(crate) async fn run<'scope>(scope: &impl Spawn<'scope>, plan: Plan) -> Result<Report, Failure> {
    let begin = Instant::now();
    let half_at = if plan.dump { Some(plan.root.count()? / 2) } else { None };
    let counters = Arc::new(Counters::default());
    let (found, jobs) = Chan::new(AHEAD).named("jobs").split();
    let (sender, results) = Chan::new(AHEAD).named("results").split();
    let sizes = Chan::new(AHEAD).named("sizes");
    let half = Chan::new(0).named("half-way");
    let done = Chan::new(0).named("done");
    let merger = Merger {
        results: results.clone(),
        sizes: sizes.clone(),
        counters: counters.clone(),
        list: plan.list,
        half: half_at.map(|at| HalfWay { at, reached: half.clone() }),
        done: done.clone(),
    };
    let folding = scope.spawn("totals (Orion frame)", totals(&sizes));
    scope.go("walk", walk(plan.root.clone(), found, sender.clone(), counters.clone()));
    let merging = scope.spawn("merge", merger.merge());
    let permits = Chan::new(DIGESTERS * plan.workers).named("permits");
    let mut ends = Ends { jobs, results: Some(sender), permits, half, done, counters, tasks: 3 };

    let driven = drive(scope, &plan, &mut ends).await;
    if driven.is_err() {
        scope.cancel();
    }
    driven?;
    let tree = merging.await.unwrap_or(Err(Failure::Interrupted)).inspect_err(|_| scope.cancel())?;
    let totals = folding.await.map_err(|_| Failure::Interrupted)?;
    let messages = [ends.jobs.inspect(), results.inspect(), sizes.inspect(), ends.permits.inspect()];
    Ok(Report {
        tree,
        files: totals.files,
        bytes: totals.bytes,
        tasks: ends.tasks,
        messages: messages.iter().map(|chan| chan.sent).sum(),
        workers: plan.workers,
        elapsed: begin.elapsed(),
    })
}

/// Hands jobs to digesters until the merger is done or the user has had enough.
async fn drive<'scope>(scope: &impl Spawn<'scope>, plan: &Plan, ends: &mut Ends) -> Result<(), Failure> {
    let bar = Bar::new(plan.list);
    let mut ticks = interval(TICK);
    let mut next: Option<Job> = None;
    let mut ticks_to_dump = None;
    let end = loop {
        select! {
            job = <-ends.jobs, if next.is_none() && ends.results.is_some() => match job {
                Some(job) => next = Some(job),
                None => ends.results = None,
            },
            ends.permits <- (), if next.is_some() => {
                if let (Some(job), Some(results)) = (next.take(), &ends.results) {
                    let name = format!("digest {}", job.path.display());
                    scope.go(name, digest(job, results.clone(), ends.permits.clone(), ends.counters.clone()));
                    ends.tasks += 1;
                }
            },
            _ = ticks.tick() => {
                bar.show(&ends.counters);
                ticks_to_dump = ticks_to_dump.map(|ticks| ticks - 1);
                if ticks_to_dump == Some(0) {
                    ticks_to_dump = None;
                    if let Err(failure) = dump(plan.list) {
                        break Err(failure);
                    }
                    // Lets the merger go on.
                    ends.half.recv().await;
                }
            },
            // One whole tick later every stage has run up against the merger that waits.
            <-ends.half, if ticks_to_dump.is_none() => ticks_to_dump = Some(2),
            <-ends.done => break Ok(()),
            <-plan.interrupts => break Err(Failure::Interrupted),
        }
    };
    bar.clear();
    end
}

/// Prints what is alive.
fn dump(list: bool) -> Result<(), Failure> {
    match orion_rt::dumper() {
        Some(dumper) => report::print(&dumper.dump(), list),
        None => Ok(()),
    }
}

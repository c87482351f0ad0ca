//! `cargo xtask mutants`: each model and test named in xtask/mutants is proved able to fail.
//!
//! ```text
//!   tree --copy--> temporary tree --replace one text--> run the named test --> it fails: caught
//!                        ^                                                 \-> it passes: survived
//!                        '---------------- restore the file ---------------'
//! ```
//!
//! Invariants
//! 1. The repository is never changed: mutants live in a temporary copy of it, one at a time in each.
//! 2. `from` occurs exactly once in its file, so that nobody has to guess what was changed.
//! 3. A mutant counts as caught only if the named test has run and failed: one that does not compile, or whose filter
//!    matches no test, is an error.
//! 4. The mutants of a job share a target directory, so each builds only what its change touches.
//! 5. A test run ends with its first failure: what else would fail is of no interest.
//! 6. That the tests pass on the sound tree is for `.ci/run` and `verify` to show, before: it is not tried here.
//! 7. Only the program that holds the named test is built: a package has forty of them.
//!
//! Rejected: cargo-mutants (its mutants are its own choice, and it knows neither loom nor Miri).

mod journal;
mod list;
mod program;
mod verdict;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Outcome, bounded, cargo, tree};
use journal::{Entry, Journal};
use list::{Kind, Mutant};
use verdict::Verdict;

/// The lists, relative to the repository.
const LISTS: &str = "xtask/mutants";
/// For one mutant, building included. A test that hangs has noticed too.
const LIMIT: Duration = Duration::from_secs(600);

/// Which mutants are tried, and how.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct Choice {
    /// Only the mutants whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Only the mutants of files whose path contains this
    #[arg(long)]
    file: Option<String>,
    /// Only the mutants whose test runs like this: loom, shuttle, unit or miri
    #[arg(long)]
    kind: Option<String>,
    /// Go on where the run before has stopped: leave out what it has caught
    #[arg(long)]
    resume: bool,
    /// How many are tried at the same time, each in a tree and a target directory of its own
    #[arg(long)]
    jobs: Option<usize>,
    /// Print the list and stop
    #[arg(long)]
    list: bool,
}

impl Choice {
    fn has(&self, mutant: &Mutant) -> bool {
        let holds = |part: &Option<String>, text: &str| part.as_ref().is_none_or(|part| text.contains(part.as_str()));
        let kind = self.kind.as_ref().is_none_or(|kind| *kind == mutant.kind.to_string());
        holds(&self.only, &mutant.name) && holds(&self.file, &mutant.file) && kind
    }
}

pub(crate) fn run(root: &Path, choice: &Choice) -> Outcome {
    let mutants = list::read(&root.join(LISTS))?;
    let chosen: Vec<_> = mutants.iter().filter(|mutant| choice.has(mutant)).collect();
    if choice.list {
        for mutant in &chosen {
            println!("{:<60} {:<7} {:<30} {}", mutant.name, mutant.kind, mutant.test, mutant.file);
        }
        return Ok(());
    }
    if chosen.is_empty() {
        return Err(format!("{LISTS} lists no such mutant"));
    }
    let target = cargo::target(root, "mutants");
    let journal = Journal::open(&target.join("journal"), choice.resume)?;
    let waiting: Vec<_> = chosen.iter().copied().filter(|mutant| !journal.has_caught(&mutant.name)).collect();
    if waiting.len() < chosen.len() {
        println!("{} have been caught before", chosen.len() - waiting.len());
    }
    let jobs = choice.jobs.unwrap_or(1).clamp(1, waiting.len().max(1));
    // The last first: each job takes the next from the end.
    let (waiting, journal) = (Mutex::new(waiting.into_iter().rev().collect::<Vec<_>>()), Mutex::new(journal));
    let work = |job: usize| -> Outcome {
        let copy = tempfile::tempdir().map_err(|error| format!("temporary directory: {error}"))?;
        copy_tree(root, copy.path())?;
        let target = if job == 0 { target.clone() } else { target.join(job.to_string()) };
        loop {
            let Some(mutant) = waiting.lock().expect("no panic").pop() else { return Ok(()) };
            let begin = Instant::now();
            let verdict = try_one(mutant, copy.path(), &target)?;
            let entry = Entry::new(mutant, &verdict, begin.elapsed());
            println!("{entry}");
            journal.lock().expect("no panic").add(entry)?;
        }
    };
    thread::scope(|threads| {
        let jobs: Vec<_> = (0..jobs).map(|job| threads.spawn(move || work(job))).collect();
        jobs.into_iter().try_for_each(|job| job.join().expect("no panic"))
    })?;
    journal.into_inner().expect("no panic").judge(&chosen)
}

/// The source tree without build output.
fn copy_tree(from: &Path, to: &Path) -> Outcome {
    for path in tree::files(from)? {
        let target = to.join(path.strip_prefix(from).expect("below the root"));
        let parent = target.parent().expect("a file has a parent");
        let copied = fs::create_dir_all(parent).and_then(|()| fs::copy(&path, &target));
        copied.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn try_one(mutant: &Mutant, copy: &Path, target: &Path) -> Result<Verdict, String> {
    let path = copy.join(&mutant.file);
    let sound = tree::read(&path)?;
    let broken = match list::apply(mutant, &sound) {
        Ok(text) => text,
        Err(why) => return Ok(Verdict::Broken(why)),
    };
    let write = |text: &str| fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()));
    write(&broken)?;
    let program = program::of(copy, &mutant.package, &mutant.test)?;
    let mut command = command(mutant, &program, copy, target);
    let ended = bounded::run_until(&mut command, LIMIT, verdict::has_failed).map_err(|error| format!("cargo: {error}"));
    write(&sound)?;
    let ended = ended?;
    Ok(verdict::judge(mutant.kind, ended.success, &ended.text))
}

/// The test run for one mutant: of the test program that `program` selects.
fn command(mutant: &Mutant, program: &[String], copy: &Path, target: &Path) -> Command {
    let mut command = cargo::command(copy, &target.join(mutant.kind.to_string()));
    match mutant.kind {
        Kind::Loom => {
            // Each mutant is built once and explored in seconds: quick to build counts for more than quick to run.
            command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").env("CARGO_PROFILE_DEV_DEBUG", "0");
            command.env("RUSTFLAGS", "--cfg loom").env("LOOM_MAX_PREEMPTIONS", "3");
            command.arg("test");
        }
        Kind::Shuttle => {
            command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").env("CARGO_PROFILE_DEV_DEBUG", "0");
            // More than a run of the suites: what a schedule in a few thousand finds is to be found each time.
            command.env("RUSTFLAGS", "--cfg shuttle").env("ORION_SCENARIO_RUNS", "20000");
            command.arg("test");
        }
        Kind::Unit => {
            command.env("CARGO_PROFILE_DEV_DEBUG", "0");
            command.arg("test");
        }
        Kind::Miri => {
            command.env("MIRIFLAGS", "-Zmiri-disable-isolation -Zmiri-ignore-leaks");
            command.args(["+nightly", "miri", "test"]);
        }
    }
    command.args(["--package", &mutant.package]).args(program).arg(&mutant.test);
    command
}

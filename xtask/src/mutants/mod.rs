//! `cargo xtask mutants`: each model and test named in xtask/mutants.toml is proved able to fail.
//!
//! ```text
//!   tree --copy--> temporary tree --replace one text--> run the named test --> it fails: caught
//!                        ^                                                 \-> it passes: survived
//!                        '---------------- restore the file ---------------'
//! ```
//!
//! Invariants
//! 1. The repository is never changed: mutants live in a temporary copy, one at a time.
//! 2. `from` occurs exactly once in its file, so that nobody has to guess what was changed.
//! 3. A mutant counts as caught only if the named test has run and failed: one that does not compile, or whose filter
//!    matches no test, is an error.
//! 4. All mutants share one target directory, so each builds only what its change touches.
//!
//! Rejected: cargo-mutants (its mutants are its own choice, and it knows neither loom nor Miri).

mod list;
mod verdict;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Outcome, bounded, cargo, tree};
use list::{Kind, Mutant};
use verdict::Verdict;

/// The list, relative to the repository.
const LIST: &str = "xtask/mutants.toml";
/// For one mutant, building included. A test that hangs has noticed too.
const LIMIT: Duration = Duration::from_secs(600);

pub(crate) fn run(root: &Path, only: Option<&str>, show: bool) -> Outcome {
    let mutants = list::parse(&tree::read(&root.join(LIST))?)?;
    let chosen: Vec<_> = mutants.iter().filter(|mutant| only.is_none_or(|part| mutant.name.contains(part))).collect();
    if show {
        for mutant in &chosen {
            println!("{:<60} {:<7} {:<30} {}", mutant.name, mutant.kind, mutant.test, mutant.file);
        }
        return Ok(());
    }
    if chosen.is_empty() {
        let which = only.map_or_else(|| "no mutant".into(), |part| format!("no mutant with {part:?} in its name"));
        return Err(format!("{LIST} lists {which}"));
    }
    let copy = tempfile::tempdir().map_err(|error| format!("temporary directory: {error}"))?;
    copy_tree(root, copy.path())?;
    let target = cargo::target(root, "mutants");
    let mut missed = Vec::new();
    for mutant in &chosen {
        let begin = Instant::now();
        let verdict = try_one(mutant, copy.path(), &target)?;
        println!("{:<60} {:<7} {verdict:<9} {:>6.1} s", mutant.name, mutant.kind, begin.elapsed().as_secs_f32());
        match verdict {
            Verdict::Caught | Verdict::Hung => {}
            Verdict::Survived => missed.push(format!("  {}: `{}` passes with it", mutant.name, mutant.test)),
            Verdict::Broken(why) => missed.push(format!("  {}: {why}", mutant.name)),
        }
    }
    println!("{} of {} mutants caught", chosen.len() - missed.len(), chosen.len());
    if missed.is_empty() { Ok(()) } else { Err(format!("mutants not caught:\n{}", missed.join("\n"))) }
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
    let ended = bounded::run(&mut command(mutant, copy, target), LIMIT).map_err(|error| format!("cargo: {error}"));
    write(&sound)?;
    let ended = ended?;
    Ok(verdict::judge(mutant.kind, ended.success, &ended.text))
}

/// The test run for one mutant.
fn command(mutant: &Mutant, copy: &Path, target: &Path) -> Command {
    let mut command = cargo::command(copy, &target.join(mutant.kind.to_string()));
    match mutant.kind {
        Kind::Loom => {
            // Each mutant is built once and explored in seconds: quick to build counts for more than quick to run.
            command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").env("CARGO_PROFILE_DEV_DEBUG", "0");
            command.env("RUSTFLAGS", "--cfg loom").env("LOOM_MAX_PREEMPTIONS", "3");
            command.args(["test", "--lib"]);
        }
        Kind::Shuttle => {
            command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").env("CARGO_PROFILE_DEV_DEBUG", "0");
            command.env("RUSTFLAGS", "--cfg shuttle");
            command.args(["test", "--lib"]);
        }
        Kind::Unit => {
            command.args(["test"]);
        }
        Kind::Miri => {
            command.env("MIRIFLAGS", "-Zmiri-disable-isolation -Zmiri-ignore-leaks");
            command.args(["+nightly", "miri", "test"]);
        }
    }
    command.args(["--package", &mutant.package, &mutant.test]);
    command
}

//! The parts: what each runs, and what it needs for that.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::ValueEnum;

use super::bounds::Bounds;
use crate::{Outcome, cargo, leaks, mutants, rules, tree};

/// A part of the verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Every rule has a citing test
    Rules,
    /// The models of single protocols, every interleaving up to a number of preemptions
    Loom,
    /// Whole scenarios, many random interleavings
    Shuttle,
    /// Random programs against a model
    Random,
    /// Nothing stays allocated after a test
    Leaks,
    /// Undefined behaviour under Stacked Borrows, where crossbeam's epoch is not involved
    MiriStacked,
    /// Undefined behaviour under Tree Borrows
    MiriTree,
    /// Memory errors of the optimised code
    Address,
    /// Data races of the optimised code
    Thread,
    /// The models and tests can fail
    Mutants,
}

impl Part {
    pub(super) const ALL: &[Self] = &[
        Self::Rules,
        Self::Loom,
        Self::Shuttle,
        Self::Random,
        Self::Leaks,
        Self::MiriStacked,
        Self::MiriTree,
        Self::Address,
        Self::Thread,
        Self::Mutants,
    ];

    pub(super) fn plan(self, root: &Path, bounds: &Bounds) -> Plan {
        match self {
            Self::Rules => {
                let root = root.to_owned();
                call("citations of rules", move || rules::run(&root, false))
            }
            Self::Loom => loom(root, bounds),
            Self::Shuttle => shuttle(root, bounds),
            Self::Random => random(root, bounds),
            Self::Leaks => {
                let root = root.to_owned();
                call("live allocations after each integration test", move || leaks::run(&root, None, None))
            }
            Self::MiriStacked => miri(root, bounds, false),
            Self::MiriTree => miri(root, bounds, true),
            Self::Address => sanitizer(root, "address"),
            Self::Thread => sanitizer(root, "thread"),
            Self::Mutants => {
                let root = root.to_owned();
                call("one-line breakages", move || mutants::run(&root, &mutants::Choice::default()))
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.to_possible_value().expect("none is hidden").get_name())
    }
}

/// One thing to do.
pub(super) enum Step {
    Call(Box<dyn FnOnce() -> Outcome>),
    Command(Command),
}

/// What a part does; or why it cannot.
pub(super) struct Plan {
    pub(super) what: String,
    pub(super) steps: Result<Vec<Step>, String>,
}

impl Plan {
    /// The command as one would type it.
    pub(super) fn show(command: &Command) -> String {
        let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let set = set.filter(|(name, _)| *name != "CARGO_TARGET_DIR");
        let mut words: Vec<_> = set.map(|(name, value)| format!("{}={:?}", name.display(), value)).collect();
        words.push(command.get_program().display().to_string());
        words.extend(command.get_args().map(|word| word.display().to_string()));
        words.join(" ")
    }
}

fn call(what: &str, call: impl FnOnce() -> Outcome + 'static) -> Plan {
    Plan { what: what.to_owned(), steps: Ok(vec![Step::Call(Box::new(call))]) }
}

fn commands(what: String, commands: impl IntoIterator<Item = Command>) -> Plan {
    Plan { what, steps: Ok(commands.into_iter().map(Step::Command).collect()) }
}

fn cannot(what: String, why: impl Into<String>) -> Plan {
    Plan { what, steps: Err(why.into()) }
}

fn loom(root: &Path, bounds: &Bounds) -> Plan {
    let mut command = cargo::command(root, &cargo::target(root, "loom"));
    command.env("RUSTFLAGS", "--cfg loom").env("LOOM_MAX_PREEMPTIONS", bounds.preemptions.to_string());
    command.args(["test", "--release", "--package", "orion-rt", "--lib"]);
    commands(format!("loom models, {} preemptions", bounds.preemptions), [command])
}

fn shuttle(root: &Path, bounds: &Bounds) -> Plan {
    let what = format!("shuttle scenarios, {} runs under each scheduler", bounds.runs);
    if !tree::read(&root.join("orion-rt/Cargo.toml")).is_ok_and(|text| text.contains("shuttle")) {
        return cannot(what, "orion-rt has no scenarios");
    }
    let mut command = cargo::command(root, &cargo::target(root, "shuttle"));
    command.env("RUSTFLAGS", "--cfg shuttle").env("ORION_SCENARIO_RUNS", bounds.runs.to_string());
    // The unit tests beside them run outside of an execution of the model, which its primitives refuse.
    command.args(["test", "--release", "--package", "orion-rt", "--lib", "scenarios"]);
    commands(what, [command])
}

fn random(root: &Path, bounds: &Bounds) -> Plan {
    let what = format!("random programs, {} steps, ORION_RT_SEED={}", bounds.steps, bounds.seed);
    let tests = root.join("tests/tests");
    if !tests.join("random_programs").is_dir() && !tests.join("random_programs.rs").is_file() {
        return cannot(what, "there is no such test");
    }
    let mut command = cargo::command(root, &cargo::target(root, ""));
    command.env("ORION_RT_STEPS", bounds.steps.to_string()).env("ORION_RT_SEED", bounds.seed.to_string());
    command.args(["test", "--package", "orion-tests", "--test", "random_programs"]);
    // Below, building for speed costs more than it saves.
    if bounds.steps > 1_000_000 {
        command.arg("--release");
    }
    commands(what, [command])
}

/// The integration tests that Miri runs within the bounds of `.ci/run`.
const FAST_UNDER_MIRI: [&str; 5] = ["scopes", "handles", "cancel", "panics", "stress"];
/// Those that it cannot run, or not in a day: they start programs, compile, wait for other executors, or are long by nature.
const PROGRAMS_NOT_UNDER_MIRI: [&str; 7] =
    ["ui", "abort", "macros", "leak_harness", "select_anywhere", "random_programs", "suites"];
/// Long loops in safe code.
const NOT_UNDER_MIRI: [&str; 3] = ["util::rng", "time::heap", "meta::id"];

fn miri(root: &Path, bounds: &Bounds, tree: bool) -> Plan {
    let model = if tree { "Tree Borrows" } else { "Stacked Borrows" };
    // Without workers the order of threads matters little.
    let seeds = if tree { bounds.seeds } else { bounds.seeds.div_ceil(2) };
    let what = format!("Miri, {model}, {seeds} seeds");
    if let Err(why) = nightly("miri") {
        return cannot(what, why);
    }
    // Leaks are allowed: tests forget futures and handles on purpose. What leaks otherwise is found by `leaks`.
    let mut flags = "-Zmiri-disable-isolation -Zmiri-ignore-leaks -Zmiri-permissive-provenance".to_owned();
    flags += &format!(" -Zmiri-many-seeds=0..{seeds}");
    if tree {
        flags += " -Zmiri-tree-borrows";
    }
    let test = || {
        let mut command = cargo::command(root, &cargo::target(root, "miri"));
        // A backtrace is interpreted too: minutes for each panic that a test expects.
        command.env("MIRIFLAGS", &flags).env("RUST_BACKTRACE", "0");
        command.args(["+nightly", "miri", "test", "--package"]);
        command
    };
    let mut unit = test();
    unit.args(["orion-rt", "--lib", "--"]).args(NOT_UNDER_MIRI.iter().flat_map(|name| ["--skip", name]));
    if !tree {
        // crossbeam's epoch, which is under the queues of workers, is written for Tree Borrows.
        unit.args(["--skip", "scheduler::multi"]);
        return commands(what, [unit]);
    }
    let mut names: Vec<_> = FAST_UNDER_MIRI.map(str::to_owned).into();
    if !bounds.fast {
        match tree::programs(&root.join("tests/tests")) {
            Ok(all) => names = all.into_iter().map(|(name, _)| name).collect(),
            Err(why) => return cannot(what, why),
        }
        names.retain(|name| !PROGRAMS_NOT_UNDER_MIRI.contains(&name.as_str()));
    }
    let mut integration = test();
    integration.arg("orion-tests").args(names.iter().flat_map(|name| ["--test", name]));
    commands(what, [unit, integration])
}

/// The integration tests that are left out under sanitizers: they start compilers and other programs.
const NOT_UNDER_SANITIZERS: [&str; 3] = ["ui", "abort", "leak_harness"];

fn sanitizer(root: &Path, name: &str) -> Plan {
    let what = format!("{name} sanitizer, the standard library included");
    const TARGET: &str = "x86_64-unknown-linux-gnu";
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return cannot(what, format!("only on {TARGET}"));
    }
    let names = match tree::programs(&root.join("tests/tests")) {
        Ok(names) => names,
        Err(why) => return cannot(what, why),
    };
    if let Err(why) = nightly("rust-src") {
        return cannot(what, why);
    }
    let test = || {
        let mut command = cargo::command(root, &cargo::target(root, name));
        command.env("RUSTFLAGS", format!("-Zsanitizer={name}")).env("CARGO_PROFILE_DEV_DEBUG", "1");
        // Optimised a little: the tests take half the time, and building does not take longer than they.
        command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
        // What is forgotten on purpose stays allocated; what leaks otherwise is found by `leaks`.
        command.env("ASAN_OPTIONS", "detect_leaks=0");
        command.env("TSAN_OPTIONS", format!("suppressions={}", root.join("xtask/tsan.supp").display()));
        command.args(["+nightly", "test", "--no-fail-fast", "-Zbuild-std", "--target", TARGET, "--package"]);
        command
    };
    let mut unit = test();
    unit.args(["orion-rt", "--lib"]);
    let mut integration = test();
    integration.arg("orion-tests");
    for (name, _) in names.iter().filter(|(name, _)| !NOT_UNDER_SANITIZERS.contains(&name.as_str())) {
        integration.args(["--test", name]);
    }
    commands(what, [unit, integration])
}

/// Makes sure that the nightly toolchain has `component`.
fn nightly(component: &str) -> Outcome {
    let quiet = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.env_remove("RUSTUP_TOOLCHAIN").status().is_ok_and(|status| status.success())
    };
    let has = || {
        let mut list = Command::new("rustup");
        list.args(["component", "list", "--installed", "--toolchain", "nightly"]).env_remove("RUSTUP_TOOLCHAIN");
        let listed = list.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        listed.is_ok_and(|text| text.lines().any(|line| line.starts_with(component)))
    };
    if has() {
        return Ok(());
    }
    // The toolchain may be there without the component; then the second command is the one that counts.
    quiet("rustup", &["toolchain", "install", "nightly", "--profile", "minimal"]);
    quiet("rustup", &["component", "add", "--toolchain", "nightly", "rust-src", component]);
    if has() { Ok(()) } else { Err(format!("the nightly toolchain with {component} cannot be installed")) }
}

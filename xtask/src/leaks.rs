//! `cargo xtask leaks`: after every integration test no more is allocated than before, and the counts of tasks, scopes and
//! channels are what they were.
//!
//! Each test program is built with `--cfg leaks` and the harness of `tests/src/leaks` in the place of the standard one (its
//! documentation says how it judges); nothing in the test programs mentions that. Choosing the harness is an unstable
//! option of the compiler, which `RUSTC_BOOTSTRAP` lets a stable one take.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::{Outcome, bounded, cargo, tree};

/// Where the test programs are: the package and its directory.
const PACKAGES: [(&str, &str); 2] = [("orion-tests", "tests"), ("orion-ffi", "orion-ffi")];
/// Test programs in which nothing of the runtime runs: they start other programs.
const SKIPPED: [&str; 3] = ["ui", "clients", "header"];
/// What the compiler is told besides.
const HARNESS: [&str; 2] =
    ["-Zcrate-attr=feature(custom_test_frameworks)", "-Zcrate-attr=test_runner(orion_tests::leaks::run)"];
/// For building one program.
const BUILD: Duration = Duration::from_secs(900);
/// For the tests of one program.
const LIMIT: Duration = Duration::from_secs(600);

/// Checks the programs whose name contains `only`, of these the tests whose name contains `test`.
pub(crate) fn run(root: &Path, only: Option<&str>, test: Option<&str>) -> Outcome {
    let mut wrong = Vec::new();
    let mut counts = Counts::default();
    for (package, dir) in PACKAGES {
        for (name, _) in tree::programs(&root.join(dir).join("tests"))? {
            if only.is_some_and(|part| !name.contains(part)) || SKIPPED.contains(&name.as_str()) {
                continue;
            }
            let begin = Instant::now();
            match program(root, package, dir, &name, test) {
                Ok(told) => {
                    println!("{name} ({:.1} s)", begin.elapsed().as_secs_f32());
                    told.lines().for_each(|line| counts.line(line, &name, &mut wrong));
                }
                Err(why) => {
                    println!(
                        "{name} ({:.1} s): {}",
                        begin.elapsed().as_secs_f32(),
                        why.lines().next().unwrap_or_default()
                    );
                    wrong.push(format!("{name}: {why}"));
                }
            }
        }
    }
    println!("{} tests balanced, {} leak on purpose, {} ignored", counts.balanced, counts.purpose, counts.ignored);
    if counts.balanced + counts.purpose == 0 {
        wrong.push("no test was checked".into());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// The verdicts that are not as they should be.
const FINDINGS: [&str; 3] = ["LEAKS", "DOES NOT", "FAILED"];

/// The verdict at the start of a line of the harness; something else for the lines that tests print.
fn verdict(line: &str) -> &str {
    line.get(..13).unwrap_or_default().trim_end()
}

/// How many tests ended how.
#[derive(Debug, Default)]
struct Counts {
    balanced: usize,
    purpose: usize,
    ignored: usize,
}

impl Counts {
    /// Reads one line of the harness; lines of the tests themselves are passed over.
    fn line(&mut self, line: &str, program: &str, wrong: &mut Vec<String>) {
        match verdict(line) {
            "balanced" => self.balanced += 1,
            "ignored" => self.ignored += 1,
            "on purpose" => {
                self.purpose += 1;
                println!("  {line}");
            }
            finding if FINDINGS.contains(&finding) => {
                println!("  {line}");
                wrong.push(format!("{program}: {line}"));
            }
            _ => {}
        }
    }
}

/// Builds a test program and runs it; what it printed.
fn program(root: &Path, package: &str, dir: &str, name: &str, test: Option<&str>) -> Result<String, String> {
    let mut build = cargo::command(root, &cargo::target(root, "leaks"));
    build.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "--cfg leaks").env("CARGO_PROFILE_TEST_DEBUG", "0");
    build.args(["rustc", "--package", package, "--profile", "test", "--test", name]);
    build.args(["--message-format", "json-render-diagnostics", "--"]).args(HARNESS);
    let built = bounded::run(&mut build, BUILD).map_err(|error| format!("cargo: {error}"))?;
    if built.success != Some(true) {
        let text: Vec<_> = built.text.lines().filter(|line| !line.starts_with('{')).collect();
        return Err(format!("does not build for the harness:\n{}", text.join("\n")));
    }
    let path = cargo::test_program(&built.text, name).ok_or("cargo names no program")?;
    let mut run = std::process::Command::new(path);
    run.current_dir(root.join(dir)).arg("--check").args(test).env("RUST_BACKTRACE", "0");
    let ended = bounded::run(&mut run, LIMIT).map_err(|error| format!("its program: {error}"))?;
    match ended.success {
        Some(true) => Ok(ended.text),
        // Its tests have a verdict each.
        Some(false)
            if ["LEAKS ", "DOES NOT ", "FAILED "].iter().any(|word| ended.text.contains(&format!("\n{word}"))) =>
        {
            Ok(ended.text)
        }
        Some(false) => Err(format!("its program failed:\n{}", ended.text)),
        None => Err(format!("its program does not end:\n{}", ended.text)),
    }
}

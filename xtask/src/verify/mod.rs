//! `cargo xtask verify`: everything that proves the semantics, or the parts that are named, and a table of what came of it.
//!
//! ```text
//!   part --bounds of --fast | (none) | --full--> commands --one after the other--> passed | failed | cannot run here
//! ```
//!
//! A part that lacks what it needs (a toolchain that cannot be had, a test that is not in the tree) says so in the table and
//! counts neither as passed nor as failed; if nothing has failed but something could not run, the exit code is 77, which
//! `.ci/run` reports as such.

mod bounds;
mod part;

pub(crate) use bounds::Options;
pub(crate) use part::Part;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::bounded;
use bounds::Bounds;
use part::{Plan, Step};

/// The exit code of a run in which nothing failed and something could not run.
const CANNOT: u8 = 77;

/// How a part ended.
enum End {
    Passed,
    Failed,
    Cannot(String),
}

/// Runs `parts`, all if there are none.
pub(crate) fn run(root: &Path, parts: &[Part], bounds: &Bounds) -> ExitCode {
    let parts = if parts.is_empty() { Part::ALL } else { parts };
    let mut rows = Vec::new();
    for part in parts {
        let plan = part.plan(root, bounds);
        println!("\n=== {part}: {}", plan.what);
        let begin = Instant::now();
        let end = execute(plan.steps, bounds.limit);
        let took = begin.elapsed();
        println!("--- {part}: {} after {:.0} s", word(&end), took.as_secs_f32());
        rows.push((part, plan.what, took, end));
    }
    println!("\n{:<14} {:>6}  {:<10} what", "part", "time", "result");
    for (part, what, took, end) in &rows {
        let why = if let End::Cannot(why) = end { format!(" ({why})") } else { String::new() };
        println!("{part:<14} {:>4.0} s  {:<10} {what}{why}", took.as_secs_f32(), word(end));
    }
    let any = |wanted: fn(&End) -> bool| rows.iter().any(|row| wanted(&row.3));
    match (any(|end| matches!(end, End::Failed)), any(|end| matches!(end, End::Cannot(_)))) {
        (true, _) => ExitCode::FAILURE,
        (false, true) => ExitCode::from(CANNOT),
        (false, false) => ExitCode::SUCCESS,
    }
}

fn word(end: &End) -> &'static str {
    match end {
        End::Passed => "passed",
        End::Failed => "FAILED",
        End::Cannot(_) => "cannot run",
    }
}

/// Runs the steps of a part until one fails.
fn execute(steps: Result<Vec<Step>, String>, limit: Duration) -> End {
    let steps = match steps {
        Ok(steps) => steps,
        Err(why) => return End::Cannot(why),
    };
    for step in steps {
        match step {
            Step::Call(call) => {
                if let Err(message) = call() {
                    println!("{}", message.trim_end());
                    return End::Failed;
                }
            }
            Step::Command(mut command) => {
                println!("{}", Plan::show(&command));
                match bounded::run(&mut command, limit) {
                    Ok(ended) if ended.success == Some(true) => println!("{}", summary(&ended.text)),
                    Ok(ended) => {
                        println!("{}", ended.text);
                        if ended.success.is_none() {
                            println!("stopped after {:.0} s", limit.as_secs_f32());
                        }
                        return End::Failed;
                    }
                    Err(error) => return End::Cannot(error.to_string()),
                }
            }
        }
    }
    End::Passed
}

/// What a passed test command said of its tests: a line per program.
fn summary(text: &str) -> String {
    let lines = text.lines().filter(|line| line.starts_with("test result: ") && !line.contains(" 0 passed; 0 failed"));
    lines.map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

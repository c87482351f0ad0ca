//! `cargo xtask verify`: everything that proves the semantics, or the parts that are named, and a table of what came of it.
//!
//! ```text
//!   part --bounds of --fast | (none) | --full--> commands --one after the other--> passed | failed | cannot run here
//! ```
//!
//! A part that lacks what it needs (a toolchain that cannot be had, a test that is not in the tree) says so in the table and
//! counts neither as passed nor as failed; if nothing has failed but something could not run, the exit code is 77, which
//! `.ci/run` reports as such. A command in which no test ran has failed: it has shown nothing.

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
                    Ok(ended) if ended.success == Some(true) && has_passed(&ended.text) => {
                        println!("{}", summary(&ended.text));
                    }
                    Ok(ended) => {
                        println!("{}", ended.text);
                        match ended.success {
                            None => println!("stopped after {:.0} s", limit.as_secs_f32()),
                            Some(true) => println!("no test ran: the command names none that exists"),
                            Some(false) => {}
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

/// Whether a test command says of any program that one of its tests has passed. The number alone is looked for: the programs of
/// several seeds write at the same time.
fn has_passed(text: &str) -> bool {
    let before = |end: usize| text[..end].rsplit(|c: char| !c.is_ascii_digit()).next();
    text.match_indices(" passed;").any(|(at, _)| before(at).is_some_and(|n| n.parse().is_ok_and(|n: u64| n > 0)))
}

/// What a passed test command said of its tests: a line per program.
fn summary(text: &str) -> String {
    let lines = text.lines().filter(|line| line.starts_with("test result: ") && !line.contains(" 0 passed; 0 failed"));
    lines.map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_without_a_test_shows_nothing() {
        let none = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 110 filtered out";
        assert!(!has_passed(none) && !has_passed("") && !has_passed("the test passed; well"));
        assert!(has_passed(&format!("{none}\ntest result: ok. 20 passed; 0 failed")));
        assert!(has_passed("test result: test result: okok. 1 passed; 0 failed; . 1 passed; 0 failed"));
        assert!(summary(none).is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn a_part_fails_with_its_first_step_that_shows_nothing() {
        let shell = |script: &str| {
            let mut command = std::process::Command::new("sh");
            command.args(["-c", script]);
            Step::Command(command)
        };
        let end = |script: &str| execute(Ok(vec![shell(script)]), Duration::from_secs(60));
        assert!(matches!(end("echo 'test result: ok. 3 passed; 0 failed'"), End::Passed));
        assert!(matches!(end("echo 'test result: ok. 0 passed; 0 failed'"), End::Failed));
        assert!(matches!(end("echo 'test result: FAILED. 3 passed; 1 failed'; exit 1"), End::Failed));
        assert!(matches!(execute(Err("why".into()), Duration::ZERO), End::Cannot(_)));
    }
}

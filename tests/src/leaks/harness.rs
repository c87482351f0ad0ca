//! The function that gets a test program's tests instead of the standard harness.
//!
//! With `--check` every test is run by [`check`](super::check), and the exit code says whether all are balanced. Without, the
//! named test is run once, also one that is otherwise ignored: a test starts its own program again to see how it ends.

extern crate test;

use std::env;
use std::panic::catch_unwind;
use std::process::exit;
use std::time::Instant;

use test::{ShouldPanic, StaticTestFn, TestDescAndFn};

use super::{Verdict, check, noted};

/// Runs the tests of a program, as its arguments say. Does not return.
pub fn run(tests: &[&TestDescAndFn]) {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let checking = arguments.iter().any(|argument| argument == "--check");
    let names: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let chosen = tests.iter().filter(|test| {
        let name = test.desc.name.as_slice();
        names.is_empty() || names.iter().any(|part| if checking { name.contains(*part) } else { name == *part })
    });
    let mut wrong = 0;
    for test in chosen {
        let name = test.desc.name.as_slice();
        let StaticTestFn(body) = test.testfn else { continue };
        let panics = test.desc.should_panic != ShouldPanic::No;
        let good = match (checking, test.desc.ignore) {
            (true, true) => {
                println!("ignored      {name}");
                true
            }
            (true, false) => examine(name, body, panics),
            (false, _) => passes(body, panics),
        };
        wrong += usize::from(!good);
    }
    // As the standard harness says it; a test that has started this program may look for it.
    println!("\ntest result: {} {wrong} failed", if wrong == 0 { "ok." } else { "FAILED." });
    exit(if wrong == 0 { 0 } else { 101 });
}

/// What the standard harness makes of a test function.
type Body = fn() -> Result<(), String>;

/// Runs a test once, in this thread.
fn passes(body: Body, panics: bool) -> bool {
    match catch_unwind(body) {
        Ok(Ok(())) => !panics,
        Ok(Err(message)) => {
            eprintln!("{message}");
            false
        }
        Err(_) => panics,
    }
}

/// Checks a test and prints the verdict; `false` if it is not as it should be.
fn examine(name: &str, body: Body, panics: bool) -> bool {
    let begin = Instant::now();
    noted();
    let verdict = check(name, || passes(body, panics));
    let purpose = noted();
    let (good, word, what) = match (verdict, purpose) {
        (Verdict::Balanced, None) => (true, "balanced", String::new()),
        (Verdict::Leaks(_), Some(reason)) => (true, "on purpose", reason.to_owned()),
        (Verdict::Leaks(left), None) => (false, "LEAKS", format!("each run leaves {left}")),
        (Verdict::Balanced, Some(reason)) => (false, "DOES NOT", format!("leak, though it says: {reason}")),
        (Verdict::Failed, _) => (false, "FAILED", String::new()),
    };
    println!("{word:<12} {name} ({:.2} s) {what}", begin.elapsed().as_secs_f32());
    good
}

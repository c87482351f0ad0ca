//! `#[orion_rt::main]` and `#[orion_rt::test]`: R6, R7, D9.

use std::future::pending;
use std::num::ParseIntError;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use orion_rt::{Chan, Scope, select};
use orion_tests::{Count, watched};

// R1, R7
#[orion_rt::test]
async fn everything_runs_on_the_test_thread(s: &Scope) {
    let this = thread::current().id();
    let shared = std::rc::Rc::new(5);
    let handle = s.spawn({
        let shared = shared.clone();
        async move { (thread::current().id(), *shared) }
    });
    assert_eq!(handle.get().await, (this, 5));
}

// R2, R7
#[orion_rt::test(workers = 2)]
async fn workers_are_threads_of_their_own(s: &Scope) {
    let this = thread::current().id();
    let other = s.spawn(async { thread::current().id() }).get().await;
    assert_ne!(this, other);
}

// R7
#[orion_rt::test]
async fn the_argument_may_be_left_out() {
    orion_rt::yield_now().await;
}

// R7, P1
#[orion_rt::test]
#[should_panic(expected = "of a child")]
async fn a_panic_fails_the_test(s: &Scope) {
    s.go(async { panic!("of a child") });
}

// R7
#[orion_rt::test]
async fn a_test_may_return_a_result(s: &Scope<'_, '_>) -> Result<(), ParseIntError> {
    let number: u8 = "5".parse()?;
    s.go(async move { assert_eq!(number, 5) });
    Ok(())
}

#[orion_rt::main]
async fn parse(s: &Scope) -> Result<u8, ParseIntError> {
    // Without the cancellation the root would wait for this child for ever.
    s.go(pending());
    let number = "five".parse()?;
    Ok(number)
}

#[expect(clippy::question_mark, reason = "an early return is what is tested")]
#[orion_rt::main(workers = 2)]
async fn parse_on_workers(s: &Scope) -> Result<u8, ParseIntError> {
    s.go(pending());
    if let Err(error) = "five".parse::<u8>() {
        return Err(error);
    }
    Ok(5)
}

// R7: `Err` cancels the rest.
#[test]
fn an_err_cancels_the_children() {
    assert!(watched(parse).is_err());
    assert!(watched(parse_on_workers).is_err());
}

/// A `Result` by another name.
type Parsed = Result<u8, ParseIntError>;

#[orion_rt::main]
async fn aliased(s: &Scope) -> Parsed {
    s.go(pending());
    "".parse()
}

// R7: what counts is the type, not its name.
#[test]
fn an_aliased_result_is_one_too() {
    assert!(watched(aliased).is_err());
}

#[orion_rt::main]
async fn waits(s: &Scope) -> Option<u8> {
    let count = Chan::new(1);
    s.go({
        let count = count.clone();
        async move { count.send(1).await.unwrap() }
    });
    count.recv().await;
    None
}

// R7: only an `Err` is a failure.
#[test]
fn other_values_are_returned_as_they_are() {
    assert_eq!(waits(), None);
}

#[orion_rt::main]
async fn inferred() -> Result<impl std::fmt::Debug, ParseIntError> {
    let number: u8 = "7".parse()?;
    Ok(number)
}

#[test]
fn a_returned_impl_is_inferred() {
    assert_eq!(format!("{:?}", inferred()), "Ok(7)");
}

static RUNS: AtomicU64 = AtomicU64::new(0);

// D9
#[orion_rt::test(seeds = 3..13)]
#[should_panic(expected = "run 5")]
async fn seeds_run_one_after_the_other_until_one_fails(s: &Scope) {
    let run = RUNS.fetch_add(1, Ordering::SeqCst);
    if run == 5 {
        RUNS.store(0, Ordering::SeqCst);
    }
    s.spawn(async move { assert_ne!(run, 5, "run {run}") }).get().await;
}

// D9, L3: the same seed gives the same choices.
#[test]
fn a_seed_decides_the_choices() {
    let choices = |seed: u64| {
        let runtime = orion_rt::Runtime::builder().seed(seed).build_local().unwrap();
        runtime.run(async |_| {
            let mut choices = Vec::new();
            for _ in 0..64 {
                choices.push(select! {
                    _ = async {} => 0,
                    _ = async {} => 1,
                });
            }
            choices
        })
    };
    assert_eq!(choices(1), choices(1));
    assert_ne!(choices(1), choices(2));
}

/// Tests that fail on purpose, only run by the one below.
mod failing {
    use super::*;

    static RUNS: AtomicU64 = AtomicU64::new(0);

    /// Fails at its fourth run.
    #[orion_rt::test(seeds = 10..20)]
    #[ignore = "fails on purpose"]
    async fn at_the_fourth_run() -> Result<(), String> {
        let replayed = std::env::var("ORION_RT_SEED").is_ok();
        match RUNS.fetch_add(1, Ordering::SeqCst) {
            3 => Err("the fourth run".into()),
            0 if replayed => Err("replayed".into()),
            _ => Ok(()),
        }
    }

    /// Fails in some orders of its three tasks.
    #[orion_rt::test(seeds = 0..1000, deterministic)]
    #[ignore = "fails on purpose"]
    async fn in_some_order(s: &Scope) {
        let order = s.keep(std::cell::RefCell::new(String::new()));
        for name in ["a", "b", "c"] {
            s.go(async move {
                orion_rt::sleep(Duration::from_secs(1)).await;
                order.borrow_mut().push_str(name);
            });
        }
        orion_rt::sleep(Duration::from_secs(2)).await;
        let order = order.borrow();
        assert_ne!(order.as_str(), "cab", "the order was {order}");
    }
}

/// Runs tests of this file as `cargo test` does with what stands behind its `--`; they fail. Gives what they print.
fn fails(arguments: &[&str], seed: Option<&str>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments).env_remove("ORION_RT_SEED").envs(seed.map(|seed| ("ORION_RT_SEED", seed)));
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

// D9: a failing seed is printed with what replays it: variable, package and test, from whatever module.
#[test]
fn a_failing_seed_is_printed_and_can_be_replayed() {
    for (test, replayed) in
        [("failing::at_the_fourth_run", "replayed"), ("failing::in_some_order", "the order was cab")]
    {
        let first = fails(&["--ignored", "--exact", test], None);
        let (_, command) = first.split_once("to replay it: ").unwrap_or_else(|| panic!("{first}"));
        let words: Vec<&str> = command.lines().next().unwrap_or_default().split(' ').collect();
        let [seed, "cargo", "test", "-p", package, test, "--", rest @ ..] = &*words else { panic!("{first}") };
        assert_eq!(*package, env!("CARGO_PKG_NAME"));
        let (variable, seed) = seed.split_once('=').unwrap_or_else(|| panic!("{first}"));
        assert_eq!(variable, "ORION_RT_SEED");
        let mut arguments = vec![*test];
        arguments.extend(rest);
        let again = fails(&arguments, Some(seed));
        assert!(again.contains(replayed) && again.contains("1 failed"), "{again}");
    }
}

// R7, T3: an hour passes at once.
#[orion_rt::test(deterministic)]
async fn an_hour_in_a_deterministic_test(s: &Scope) {
    let start = orion_rt::now();
    s.spawn(orion_rt::sleep(Duration::from_secs(3600))).get().await;
    assert_eq!(orion_rt::now() - start, Duration::from_secs(3600));
}

// D9: with seeds, each run has a runtime and a clock of its own.
#[orion_rt::test(seeds = 0..3, deterministic, workers = 1)]
async fn seeds_in_a_deterministic_test(s: &Scope<'_, '_, orion_rt::Local>) -> Result<(), orion_rt::Elapsed> {
    s.go(orion_rt::sleep(Duration::from_secs(5)));
    orion_rt::timeout(Duration::from_secs(6), orion_rt::sleep(Duration::from_secs(5))).await
}

// R7: `Err` goes to `Termination`, when the rest has been cancelled.
#[test]
fn an_err_of_main_ends_the_process_with_a_failure() {
    let output = watched(|| Command::new(env!("CARGO_BIN_EXE_ends_with_err")).output().unwrap());
    assert_eq!(output.status.code(), Some(1));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(out.contains("the other task is gone"), "{out}");
    assert!(err.contains("Error: ParseIntError"), "{err}");
}

// R7: the function is an ordinary one, and its scope is a root of its own.
#[test]
fn a_root_ends_with_its_function() {
    #[orion_rt::main]
    async fn root(s: &Scope) -> Count {
        let drops = Count::default();
        let value = drops.on_drop();
        s.go(async move {
            let _value = value;
            orion_rt::yield_now().await;
        });
        drops
    }
    assert_eq!(root().get(), 1);
}

// R6: a setting that only shows at run time.
#[test]
#[should_panic(expected = "workers(0)")]
fn no_workers_at_run_time() {
    #[orion_rt::main(workers = usize::from(false))]
    async fn root() {}
    root();
}

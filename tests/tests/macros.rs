//! `#[orion_rt::main]` and `#[orion_rt::test]`: R6, R7, D9.

use std::future::pending;
use std::num::ParseIntError;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

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

static CHOSEN: AtomicU64 = AtomicU64::new(0);

/// Fails at its fourth run; only run by the test below.
#[orion_rt::test(seeds = 10..20)]
#[ignore = "fails on purpose"]
async fn fails_at_thirteen() -> Result<(), String> {
    let replayed = std::env::var("ORION_RT_SEED").is_ok();
    match CHOSEN.fetch_add(1, Ordering::SeqCst) {
        3 => Err("the fourth run".into()),
        0 if replayed => Err("replayed".into()),
        _ => Ok(()),
    }
}

// D9: a failing seed is printed with what replays it.
#[test]
fn a_failing_seed_is_printed_and_can_be_replayed() {
    let run = |seed: Option<&str>| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "fails_at_thirteen", "--nocapture"]).env_remove("ORION_RT_SEED");
        command.envs(seed.map(|seed| ("ORION_RT_SEED", seed)));
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let first = run(None);
    assert!(first.contains("failed with seed 13"), "{first}");
    assert!(first.contains("ORION_RT_SEED=13 cargo test fails_at_thirteen -- --exact"), "{first}");
    assert!(run(Some("13")).contains("replayed"));
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

//! Random programs.
//!
//! On one thread: each is run by the runtime and followed, event by event, by a sequential model of the contract written
//! independently of it (`model`). On several workers the order of events is free, so what is checked is what holds in every
//! order (`invariants`).
//!
//! A step is an event: a turn of a task, its being torn down, the end of an operation, the drop of a value. How many are run is
//! said by `ORION_RT_STEPS`, for each of the two; they are counted and printed (`--nocapture`). Which they are, by `ORION_RT_SEED`: without it they
//! are always the same. A program that fails is shrunk by proptest and printed as Rust; pasted into `regressions` it stays a test.

#![forbid(unsafe_code)]

mod any_chan;
mod chans;
mod communicate;
mod inside;
mod interpreter;
mod invariants;
mod model;
mod program;
mod real;
mod regressions;
mod strategies;
mod trace;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use orion_rt::Runtime;
use orion_tests::{WORKERS, workers};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use invariants::Ledger;
use model::Reached;
use program::{Program, Source};
use real::{Clock, World};
use strategies::{any_program, calm_program, panicking_program};
use trace::Recorder;

/// No program takes as long as this.
const LIMIT: Duration = Duration::from_secs(30);

/// How many steps to run: `ORION_RT_STEPS`, or what takes a second or two.
fn steps_wanted(otherwise: u64) -> u64 {
    match std::env::var("ORION_RT_STEPS") {
        Ok(steps) => steps.replace('_', "").parse().expect("ORION_RT_STEPS is a number"),
        Err(_) => otherwise,
    }
}

/// Where the programs begin.
fn seed() -> u64 {
    std::env::var("ORION_RT_SEED").map_or(0, |seed| seed.parse().expect("ORION_RT_SEED is a number"))
}

/// What a watchdog prints when a program hangs.
#[derive(Default)]
struct Current(Mutex<(u64, String)>);

impl Current {
    /// `source` is about to run.
    fn set(&self, source: &Source) {
        let mut current = self.0.lock().unwrap();
        current.0 += 1;
        current.1 = format!("{source:?}");
    }

    /// Runs `test`; ends the process if a program takes longer than any needs.
    fn watch<T>(&self, test: impl FnOnce() -> T) -> T {
        let (finished, is_finished) = channel::<()>();
        std::thread::scope(|threads| {
            threads.spawn(move || {
                let mut seen = 0;
                while is_finished.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
                    let current = self.0.lock().unwrap();
                    if current.0 == seen {
                        eprintln!("this program hangs: {}", current.1);
                        std::process::abort();
                    }
                    seen = current.0;
                }
            });
            let _finished = finished;
            test()
        })
    }
}

/// The panic that comes out of a root, if one does.
fn raised(root: impl FnOnce()) -> Option<u32> {
    catch_unwind(AssertUnwindSafe(root)).err().map(|payload| real::panic_number(&*payload))
}

/// Runs `source` on one thread and follows the trace.
fn check_local(source: &Source) -> Result<(u64, Reached), String> {
    let program = Program::new(source);
    let recorder = Recorder::default();
    let (rest, raised) = {
        let world = World::new(&program, &recorder, Clock::Virtual);
        let runtime = orion_rt::Runtime::builder().yield_budget(program.budget).deterministic(true);
        let runtime = runtime.build_local().expect("no threads");
        let raised = raised(|| runtime.run(async |s| interpreter::local::root(&world, s).await));
        (world.drain(), raised)
    };
    let events = recorder.events();
    let reached = model::follow(&program, &events, &rest, raised).map_err(|difference| difference.to_string())?;
    Ok((events.len() as u64, reached))
}

/// Runs `source` on `runtime` and checks what holds in every order.
fn check_multi(runtime: &Runtime, source: &Source, calm: bool) -> Result<u64, String> {
    let program = Program::new(source);
    let ledger = Ledger::new(&program);
    let rest = {
        let world = World::new(&program, &ledger, Clock::System { patience: 200 });
        raised(|| runtime.run(async |s| interpreter::multi::root(&world, s).await));
        world.drain()
    };
    ledger.check(&rest, calm)
}

/// Runs programs until `wanted` steps have been; `check` gives those of one. Gives how many steps and programs there were.
fn explore(
    wanted: u64,
    programs: impl Strategy<Value = Source>,
    mut check: impl FnMut(&Source) -> Result<u64, String>,
) -> (u64, u64) {
    let mut seed = seed();
    let current = Current::default();
    let counts = Cell::new((0, 0));
    let check = RefCell::new(&mut check);
    while counts.get().0 < wanted {
        let config = Config {
            cases: 64,
            failure_persistence: None,
            max_shrink_iters: 100_000,
            rng_seed: RngSeed::Fixed(seed),
            ..Config::default()
        };
        seed = seed.wrapping_add(1);
        let ran = current.watch(|| {
            TestRunner::new(config).run(&programs, |source| {
                current.set(&source);
                let steps = (check.borrow_mut())(&source).map_err(TestCaseError::fail)?;
                let (total, programs) = counts.get();
                counts.set((total + steps, programs + 1));
                Ok(())
            })
        });
        if let Err(failure) = ran {
            panic!("{failure}");
        }
    }
    counts.get()
}

// C1-C7, C10, L1, L3, L4, L9, R8, S2-S6, S8, S9, S11, J3-J7, X1-X5, P1, P2, Y1, Y2, T1, T3 on one thread, against the model.
#[test]
fn a_run_on_one_thread_is_what_the_model_says() {
    let mut reached = Reached::default();
    let wanted = steps_wanted(20_000) / 2;
    for (panics, programs) in [(false, any_program().boxed()), (true, panicking_program().boxed())] {
        let (steps, programs) = explore(wanted, programs, |source| {
            let (steps, more) = check_local(source)?;
            reached += more;
            Ok(steps)
        });
        println!("{steps} steps of {programs} programs without a difference, panics: {panics}; {reached:?}");
    }
    assert!(reached.all(), "the programs come to every corner: {reached:?}");
}

// C1, C3, C4, C7, J5, J6, R3, R8, S2, S8, X5, X6 on 1, 2 and 8 workers.
#[test]
fn every_run_on_workers_keeps_its_values_and_tasks() {
    let runtimes: Vec<Runtime> = WORKERS.iter().map(|&n| workers(n)).collect();
    let wanted = steps_wanted(20_000) / 3;
    let kinds = [
        ("any", any_program().boxed()),
        ("calm", calm_program().boxed()),
        ("with panics", panicking_program().boxed()),
    ];
    for (kind, programs) in kinds {
        let calm = kind == "calm";
        let (steps, programs) =
            explore(wanted, programs, |source| runtimes.iter().map(|runtime| check_multi(runtime, source, calm)).sum());
        println!("{steps} steps of {programs} programs on {WORKERS:?} workers, {kind}");
    }
}

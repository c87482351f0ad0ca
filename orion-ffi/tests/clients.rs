//! Programs in LLVM IR, C and C++20, built with the system's compiler and linked with `liborion_runtime.a`.
//!
//! LLVM is not needed: the assembly made of `ll/*.ll` is committed, for x86-64 and aarch64 on Linux.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

#[path = "support/client.rs"]
mod client;

use client::{Program, Ran};
use std::os::unix::process::ExitStatusExt;

const NO_ARGS: [&str; 0] = [];

// V1, V2, F1: a program as the compiler emits it.
#[test]
fn a_compiled_program_runs_unmodified() {
    let program = Program::build("v1-ll", &["ll/v1"]);
    assert_eq!(program.run(&NO_ARGS, &[]).lines(), ["sum 42", "late 100"]);
    assert_eq!(program.run(&NO_ARGS, &[("ORION_WORKERS", "2")]).lines(), ["sum 42", "late 100"]);
}

const V1: [&str; 6] =
    ["million 1000000", "reuse wrong 0, addresses came back", "nested 1000", "spread 1000", "done 81", "again 144"];

// V2, V3, V4, V5, F2: a million frames, addresses that come back, 1000 nested joins, shutdown and a new start.
#[test]
fn the_v1_functions_under_load() {
    let program = Program::build("v1-c", &["c/v1.c", "ll/frames"]);
    assert_eq!(program.run(&NO_ARGS, &[]).lines(), V1);
    assert_eq!(program.run(&NO_ARGS, &[("ORION_WORKERS", "2")]).lines(), V1);
}

// V1: with workers, tasks run at the same time.
#[test]
fn two_workers_run_two_tasks_at_once() {
    let program = Program::build("parallel", &["c/parallel.c", "ll/frames"]);
    let ran = program.run(&NO_ARGS, &[("ORION_WORKERS", "2")]);
    assert_eq!(ran.lines(), ["met 42 nested 200 spread 10000"]);
}

// F1, F3, V1, V2, V4
#[test]
fn cpp_coroutines_spawn_yield_and_join() {
    let program = Program::build("tasks-cpp", &["cpp/tasks.cpp"]);
    let lines = ["turns 1212 sum 3", "fib 987", "unspawned 3", "wide 7", "many 1000"];
    assert_eq!(program.run(&NO_ARGS, &[]).lines(), lines);
}

// E1, E2, E3, E4
#[test]
fn cpp_coroutines_and_main_share_channels() {
    let program = Program::build("channels-cpp", &["cpp/channels.cpp"]);
    let moved = "sum 1001000 sent 1000 seen 1000 after 2";
    let lines = [moved, moved, moved, moved, "closed 0 0 again 2", "invalid 7 7 7"];
    assert_eq!(program.run(&NO_ARGS, &[]).lines(), lines);
    assert_eq!(program.run(&NO_ARGS, &[("ORION_WORKERS", "2")]).lines(), lines);
}

fn fault(what: &str, env: &[(&str, &str)]) -> Ran {
    static PROGRAM: std::sync::OnceLock<Program> = std::sync::OnceLock::new();
    PROGRAM.get_or_init(|| Program::build("faults", &["c/faults.c", "ll/frames"])).run(&[what], env)
}

#[track_caller]
fn deadlocks(what: &str, env: &[(&str, &str)], says: &[&str]) {
    let ran = fault(what, env);
    assert_eq!(ran.status.code(), Some(2), "{what}: {}{}", ran.stdout, ran.stderr);
    for part in says {
        assert!(ran.stderr.contains(part), "{what}: no {part:?} in\n{}", ran.stderr);
    }
}

// V7: a cycle of joins is reported with the frames that wait, whoever runs them.
#[test]
fn a_cycle_of_joins_is_a_deadlock() {
    let says = ["deadlock", "main waits in orion_scheduler_run for", "waits in orion_scheduler_run_until for task"];
    deadlocks("cycle", &[], &says);
    deadlocks("cycle", &[("ORION_WORKERS", "2")], &says);
}

// V7: a channel that no other thread could use, with and without workers.
#[test]
fn waiting_for_a_channel_nobody_has_is_a_deadlock() {
    for env in [&[][..], &[("ORION_WORKERS", "2")][..]] {
        let main = "main waits in orion_scheduler_run_until";
        deadlocks("channel", env, &["deadlock", main, "waits in orion_chan_recv on channel"]);
        deadlocks("main", env, &["deadlock", "main waits in orion_chan_recv on \"nobody\" (cap 0, len 0)"]);
        deadlocks(
            "both",
            env,
            &["deadlock", "main waits in orion_chan_send on channel", "waits in orion_chan_recv on channel"],
        );
    }
}

// V7: never a false report: another thread, which is busy elsewhere, ends the wait.
#[test]
fn a_wait_that_another_thread_ends_is_no_deadlock() {
    for env in [&[][..], &[("ORION_WORKERS", "2")][..]] {
        assert_eq!(fault("rescue", env).lines(), ["rescued 7", "survived"]);
    }
}

// V7: one line, and abort.
#[test]
fn misuse_is_diagnosed_and_aborts() {
    let cases = [
        ("itself", "waits for itself"),
        ("two", "is joined by two at once"),
        ("null", "orion_scheduler_spawn was given"),
        ("misaligned", "orion_scheduler_run_until was given"),
        ("twice", "was spawned twice"),
    ];
    for (what, says) in cases {
        let ran = fault(what, &[]);
        assert_eq!(ran.status.signal(), Some(libc::SIGABRT), "{what}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{what}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("orion: ") && ran.stderr.contains(says), "{what}: {}", ran.stderr);
    }
}

// V1: a setting that makes no sense says so.
#[test]
fn a_wrong_number_of_workers_is_diagnosed() {
    for wrong in ["0", "many", "-1", ""] {
        let ran = fault("twice", &[("ORION_WORKERS", wrong)]);
        assert_eq!(ran.status.code(), Some(2), "{wrong}: {}", ran.stderr);
        assert!(ran.stderr.contains("ORION_WORKERS") && ran.stderr.contains("from 1 to 1024"), "{}", ran.stderr);
    }
}

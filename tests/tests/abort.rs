//! What ends the process on purpose: each case runs in a process of its own.

use std::process::Command;

use orion_rt::run;

const CASE: &str = "ORION_RT_ABORT_CASE";

/// Runs the named test again, alone, in a process where `CASE` is set.
fn in_a_process(test: &str) -> (bool, String) {
    let this = std::env::current_exe().expect("the test's own program");
    let output = Command::new(this).args(["--exact", test, "--nocapture"]).env(CASE, "1").output().expect("it starts");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

// P4: a panic while a panic unwinds through the root aborts, as std's does.
#[test]
#[cfg_attr(miri, ignore = "starts a process")]
fn p4_a_panic_during_a_roots_panic_aborts() {
    struct RootInDrop;
    impl Drop for RootInDrop {
        fn drop(&mut self) {
            run(async |_| panic!("second"));
        }
    }
    if std::env::var_os(CASE).is_some() {
        let _guard = RootInDrop;
        run(async |_| panic!("first"));
    }
    let (success, stderr) = in_a_process("p4_a_panic_during_a_roots_panic_aborts");
    assert!(!success, "{stderr}");
    assert!(stderr.contains("first") && stderr.contains("second"), "{stderr}");
    assert!(stderr.contains("aborting") || stderr.contains("abort"), "{stderr}");
}

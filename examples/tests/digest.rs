//! The binary `digest`, as a user sees it: its output against `sha256sum`, its exit codes, its messages.

#![cfg(unix)]

mod support;

use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use support::{Tree, digest, hold, sha256sum, text};

#[test]
fn the_list_is_what_sha256sum_prints() {
    let tree = Tree::of_many_files();
    let listed = digest().arg(tree.path()).arg("--list").output().unwrap();
    assert!(listed.status.success(), "{}", text(&listed.stderr));
    assert_eq!(text(&listed.stdout), text(&sha256sum(tree.path())));
}

#[test]
fn one_worker_and_four_print_the_same() {
    let tree = Tree::of_many_files();
    let one = digest().arg(tree.path()).args(["--list", "-j", "1"]).output().unwrap();
    let four = digest().arg(tree.path()).args(["--list", "-j", "4"]).output().unwrap();
    assert!(one.status.success() && four.status.success());
    assert_eq!(one.stdout, four.stdout);
}

#[test]
fn totals_come_from_the_frame_and_leave_the_list_alone() {
    let tree = Tree::new();
    tree.file("a", b"four");
    tree.file("b/c", b"sixsix");
    let plain = digest().arg(tree.path()).output().unwrap();
    let told = text(&plain.stdout);
    assert!(told.contains("files     2\n") && told.contains("bytes     10 ("), "{told}");
    assert!(told.contains("tasks     5 (") && told.contains("messages  8 ("), "{told}");

    let listed = digest().arg(tree.path()).arg("--list").output().unwrap();
    assert_eq!(text(&listed.stdout).lines().count(), 2, "only the list on standard output");
    assert!(text(&listed.stderr).contains("files     2\n"));
}

#[test]
fn the_digest_of_the_tree_is_that_of_its_list() {
    let tree = Tree::of_many_files();
    let told = text(&digest().arg(tree.path()).output().unwrap().stdout);
    let whole = Tree::new();
    whole.file("list", &sha256sum(tree.path()));
    let expected = text(&sha256sum(whole.path()));
    assert_eq!(told.lines().next().unwrap(), format!("tree      {}", expected.split(' ').next().unwrap()));
}

#[test]
fn names_with_special_bytes_are_listed_as_sha256sum_does() {
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::new();
    for name in [&b"with space"[..], b"back\\slash", b"line\nfeed", b"return\r", b"\xff\xfe not UTF-8", b"-dash", b"*"]
    {
        tree.file(std::ffi::OsStr::from_bytes(name), name);
    }
    let listed = digest().arg(tree.path()).arg("--list").output().unwrap();
    assert_eq!(listed.stdout, sha256sum(tree.path()));
}

#[test]
fn a_single_file_and_hidden_files_count() {
    let tree = Tree::new();
    tree.file(".hidden/.file", b"x");
    tree.file("target/output", b"y");
    let listed = text(&digest().arg(tree.path()).arg("--list").output().unwrap().stdout);
    assert_eq!(listed, text(&sha256sum(tree.path())));
    assert_eq!(listed.lines().count(), 2);
    let file = tree.path().join(".hidden/.file");
    assert_eq!(digest().arg(&file).arg("--list").output().unwrap().stdout, sha256sum(&file));
}

#[test]
fn without_a_path_it_is_the_repository_without_its_build_output() {
    let tree = Tree::new();
    tree.file("Cargo.toml", b"[workspace]\n");
    tree.file(".git/HEAD", b"x");
    tree.file("target/output", b"x");
    tree.file("crate/target/kept", b"x");
    tree.file(".hidden", b"x");
    tree.file("crate/src/lib.rs", b"x");
    let listed = digest().arg("--list").current_dir(tree.path().join("crate/src")).output().unwrap();
    let names: Vec<_> = text(&listed.stdout).lines().map(|line| line.split("  ").nth(1).unwrap().to_string()).collect();
    assert_eq!(names, ["../../.hidden", "../../Cargo.toml", "../../crate/src/lib.rs", "../../crate/target/kept"]);
}

#[test]
fn an_empty_tree_has_no_files() {
    let tree = Tree::new();
    for extra in ["--list", "--dump", "-j4"] {
        let output = digest().arg(tree.path()).arg(extra).output().unwrap();
        assert!(output.status.success(), "{extra}: {}", text(&output.stderr));
    }
}

#[test]
fn a_missing_path_is_named() {
    let tree = Tree::new();
    for jobs in ["-j1", "-j4"] {
        let missing = tree.path().join("missing");
        let output = digest().arg(&missing).arg(jobs).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let expected = format!("digest: {}: No such file or directory (os error 2)\n", missing.display());
        assert_eq!(text(&output.stderr), expected);
    }
}

#[test]
fn what_cannot_be_read_is_named_and_ends_the_rest() {
    let tree = Tree::new();
    symlink("loop", tree.path().join("loop")).unwrap();
    let output = digest().arg(tree.path().join("loop")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("loop: Too many levels of symbolic links"), "{}", text(&output.stderr));

    let output = digest().arg("/dev/null").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "digest: /dev/null: neither a file nor a directory\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_that_fails_half_way_is_named() {
    // A regular file whose first page cannot be read, whoever asks.
    for jobs in ["-j1", "-j4"] {
        let output = digest().args(["/proc/self/mem", jobs]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).starts_with("digest: /proc/self/mem: Input/output error"));
    }
}

#[test]
fn a_file_without_permission_ends_the_rest() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::of_many_files();
    let secret = tree.file("many/secret", b"x");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    for jobs in ["-j1", "-j4"] {
        let output = tree.digest_without_privileges().arg(tree.path()).args([jobs, "--list"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(
            text(&output.stderr).ends_with("many/secret: Permission denied (os error 13)\n"),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    for wrong in [&["-j", "0"][..], &["-j", "many"], &["--no-such-flag"], &["a", "b"]] {
        let output = digest().args(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(text(&output.stderr).contains("--help"));
    }
}

#[test]
fn a_broken_pipe_is_a_write_error() {
    let tree = Tree::of_many_files();
    for arguments in [&["--list"][..], &[], &["--list", "-j4"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = digest().arg(tree.path()).args(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_eq!(text(&output.stderr), "digest: write error: Broken pipe (os error 32)\n");
    }
}

#[test]
fn the_dump_names_tasks_and_the_frame() {
    let tree = Tree::of_many_files();
    // Half of them is more than fits into the pipeline, also when one of its tasks lags behind the others.
    for n in 0..4000 {
        tree.file(format!("more/{n}"), b"");
    }
    for jobs in ["-j1", "-j4"] {
        let output = digest().arg(tree.path()).args(["--dump", jobs]).output().unwrap();
        let told = text(&output.stdout);
        assert!(output.status.success(), "{}", text(&output.stderr));
        for name in ["walk", "merge", "totals (Orion frame)", "digest "] {
            assert!(told.contains(name), "{name} is not in\n{told}");
        }
        assert!(
            told.lines().any(|line| line.starts_with("tree      ")),
            "the run goes on after the dump, on a line of its own"
        );
    }
}

#[test]
fn ctrl_c_cancels_and_says_so() {
    let tree = Tree::new();
    // Reading it takes far longer than anyone waits, and no disk.
    hold(&tree.file("endless", b""), 1 << 40);
    for jobs in ["-j1", "-j4"] {
        let mut child = digest()
            .arg(tree.path())
            .args(["--dump", jobs])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The dump says that the program is at work.
        let mut begun = [0; 1];
        child.stdout.as_mut().unwrap().read_exact(&mut begun).unwrap();
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "digest: interrupted\n");
    }
}

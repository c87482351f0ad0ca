//! The binary `search`: each of its ends, which the seed decides.

use std::process::{Command, Output};

fn search(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_search")).args(arguments).output().unwrap()
}

/// The exit code, standard output and standard error.
fn ended(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = search(arguments);
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_answer_of_each_kind_by_the_virtual_clock() {
    let found = "web result for \"rust\" from web 3\n\
                 image result for \"rust\" from image 2\n\
                 video result for \"rust\" from video 3\n\
                 in 26 ms\n";
    assert_eq!(ended(&["rust", "1"]), (Some(0), found.to_owned(), String::new()));
    assert_eq!(ended(&["rust"]), ended(&["rust", "1"]));
}

#[test]
fn the_first_error_ends_the_search_at_once() {
    let failed = "search: no web server is up, after 0 ms\n";
    assert_eq!(ended(&["rust", "3"]), (Some(1), String::new(), failed.to_owned()));
}

#[test]
fn the_deadline_ends_the_search() {
    let failed = "search: the time is up, after 80 ms\n";
    assert_eq!(ended(&["rust", "5"]), (Some(1), String::new(), failed.to_owned()));
}

#[test]
fn a_seed_is_a_number() {
    assert_eq!(search(&["rust", "many"]).status.code(), Some(2));
}

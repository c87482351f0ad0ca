//! The one door: what the model checkers replace is imported from `sys`, or they would not see it (sys/mod.rs).
//!
//! Not seen: a clock that is read by a method (`Instant::elapsed`).

use super::resolve::{File, Files, Name};
use crate::tokens::Path;

/// What `sys` gives in the place of these, whatever follows.
const BEHIND: &[&[&str]] = &[
    &["std", "sync"],
    &["core", "sync"],
    &["std", "thread"],
    &["std", "thread_local"],
    &["std", "hint", "spin_loop"],
    &["core", "hint", "spin_loop"],
    &["parking_lot"],
    &["loom"],
    &["shuttle"],
];

/// The clocks: the last two segments, for the type alone is no clock.
const CLOCKS: &[&[&str]] = &[&["Instant", "now"], &["SystemTime", "now"]];

/// What may be used everywhere: `::`-separated, with the reason.
const HARMLESS: &[(&str, &str)] = &[
    ("std::sync::Arc", "its count is a protocol of its own, which no model here is about"),
    ("std::sync::Weak", "as `Arc`"),
    ("std::thread::Result", "a type"),
    ("std::thread::panicking", "the models' threads unwind by themselves, too"),
    ("std::thread::available_parallelism", "a number, asked before anything runs"),
];

/// Files with uses of their own: the file, what it uses, the reason.
const ALLOWED: &[(&str, &str, &str)] =
    &[("util/live.rs", "std::sync::atomic", "counts what is alive for the leak harness; nothing waits for them")];

/// Uses that go past the door, and entries of [`ALLOWED`] that nothing needs any more.
pub(crate) fn bypasses(files: &Files) -> Vec<String> {
    judge(files, ALLOWED)
}

fn judge(files: &Files, allowed: &[(&str, &str, &str)]) -> Vec<String> {
    let mut needed = vec![false; allowed.len()];
    let mut wrong = Vec::new();
    for (_, file) in files.iter().filter(|(name, _)| !is_the_door(name)) {
        for path in file.facts.paths.iter().filter(|path| is_behind(path)) {
            let text = path.segments.join("::");
            let here = |(at, what, _): &(&str, &str, &str)| *at == file.path && text.starts_with(what);
            match allowed.iter().position(here) {
                Some(entry) => needed[entry] = true,
                None => wrong.push(told(file, path.line, &text)),
            }
        }
        let lines = file.facts.macros.iter().filter(|(name, _)| name == "thread_local").map(|(_, line)| *line);
        if !imports_thread_local(file) {
            wrong.extend(lines.map(|line| told(file, line, "thread_local!")));
        }
    }
    let stale = allowed.iter().zip(needed).filter(|(_, needed)| !needed);
    wrong.extend(stale.map(|((at, what, _), _)| format!("layers/door.rs: {at} does not use `{what}` any more")));
    wrong
}

fn is_the_door(name: &Name) -> bool {
    name.first().is_some_and(|module| module == "sys")
}

fn is_behind(path: &Path) -> bool {
    let segments: Vec<_> = path.segments.iter().map(String::as_str).collect();
    let behind =
        BEHIND.iter().any(|begin| segments.starts_with(begin)) || CLOCKS.iter().any(|end| segments.ends_with(end));
    let text = segments.join("::");
    behind && !HARMLESS.iter().any(|(harmless, _)| text == *harmless || text.starts_with(&format!("{harmless}::")))
}

/// Whether `thread_local!` is that of `sys` in this file: std's needs no import.
fn imports_thread_local(file: &File) -> bool {
    file.facts.paths.iter().any(|path| path.segments.ends_with(&["sys".to_owned(), "thread_local".to_owned()]))
}

fn told(file: &File, line: usize, what: &str) -> String {
    format!(
        "{}:{line}: `{what}` goes past crate::sys; import it from there, or say in xtask/src/layers/door.rs why not",
        file.path
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens;

    fn files(of: &[(&str, &str)]) -> Files {
        let file = |(path, text): &(&str, &str)| {
            let name = path.trim_end_matches(".rs").split('/').map(String::from).collect();
            (name, File { path: (*path).into(), facts: tokens::facts(text).unwrap() })
        };
        of.iter().map(file).collect()
    }

    fn found(text: &str) -> usize {
        judge(&files(&[("chan/core.rs", text)]), &[]).len()
    }

    #[test]
    fn what_goes_past_the_door_is_told() {
        for text in [
            "use std::sync::Mutex;",
            "use std::sync::atomic::{AtomicBool, Ordering};",
            "use std::{fmt, sync::{Arc, OnceLock}};",
            "use std::sync;",
            "use std::thread;",
            "use std::sync::*;",
            "fn f() { std::thread::park(); }",
            "fn f() { ::std::thread::yield_now() }",
            "use core::sync::atomic::AtomicU8;",
            "use parking_lot::RwLock;",
            "use loom::thread;",
            "fn f() { m!(shuttle::thread::spawn(g)) }",
            "use std::time::Instant; fn f() { Instant::now(); }",
            "const F: fn() -> std::time::SystemTime = std::time::SystemTime::now;",
            "fn f() { std::hint::spin_loop() }",
            "thread_local! { static A: u8 = 0; }",
            "fn f() { std::thread_local! { static A: u8 = 0; } }",
        ] {
            assert!(found(text) > 0, "{text}");
        }
        let told = judge(&files(&[("a.rs", "\nuse std::sync::Mutex;")]), &[]);
        assert!(told[0].starts_with("a.rs:2: `std::sync::Mutex` goes past"), "{told:?}");
    }

    #[test]
    fn what_is_harmless_or_behind_the_door_is_not() {
        for text in [
            "use std::sync::{Arc, Weak}; fn f() { std::sync::Arc::new(1); std::thread::panicking(); }",
            "use std::time::{Duration, Instant}; use std::task::Wake; use std::cell::Cell;",
            "use crate::sys::{Mutex, thread, thread_local}; thread_local! { static A: u8 = 0; }",
            "use crate::sys::atomic::AtomicBool; fn f() { thread::park(); clock::now(); }",
            "#[cfg(test)] mod tests { use std::sync::Mutex; thread_local! { static A: u8 = 0; } }",
            "// use std::sync::Mutex;\nconst S: &str = \"std::thread::park\";",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
        assert!(
            judge(&files(&[("sys/native.rs", "pub(crate) use std::sync::atomic; use std::thread;")]), &[]).is_empty()
        );
    }

    #[test]
    fn an_exception_holds_for_its_file_and_while_it_is_needed() {
        let allowed = [("util/live.rs", "std::sync::atomic", "why")];
        let text = "use std::sync::atomic::AtomicUsize;";
        assert!(judge(&files(&[("util/live.rs", text)]), &allowed).is_empty());
        assert_eq!(judge(&files(&[("util/live.rs", text), ("util/list.rs", text)]), &allowed).len(), 1);
        assert!(judge(&files(&[("util/live.rs", "")]), &allowed)[0].contains("any more"));
        assert!(ALLOWED.iter().all(|(.., why)| !why.is_empty()) && HARMLESS.iter().all(|(_, why)| !why.is_empty()));
    }
}

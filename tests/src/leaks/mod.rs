//! A test harness that finds what tests leave behind: each test runs several times, one at a time, and what is allocated
//! after each run is compared with what was after the run before.
//!
//! ```text
//!   run 1 --> everything that is allocated once and for ever is there now (thread locals, tables, epochs)
//!   run 2 --> no more blocks, tasks, scopes, channels than after run 1?  balanced
//!   run 3..MOST --> memory that is given back late may make one run look bad, not each of them
//! ```
//!
//! `cargo xtask leaks` builds the test programs with `--cfg leaks` and [`run`] as the function that gets their tests; it needs
//! no word in them. A test that leaks on purpose says so with [`leaks_on_purpose`](crate::leaks_on_purpose), and is
//! wrong if it then does not.
//!
//! Invariants
//! 1. While tests are checked nothing else allocates: they run one after the other, each run in a thread of its own that is joined.
//! 2. A leak is what *each* run adds. So a leak is never missed, whatever a run allocates for ever or late, unless a test frees
//!    in one run what it has leaked in another.
//!
//! Rejected: one process per test (what is allocated once cannot be told from a leak), running the body of `watched` twice
//! (tests without it are not checked, and a body may consume what it captures), a leak sanitizer alone (what a global
//! still points to is no leak for it; `cargo xtask verify` runs it all the same).

mod check;
mod harness;

pub use check::{Left, Verdict, check};
pub use harness::run;

use std::sync::Mutex;

/// Why the test that runs now leaks.
static ON_PURPOSE: Mutex<Option<&'static str>> = Mutex::new(None);

/// Notes that the running test leaks because of `reason`.
pub(crate) fn note(reason: &'static str) {
    *ON_PURPOSE.lock().expect("not poisoned") = Some(reason);
}

/// Takes what was noted.
fn noted() -> Option<&'static str> {
    ON_PURPOSE.lock().expect("not poisoned").take()
}

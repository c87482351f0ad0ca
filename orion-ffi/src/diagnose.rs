//! The last words of a process that cannot go on: one line on stderr, then abort or an exit status.
//!
//! Invariants
//! 1. Nothing here panics: a closed stderr is ignored.
#![forbid(unsafe_code)]

use std::fmt;
use std::io::Write;

/// The caller has broken the contract: says how, and aborts.
#[cold]
pub(crate) fn abort(what: fmt::Arguments<'_>) -> ! {
    say(what);
    std::process::abort()
}

/// The machine or the program cannot go on: says why, and exits with status 2.
#[cold]
pub(crate) fn exit(what: fmt::Arguments<'_>) -> ! {
    say(what);
    std::process::exit(2)
}

/// While this lives, a panic must not go further: foreign code waits for what would be torn down.
pub(crate) struct NoUnwind;

impl Drop for NoUnwind {
    fn drop(&mut self) {
        abort(format_args!("a panic inside the runtime, reported above, cannot be passed on to foreign code"));
    }
}

fn say(what: fmt::Arguments<'_>) {
    let line = format!("orion: {what}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

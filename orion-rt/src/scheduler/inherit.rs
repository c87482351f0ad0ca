//! What a closure takes along from the task that hands it to another thread: a blocking call, a forked closure. Whatever a task
//! passes on to what it starts belongs here.

#![forbid(unsafe_code)]

use std::sync::Arc;

use crate::locals::{self, Locals};
use crate::meta::ledger::{self, Ledger};

/// See the module.
#[derive(Debug)]
pub(super) struct Inherited {
    locals: Option<Locals>,
    /// What is left open in the closure is the root's to raise (J8, C14).
    ledger: Option<Arc<Ledger>>,
    /// But for what is part of a teardown.
    excused: bool,
}

impl Inherited {
    /// From the task this thread polls, whose root may be `strict`.
    pub(super) fn here(strict: bool) -> Self {
        let ledger = if strict { ledger::current() } else { None };
        Self { locals: locals::capture(), ledger, excused: strict && ledger::is_excused() }
    }

    /// Runs `f` with it, and with nothing of what the thread may have from elsewhere.
    pub(super) fn run<R>(self, f: impl FnOnce() -> R) -> R {
        let _locals = locals::enter(self.locals);
        // A runtime is strict or not, so a thread of one that is not has no ledger.
        let _ledger = self.ledger.map(ledger::enter);
        ledger::with_excuse(self.excused, f)
    }
}

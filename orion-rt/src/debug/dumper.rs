//! Taking dumps, from inside a task or from any thread.

use std::ops::ControlFlow;
use std::time::Duration;

use super::Dump;
use crate::scheduler::Roots;
use crate::scheduler::any::{self, AnyShared};
use crate::scheduler::local::LocalShared;
use crate::scheduler::multi::MultiShared;
use crate::sys::mpsc;
use crate::task::kind::{Local, Schedule, Sealed};
use crate::task::walk;

/// How long a single-threaded runtime may take to answer another thread.
const PATIENCE: Duration = Duration::from_secs(1);

/// The means to take dumps of a runtime from anywhere, at any time.
///
/// Rule: D5.
#[derive(Debug, Clone)]
pub struct Dumper {
    shared: AnyShared,
}

/// The dumper of the runtime that polls the current task; `None` outside orion tasks.
///
/// ```
/// orion_rt::run(async |s| {
///     s.task().name("sleeper").go(orion_rt::sleep(std::time::Duration::from_secs(3600)));
///     orion_rt::yield_now().await;
///     let dump = orion_rt::dumper().unwrap().dump();
///     assert!(dump.to_string().contains("'sleeper'"));
///     s.cancel();
/// });
/// ```
#[must_use]
pub fn dumper() -> Option<Dumper> {
    any::current().map(|shared| Dumper { shared })
}

impl Dumper {
    pub(crate) fn new(shared: AnyShared) -> Self {
        Self { shared }
    }

    /// Every live task of the runtime's roots. Polls nothing.
    ///
    /// A single-threaded runtime answers other threads at its next poll boundary; one that does not for a second is said to be
    /// kept busy by a task.
    #[must_use]
    pub fn dump(&self) -> Dump {
        match &self.shared {
            AnyShared::Multi(shared) => of_multi(shared),
            AnyShared::Local(shared) if shared.is_owner() => of_roots(&shared.roots),
            AnyShared::Local(shared) => of_local(shared),
        }
    }
}

fn of_multi(shared: &MultiShared) -> Dump {
    of_roots(&shared.roots)
}

fn of_local(shared: &LocalShared) -> Dump {
    let (answer, wait) = mpsc::sync_channel(1);
    let asked = shared.request(Box::new(move |roots: &Roots<Local>| {
        // The asker may have lost its patience.
        let _ = answer.send(of_roots(roots));
    }));
    if !asked {
        return Dump::new();
    }
    wait.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        Dump::unanswered("the runtime's thread did not answer within a second: one task keeps it busy")
    })
}

fn of_roots<K: Sealed>(roots: &Roots<K>) -> Dump {
    let mut dump = Dump::new();
    roots.for_each(|root| {
        let _ = walk::live_tasks(root, |task| {
            dump.add(task);
            ControlFlow::Continue(())
        });
    });
    dump
}

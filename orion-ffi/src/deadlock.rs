//! Noticing that nothing can run any more, and saying who waits for what (V7).
//!
//! ```text
//!   no task is active, a thread waits for tasks, and ..
//!     .. every task waits for the end of others                                       --> proven, whatever else happens
//!     .. tasks wait on channels, but the process has no thread but workers and waiters --> proven
//!   no task is active, a thread waits on a channel, and there is no other thread       --> proven
//!   otherwise                                                                          --> another thread may act: sleep
//! ```
//!
//! Invariants
//! 1. Never a false report: the looks at tasks and threads hold at one instant, because the epoch has not changed between
//!    them (census.rs, 3), and then nobody is left who could change anything.
//! 2. Somebody looks after the last change: a task after it has registered its wait, a thread after it is listed, the
//!    owner of a single-threaded runtime before it sleeps.
//!
//! Rejected: a watchdog that looks now and then (an idle process would wake up for nothing).
#![forbid(unsafe_code)]

use crate::handle::Table;
use crate::node::{Node, Parked};
use crate::runtime::Runtime;
use orion_rt::__ffi::RawChan;
use std::fmt::Write as _;
use std::io::Write as _;

/// How many waiting frames a report names.
const NAMED: usize = 100;

/// Ends the process if nothing in it can run any more and a thread waits for something to happen.
pub(crate) fn check(runtime: &Runtime) {
    if runtime.census.nobody_runs() && proven(runtime) {
        report(runtime);
    }
}

#[cold]
fn proven(runtime: &Runtime) -> bool {
    let epoch = runtime.census.epoch();
    let waiting = runtime.waiters.waiting();
    if waiting.threads == 0 || !runtime.census.nobody_runs() {
        return false;
    }
    let only_joins = waiting.for_tasks && !runtime.census.somebody_is_parked();
    let stuck = only_joins || no_other_thread(runtime.workers + waiting.threads);
    // Nothing has happened since the first look, and the waiting threads still wait.
    stuck
        && runtime.census.nobody_runs()
        && runtime.waiters.waiting().threads == waiting.threads
        && runtime.census.epoch() == epoch
}

/// Whether this process has no threads but so many. False where that cannot be known.
fn no_other_thread(known: usize) -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == known)
}

#[cold]
fn report(runtime: &Runtime) -> ! {
    let mut text = String::from("orion: deadlock: nothing can run any more\n");
    let (threads, tasks) = (runtime.threads(), runtime.registry.all());
    let waiting: Vec<_> = threads.iter().filter(|thread| thread.parked().0 != Parked::No).collect();
    for thread in &waiting {
        let (parked, on) = thread.parked();
        line(&mut text, if waiting.len() == 1 { "main" } else { "a thread" }, parked, on, &tasks);
    }
    for task in tasks.iter().take(NAMED) {
        let (parked, on) = task.parked();
        line(&mut text, &format!("task {}, frame {:#x},", task.id(), task.frame()), parked, on, &tasks);
    }
    if tasks.len() > NAMED {
        let _ = writeln!(text, "  and {} tasks more", tasks.len() - NAMED);
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
    std::process::exit(2)
}

/// One line of the report: who waits, and for what.
fn line(text: &mut String, who: &str, parked: Parked, on: usize, tasks: &[std::sync::Arc<Node>]) {
    let _ = match parked {
        Parked::No => writeln!(text, "  {who} does not wait"),
        Parked::Run => writeln!(text, "  {who} waits in orion_scheduler_run for the tasks it has spawned"),
        Parked::Join => match tasks.iter().find(|task| task.frame() == on) {
            Some(task) => {
                writeln!(text, "  {who} waits in orion_scheduler_run_until for task {}, frame {on:#x}", task.id())
            }
            None => writeln!(text, "  {who} waits in orion_scheduler_run_until for frame {on:#x}"),
        },
        Parked::Send => writeln!(text, "  {who} waits in orion_chan_send on {}", channel(&crate::chan::CHANNELS, on)),
        Parked::Recv => writeln!(text, "  {who} waits in orion_chan_recv on {}", channel(&crate::chan::CHANNELS, on)),
    };
}

/// What is known of the channel behind a handle.
fn channel(channels: &Table<RawChan>, handle: usize) -> String {
    let Some(chan) = channels.with(std::ptr::without_provenance_mut(handle), RawChan::clone) else {
        return String::from("a channel whose handle is gone");
    };
    let info = chan.inspect();
    let name = info.name.map_or_else(|| format!("channel #{}", info.id), |name| format!("{name:?}"));
    let capacity = info.capacity.map_or_else(|| String::from("unbounded"), |capacity| format!("cap {capacity}"));
    format!("{name} ({capacity}, len {})", info.len)
}

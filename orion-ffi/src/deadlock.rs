//! Noticing that nothing can run any more, and saying who waits for what (V7).
//!
//! ```text
//!   every task waits for the end of others (census), and a thread waits for tasks  --> proven, whatever else happens
//!   nothing is runnable, some task or thread waits on a channel, and this process
//!   has no thread that could use the channel                                       --> proven
//!   otherwise                                                                      --> another thread may act: sleep
//! ```
//!
//! Invariants
//! 1. Never a false report: each of the two rules is exact (node.rs, 4; and one thread, which is the one that asks).
#![forbid(unsafe_code)]

use crate::handle::Table;
use crate::node::{Node, Parked};
use crate::op::OpKind;
use crate::runtime::Runtime;
use orion_rt::__ffi::RawChan;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::Ordering;

/// How many waiting frames a report names.
const NAMED: usize = 100;

/// Ends the process if every task waits for others and a thread waits for them.
pub(crate) fn check(runtime: &Runtime) {
    if runtime.waiting.load(Ordering::SeqCst) > 0 && runtime.census.stuck() {
        report(Some(runtime), None);
    }
}

/// The thread that runs the tasks has nothing to run: ends the process if no other thread can change that.
pub(crate) fn check_idle(runtime: &Runtime) {
    if only_thread() {
        report(Some(runtime), None);
    }
}

/// A thread is about to block on an operation, and runs no tasks meanwhile: ends the process if there is no other thread.
pub(crate) fn check_lonely(runtime: Option<&Runtime>, operation: (OpKind, usize)) {
    if only_thread() {
        report(runtime, Some(operation));
    }
}

/// Whether this process has no thread but the calling one. False where that cannot be known.
fn only_thread() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
}

#[cold]
fn report(runtime: Option<&Runtime>, operation: Option<(OpKind, usize)>) -> ! {
    let mut text = String::from("orion: deadlock: nothing can run any more\n");
    let (threads, tasks) = runtime.map_or_else(Default::default, |runtime| (runtime.threads(), runtime.registry.all()));
    match operation {
        Some((kind, handle)) if threads.is_empty() => {
            let parked = if kind == OpKind::Send { Parked::Send } else { Parked::Recv };
            line(&mut text, "main", parked, handle, &tasks);
        }
        _ => {}
    }
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

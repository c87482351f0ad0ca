//! Structured concurrency for Rust: tasks live in scopes and never outlive them, a task is joined at most once, and
//! parallelism is opt-in. With Go's channels and `select!`.
//!
//! # In ten minutes
//!
//! ## A root and its tasks
//!
//! [`run`] takes a body, gives it a [`Scope`], and returns when the body and every task spawned into the scope are gone. So tasks
//! may borrow whatever outlives the call:
//!
//! ```
//! let text = String::from("tasks borrow from outside the root");
//! let lengths = orion_rt::run(async |s| {
//!     let handles: Vec<_> = text.split(' ').map(|word| s.spawn(async move { word.len() })).collect();
//!     let mut lengths = Vec::new();
//!     for handle in handles {
//!         lengths.push(handle.join().await.unwrap());
//!     }
//!     lengths
//! });
//! assert_eq!(lengths, [5, 6, 4, 7, 3, 4]);
//! ```
//!
//! A [`JoinHandle`] is joined once: `join` consumes it. Dropping it neither stops nor detaches the task, the scope still waits.
//! [`go`](Group::<Local>::go) spawns without a handle. `run` uses the calling thread only, and futures need not be `Send`.
//!
//! ## In parallel
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! let runtime = orion_rt::Runtime::builder().workers(4).build()?;
//! let mut cells = vec![1_u64; 1000];
//! runtime.run(async |s| {
//!     for part in cells.chunks_mut(250) {
//!         s.go(async move { part.iter_mut().for_each(|cell| *cell += 1) });
//!     }
//! });
//! assert!(cells.iter().all(|&cell| cell == 2));
//! # Ok(())
//! # }
//! ```
//!
//! The same program on four workers; now tasks have to be `Send`, and one that is not is a compile error. The body of the
//! root stays on the calling thread.
//!
//! A computation that splits needs no task for each part: in a task, [`fork_join`] runs two closures, on two workers where another is
//! free, and both may borrow from the caller's stack.
//!
//! ## Calls that block
//!
//! A task that blocks its thread keeps the others from running. File I/O and the like go to threads of their own, by
//! [`spawn_blocking`](Group::spawn_blocking), under `run` as well:
//!
//! ```
//! let path = std::env::current_exe()?;
//! let bytes = orion_rt::run(async |s| s.spawn_blocking(|| std::fs::read(&path)).await.unwrap())?;
//! assert!(!bytes.is_empty());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! ## Functions that spawn
//!
//! A function that spawns takes a [`Group`], which every [`Scope`] is, and its type says where the tasks run: `&Group<'_, Local>`
//! on one thread, as under [`run`], or `&Group<'_, Multi>`, for short `&Group<'_>`, under [`Runtime::run`]. Tasks cannot borrow
//! the variables of the body or of another task; [`keep`](Scope::<Local>::keep) lends them a value until the root ends:
//!
//! ```
//! use orion_rt::{Group, Local};
//! fn print_all<'scope>(g: &Group<'scope, Local>, words: &'scope [String]) {
//!     for word in words {
//!         g.go(async move { println!("{word}") });
//!     }
//! }
//! orion_rt::run(async |s| {
//!     let words = s.keep(vec!["lent".to_owned(), "to tasks".to_owned()]);
//!     print_all(s, words);
//! });
//! ```
//!
//! Children of a [`local`](Group::local) group may: they are polled inside the task that opens it, in turn with its body, so one of
//! them runs at a time. [`join_set`](Group::join_set) gives the results of tasks as they complete:
//!
//! ```
//! orion_rt::run(async |s| {
//!     let (mut sum, numbers) = (0, vec![1, 2, 3]);
//!     s.local(async |g| g.go(async { sum = numbers.iter().sum() })).await;
//!     assert_eq!(sum, 6);
//!
//!     let mut set = s.join_set();
//!     for number in numbers {
//!         set.spawn(async move { number * number });
//!     }
//!     while let Some(square) = set.next().await {
//!         sum += square.unwrap();
//!     }
//!     assert_eq!(sum, 20);
//! });
//! ```
//!
//! ## Channels
//!
//! [`Chan`] is Go's: capacity 0 is a rendezvous, a full one makes senders wait, a closed one gives what is left and then `None`.
//! [`split`](Chan::split) gives counted halves, and the last sender to go closes the channel:
//!
//! ```
//! use orion_rt::Chan;
//! orion_rt::run(async |s| {
//!     let (numbers, input) = Chan::new(0).split();
//!     let (squares, results) = Chan::new(16).split();
//!     s.go(async move {
//!         for n in 1..=4 {
//!             numbers.send(n).await.unwrap();
//!         }
//!     });
//!     s.go(async move {
//!         while let Some(n) = input.recv().await {
//!             squares.send(n * n).await.unwrap();
//!         }
//!     });
//!     let mut sum = 0;
//!     while let Some(square) = results.recv().await {
//!         sum += square;
//!     }
//!     assert_eq!(sum, 30);
//! });
//! ```
//!
//! No value is lost when a task is cancelled: one that was handed over and not looked at goes back to the channel.
//! Plain threads use the same channels with [`send_blocking`](Chan::send_blocking) and [`recv_blocking`](Chan::recv_blocking), and the adapters of
//! `futures` with [`stream`](Chan::stream) and [`into_sink`](Sender::into_sink).
//!
//! [`chan`](Scope::<Local>::chan) of a root gives a [`ScopeChan`], which is `Copy`, cannot leave the root, and ends with it:
//!
//! ```
//! orion_rt::run(async |s| {
//!     let squares = s.chan(0);
//!     for n in [3, 4, 5] {
//!         s.go(async move { squares.send(n * n).await.unwrap() });
//!     }
//!     let mut sum = 0;
//!     for _ in 0..3 {
//!         sum += squares.recv().await.unwrap();
//!     }
//!     assert_eq!(sum, 50);
//! });
//! ```
//!
//! ## Choosing
//!
//! [`select!`] waits for the first of several channel operations and futures. The choice is atomic and, among ready arms, random:
//!
//! ```
//! use orion_rt::{Chan, select, sleep};
//! use std::time::Duration;
//! orion_rt::run(async |s| {
//!     let jobs = Chan::new(1);
//!     let quit = Chan::<()>::new(0);
//!     let (feed, stop) = (jobs.clone(), quit.clone());
//!     s.go(async move {
//!         feed.send("a job").await.unwrap();
//!         sleep(Duration::from_millis(1)).await;
//!         stop.close();
//!     });
//!     let mut done = Vec::new();
//!     loop {
//!         select! {
//!             Some(job) = <-jobs => done.push(job),
//!             <-quit => break,
//!         }
//!     }
//!     assert_eq!(done, ["a job"]);
//! });
//! ```
//!
//! ## Groups, cancelling, panics
//!
//! [`group`](Group::group) opens a scope inside a task. [`cancel`](Group::cancel) asks every task below to stop: each is dropped at its
//! next suspension, destructors run, and its joiner gets [`TaskError::Cancelled`]. A panic in a task cancels its siblings and the
//! body of its scope, and is raised again, unchanged, when all of them are gone:
//!
//! ```
//! use orion_rt::{Chan, TaskError};
//! orion_rt::run(async |s| {
//!     let first = s
//!         .group(async |g| {
//!             let answers = Chan::new(1);
//!             for i in 0..3 {
//!                 let answers = answers.clone();
//!                 g.go(async move { drop(answers.send(i).await) });
//!             }
//!             let first = answers.recv().await;
//!             g.cancel(); // the slower ones
//!             first
//!         })
//!         .await;
//!     assert!(first.is_some());
//!
//!     let task = s.spawn(std::future::pending::<()>());
//!     task.cancel();
//!     assert!(matches!(task.join().await, Err(TaskError::Cancelled)));
//! });
//! ```
//!
//! So a joiner in the same scope does not see a panic as a value. To go on after one, catch it in the task or around a group,
//! with `catch_unwind` of the `futures` crate.
//!
//! [`cancel_after`](Group::cancel_after) does the same when some time has passed, so a graceful shutdown reads: stop accepting,
//! `cancel_after`, leave the body. [`task_local!`] declares values that tasks inherit from whoever spawns them.
//!
//! ## Testing with time and order
//!
//! [`Builder::deterministic`], or [`#[orion_rt::test(deterministic)]`](macro@test), makes a run reproducible: time is virtual, and jumps to the
//! next timer when no task can run. With `seeds = 0..500` the test runs once for each seed, which decides the order in which
//! tasks run; one that fails prints how to replay it.
//!
//! ```
//! use std::time::Duration;
//! # fn main() -> std::io::Result<()> {
//! let runtime = orion_rt::Runtime::builder().deterministic(true).seed(7).build_local()?;
//! let waited = runtime.run(async |s| {
//!     let start = orion_rt::now();
//!     s.spawn(orion_rt::sleep(Duration::from_secs(3600))).get().await; // takes no time
//!     orion_rt::now() - start
//! });
//! assert_eq!(waited, Duration::from_secs(3600));
//! # Ok(())
//! # }
//! ```
//!
//! ## Seeing what happens
//!
//! Tasks and channels have names ([`task().name(..)`](Group::task), [`Chan::named`]), and [`dumper`] gives a [`Dump`] of every live task with
//! its state, where it was spawned and what it waits for, from any thread. To look at a program that hangs, give a thread the dumper
//! beforehand: nothing else reports a deadlock yet.
//!
//! # Cancel safety
//!
//! Every future of this crate may be dropped at any time. What that means for the value is said at each: a dropped `recv` has
//! lost nothing, a dropped `send` either delivered its value or drops it, a dropped `join` gives the task up to its scope.
//!
//! # Rules
//!
//! Codes such as `S1` or `X5` in this documentation are the names of promises: the tests that check one cite it.
//!
//! # With other crates
//!
//! Tasks are plain futures with plain wakers: `async-io`, `futures` and tokio's synchronisation types work inside them. Channels and
//! `select!` need no orion runtime at all. Timers ([`sleep`], [`timeout`], [`interval`]) belong to the root they are first polled in.
//!
//! Do not import everything with `use orion_rt::*` into a module with plain `#[test]`s: the attribute of that name would be ambiguous.

#![deny(rust_2018_idioms)]

mod chan;
mod coop;
mod debug;
mod locals;
mod meta;
mod runtime;
mod scheduler;
mod scope;
mod select;
mod sys;
mod task;
mod time;
mod util;

#[cfg(all(test, shuttle))]
mod scenarios;

pub use chan::{
    Chan, ChanInfo, Receiver, RecvFuture, RecvStream, ScopeChan, ScopeReceiver, ScopeSender, SendError, SendFuture,
    SendSink, Sender, TryRecvError, TrySendError,
};
pub use coop::{YieldNow, yield_now};
pub use debug::{Dump, Dumper, TaskInfo, TaskState, Wait, dumper};
pub use locals::{TaskLocal, TaskLocalFuture};
pub use meta::TaskId;
pub use runtime::{Builder, LocalRuntime, Runtime};
pub use scheduler::multi::fork_join;
pub use scope::{
    Finished, Get, Group, GroupCancelled, GroupFuture, GroupTimeout, Join, JoinHandle, JoinSet, JoinTimeout,
    LocalFuture, LocalGroup, NextJoined, Root, Scope, TaskBuilder, TryGroup, TryGroupFuture, run,
};
pub use select::{Select, SelectFuture, Selected};
pub use task::cancelled::{Cancelled, cancelled, is_cancelled};
pub use task::error::{Panic, TaskError};
pub use task::kind::{Kind, Local, Multi};
pub use task::shield::{Shield, shield};
pub use time::{Elapsed, Interval, Sleep, Tick, Timeout, interval, now, sleep, sleep_until, timeout, timeout_at};

// Their documentation is written, and its examples run, in orion-macros; rustdoc shows it here.
pub use orion_macros::{main, select, test};

/// What the macros expand to; no part of the API.
#[doc(hidden)]
pub mod __private {
    pub use crate::runtime::outcome;
    #[cfg(leaks)]
    pub use crate::util::live::counted::{Live, live};
    pub mod select {
        pub use crate::select::seam::*;
    }
}

/// What `orion-ffi` is built on; no part of the API.
#[doc(hidden)]
pub mod __ffi {
    pub use crate::chan::erased::*;
    pub use crate::coop::{budget_left, note_join, wake_tail};
    pub use crate::scope::driver::{Drive, LocalDriver, MultiDriver, spawn_here};
}

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
//! A [`JoinHandle`] is joined once: `join` consumes it, and `handle.await` is the same. [`get`](JoinHandle::get) gives the bare value.
//! Dropping a handle neither stops nor detaches the task, the scope still waits. [`go`](Group::<Local>::go) spawns without a handle. `run`
//! uses the calling thread only, and futures need not be `Send`. [`#[orion_rt::main]`](macro@main) makes an `async fn main(s: &Scope)` the
//! body of such a root.
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
//! ## Functions that spawn
//!
//! A function that spawns takes a [`Group`], which every [`Scope`] is, and its type says where the tasks run: `&Group<'_, Local>`
//! on one thread, as under [`run`], or `&Group<'_, Multi>`, for short `&Group<'_>`, under [`Runtime::run`]. Tasks cannot borrow
//! the variables of the body or of another task, so they take them (`async move`); [`keep`](Scope::<Local>::keep) lends them a value until
//! the root ends:
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
//! Nothing spawns without a group, which says what scope waits; there is no `orion_rt::spawn`. A task that starts siblings takes a clone
//! along:
//!
//! ```
//! use orion_rt::{Group, Local};
//! use std::cell::Cell;
//! fn count<'scope>(g: &Group<'scope, Local>, depth: u32, nodes: &'scope Cell<u32>) {
//!     let inner = g.clone();
//!     g.go(async move {
//!         nodes.set(nodes.get() + 1);
//!         if depth > 0 {
//!             count(&inner, depth - 1, nodes);
//!             count(&inner, depth - 1, nodes);
//!         }
//!     });
//! }
//! let nodes = Cell::new(0);
//! orion_rt::run(async |s| count(s, 3, &nodes));
//! assert_eq!(nodes.get(), 15);
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
//! [`chan`](Scope::<Local>::chan) of a root gives a [`ScopeChan`], which is `Copy`, so that every task has it without a clone. It cannot
//! leave the root, and ends with it:
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
//! ## Groups, errors, deadlines
//!
//! [`group`](Group::group) opens a scope inside a task and waits for all that is spawned into it. Of its relatives
//! [`try_group`](Group::try_group) ends with the first `Err` of its body or a task, and [`group_timeout`](Group::group_timeout) at a
//! deadline; both cancel what is left, and are ready when that is gone. Nothing goes on behind your back. (Around a single future, which
//! spawns nothing, [`timeout`] does.)
//!
//! ```
//! use orion_rt::{Group, Local, sleep};
//! use std::time::Duration;
//!
//! async fn lookup(name: &str) -> Result<usize, String> {
//!     sleep(Duration::from_millis(1)).await;
//!     if name.is_empty() { Err("no name".to_owned()) } else { Ok(name.len()) }
//! }
//!
//! /// The first error, or the sum.
//! async fn sum(g: &Group<'_, Local>, names: &'static [&'static str]) -> Result<usize, String> {
//!     g.try_group(async |g| {
//!         let lookups: Vec<_> = names.iter().map(|name| g.spawn(lookup(name))).collect();
//!         let mut sum = 0;
//!         for length in lookups {
//!             sum += length.get().await; // an error ends the group, and this body with it
//!         }
//!         Ok(sum)
//!     })
//!     .await
//! }
//!
//! orion_rt::run(async |s| {
//!     assert_eq!(sum(s, &["ann", "bob"]).await, Ok(6));
//!     assert_eq!(sum(s, &["ann", ""]).await, Err("no name".to_owned()));
//!     let late = s.group_timeout(Duration::from_millis(1), async |g| g.go(sleep(Duration::from_secs(60))));
//!     assert!(late.await.is_err());
//! });
//! ```
//!
//! The *body* of a group may use the variables around it; its tasks may not, as all tasks. Tickers and the like are
//! [`background`](TaskBuilder::background) tasks, which keep no scope from ending.
//!
//! ## Cancelling, and shields
//!
//! [`Group::cancel`] asks every task of a scope to stop, and all below; [`JoinHandle::cancel`] one task and all below. A cancelled task is
//! dropped where it waits, or at its next suspension: destructors run, the code after that `.await` does not, and its joiner gets
//! [`TaskError::Cancelled`]. There is no context to pass on and nothing to check. What has to be done all the same goes into a
//! [`shield`], where [`cancelled`] tells that it is time:
//!
//! ```
//! use orion_rt::{Chan, TaskError, cancelled, select, shield};
//! orion_rt::run(async |s| {
//!     let (lines, input) = Chan::<&str>::new(8).split();
//!     let (log, written) = Chan::new(8).split();
//!     let writer = s.spawn(shield(async move {
//!         loop {
//!             select! {
//!                 Some(line) = <-input => log.send(line).await.unwrap(),
//!                 _ = cancelled() => break,
//!             }
//!         }
//!         log.send("-- end --").await.unwrap(); // may wait
//!     }));
//!     lines.send("a line").await.unwrap();
//!     assert_eq!(written.recv().await, Some("a line"));
//!     writer.cancel();
//!     assert!(writer.await.is_ok()); // it has returned
//!     assert_eq!(written.recv().await, Some("-- end --"));
//!
//!     let waits = s.spawn(std::future::pending::<()>());
//!     waits.cancel();
//!     assert!(matches!(waits.await, Err(TaskError::Cancelled)));
//! });
//! ```
//!
//! The scope's own body goes on after a cancel, as it has a value to give; it can wait for [`Group::cancelled`]. A graceful shutdown
//! reads: stop accepting, [`cancel_after`](Group::cancel_after), leave the body. Then what ends in time ends well, and the rest is cancelled:
//!
//! ```
//! use orion_rt::{Chan, select, sleep};
//! use std::time::Duration;
//! orion_rt::run(async |s| {
//!     let (connections, stop) = (Chan::new(0), Chan::<()>::new(0));
//!     let (clients, signal) = (connections.clone(), stop.clone());
//!     s.go(async move {
//!         for client in 0..3 {
//!             clients.send(client).await.unwrap();
//!         }
//!         signal.close(); // Ctrl-C, say
//!     });
//!     s.group(async |g| {
//!         loop {
//!             select! {
//!                 Some(client) = <-connections => g.go(async move { sleep(Duration::from_secs(60 * client)).await }),
//!                 <-stop => break,
//!             }
//!         }
//!         g.cancel_after(Duration::from_millis(5));
//!     })
//!     .await;
//! });
//! ```
//!
//! ## Panics
//!
//! A panic in a task cancels its siblings and the body of its scope, and is raised again, unchanged, when all of them are gone. So a
//! joiner in the same scope does not see it as a value. An [`isolated`](TaskBuilder::isolated) task keeps its panic for its joiner; around
//! a group it is caught with `catch_unwind` of the `futures` crate.
//!
//! ## Children that borrow, tasks as they complete
//!
//! Children of a [`local`](Group::local) group may borrow the variables of whoever opens it, mutably too: they are polled inside the
//! calling task, in turn with the group's body, so one of them runs at a time. [`join_set`](Group::join_set) gives the results of tasks as
//! they complete:
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
//! [`task_local!`] declares values that tasks inherit from whoever spawns them, such as the number of a request.
//!
//! ## Calls that block
//!
//! A task that blocks its thread keeps the others from running. File I/O and the like go to threads of their own, by
//! [`spawn_blocking`](Group::spawn_blocking), under `run` as well. Such a call may borrow as tasks may; once started it is not cancelled,
//! its scope waits for it:
//!
//! ```
//! let path = std::env::current_exe()?;
//! let bytes = orion_rt::run(async |s| s.spawn_blocking(|| std::fs::read(&path)).await.unwrap())?;
//! assert!(!bytes.is_empty());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! ## Roots that no thread waits for
//!
//! [`Runtime::start`] starts a root, whose body runs on the workers too, and returns a [`Root`]: a future for any executor, or for
//! `block_on`. Nothing in such a root borrows. Dropping the `Root` asks all of it to stop, and dropping the `Runtime` waits for that:
//!
//! ```
//! use orion_rt::{Chan, Runtime};
//! let runtime = Runtime::builder().workers(2).build()?;
//! let (work, inbox) = Chan::new(4).split();
//! let server = runtime.start(async move |g| {
//!     let mut served = 0;
//!     while let Some(n) = inbox.recv().await {
//!         g.go(async move { println!("{n}") });
//!         served += 1;
//!     }
//!     served
//! });
//! for n in 0..3 {
//!     work.send_blocking(n).unwrap(); // a plain thread
//! }
//! drop(work);
//! assert_eq!(futures::executor::block_on(server).unwrap(), 3);
//! # Ok::<(), std::io::Error>(())
//! ```
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
//! Take the time from [`now`], not from `Instant::now`. [`Builder::strict`] finds handles nobody joined and channels nobody closed.
//!
//! ## Seeing what happens
//!
//! Tasks and channels have names ([`task().name(..)`](Group::task), [`Chan::new(n).named(..)`](Chan::named)), and [`dumper`] gives a
//! [`Dump`] of every live task with its state, where it was spawned and what it waits for, from any thread that was given the dumper. (Under [`run`] the
//! root's thread answers; where a task keeps it busy, or blocks it, the dump says that.)
//!
//! ```
//! use orion_rt::Chan;
//! orion_rt::run(async |s| {
//!     let dumper = orion_rt::dumper().expect("a root polls this");
//!     let jobs = Chan::<String>::new(0).named("jobs");
//!     let inbox = jobs.clone();
//!     s.task().name("worker").background().go(async move { drop(inbox.recv().await) });
//!     let dump = s.spawn_blocking(move || dumper.dump().to_string()); // any thread does
//!     assert!(dump.await.unwrap().contains("parked, recv on \"jobs\""));
//! });
//! ```
//!
//! A root of [`run`] or [`Runtime::run`] whose tasks all wait for each other, or at channels made with [`Scope::chan`], ends: it panics with a
//! [`Deadlock`], which names the tasks, what each waits for, and the cycle if there is one. `try_run` of a [`Runtime`] or [`LocalRuntime`] returns it.
//!
//! ```
//! let runtime = orion_rt::Runtime::builder().workers(2).build().unwrap();
//! let stuck = runtime.try_run(async |s| s.chan::<u8>(0).named("answers").recv().await);
//! assert!(stuck.unwrap_err().to_string().contains("recv on \"answers\" at "));
//! ```
//!
//! At a [`Chan`], whose handles may be anywhere, or in a started root, it is suspected ([`DeadlockPolicy`]): reported after a second, while the root goes
//! on waiting. Under [`#[orion_rt::test]`](macro@test), or as [`Builder::deadlock`] says, it ends.
//!
//! ## When the compiler objects
//!
//! | it says | because | so |
//! |---|---|---|
//! | "async block may outlive ..", "`x` does not live long enough" | a task borrows a variable of the body or of another task | `async move`, `Arc`, `keep`; make it before `run`; or a `local` group |
//! | the same in a `local` group | a child borrows what the group's body makes | make it before the call |
//! | "lifetime may not live long enough" where a function spawns | the task borrows an argument or `self`, and nothing says that this outlives the scope | `g: &Group<'scope>, words: &'scope [String]`; or give it to the task: a clone, `Arc<Self>` |
//! | the same where a body returns a handle or a group | they belong to the root, which ends with the body | join in the body, and return the value |
//! | "cannot move out of `g` because it is borrowed", "borrow of moved value: `g`" | a task that spawns took the group itself along | `let inner = g.clone();` before, and `inner` in the task |
//! | "expected `Group<..>`, found `&Scope<..>`" | `s.clone()` is a copy of the reference | `Group::clone(s)` |
//! | "expected `&Group<'_>`, found `&Scope<'_, '_, Local>`" | a function for a [`Runtime`]'s tasks was called under [`run`] | `&Group<'_, Local>`, or run on a `Runtime`; `JoinHandle<'_, T>` has its `Local`, too |
//! | "`Rc<..>` cannot be sent between threads safely" | a [`Runtime`]'s task moves between workers | `Arc`; or [`run`] |
//! | "cannot satisfy `impl Future<..>: Send`" | an `async fn` spawns itself on a [`Runtime`] | `fn f(..) -> impl Future<Output = T> + Send { async move { .. } }` |
//! | "`JoinHandle<..>` is not a future" | `.await` makes one of it, `join_all` and the like do not | `handle.join()`; in a [`select!`] that is to leave the handle, which is `mut` then, `_ = handle.finished() => ..` |
//! | "type annotations needed" at `\|s\| async move { .. }` | a body borrows its argument | an async closure: `async \|s\| ..` |
//! | "cannot infer type of .. `E`" in a `try_group` | nothing says which error | `Ok::<_, MyError>(())` |
//! | "expected `()`, found .." at `go` | `go` is for tasks without a value | `spawn` |
//!
//! ## When it hangs, or reports a deadlock
//!
//! | what waits | because | so |
//! |---|---|---|
//! | a loop over `recv`, after the last value | a sender is left: the body's own, or the loop's own handle, for a [`Chan`] is both halves | [`split`](Chan::split), and drop the body's sender; or [`close`](Chan::close) |
//! | a `send` that nobody takes | capacity 0 is a rendezvous, and the receiver is spawned or awaited further down | spawn it before; or a capacity |
//! | every task, under [`run`] | one blocks the thread: `block_on`, `recv_blocking`, `thread::sleep`, a `Mutex` of `std` locked across an `.await` | `.await`, [`sleep`], [`spawn_blocking`](Group::spawn_blocking); unlock before the `.await` |
//! | a scope whose body is over | a task that never ends, such as a ticker | [`background`](TaskBuilder::background), or close what it waits for |
//! | the same after a `?` | to [`run`] and `group` an `Err` is a value as any other, which waits for the tasks | [`try_group`](Group::try_group), or `#[orion_rt::main]`, which cancel them |
//! | a `select!` in a loop, for one of its futures | an arm's future is made anew in every round, and dropped when it loses | spawn it, and wait for `finished()`; for a deadline [`sleep_until`] |
//! | a scope that was cancelled | a task that never suspends, a blocking call, a shield that waits for something else | [`yield_now`] in the loop; [`cancelled`] beside what the shield waits for |
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
//! `select!` need no orion runtime at all. Timers ([`sleep`], [`timeout`], [`interval`]) belong to the root they are polled in.
//!
//! What says "there is no reactor running, must be called from the context of a Tokio 1.x runtime" needs a tokio runtime beside: under
//! [`run`], a multi-threaded one whose `enter()` guard lives round the call; on a [`Runtime`]'s workers, which no such guard reaches, give the
//! future to its `Handle::spawn` and await that. For what tokio spawns no scope waits.
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
pub use debug::{Deadlock, DeadlockPolicy, Dump, Dumper, TaskInfo, TaskState, Wait, dumper};
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

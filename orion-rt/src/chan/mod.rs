//! Channels: Go's `chan`, for tasks, foreign frames and plain threads.
//!
//! ```text
//!   handle, halves, scoped  typed handles     erased    the untyped handle of the C ABI
//!   (calls, view)                                |       registry  the channels of a root
//!        |       \___ stream, sink               |       origin    what a strict root wants to know
//!        |              /        (held)          |
//!         send, recv   single operations, blocking for threads, arm for select
//!              |
//!            core      one allocation: counts, hint, Mutex<State>
//!              |
//!          transfer    how values move under the lock
//!         /    |    \                                    arm, slots  the arms of `select!` and `Select`
//!      ring  waiter  wakes        lazy  made when needed     port        what a race does with them
//!               \                 elem  size, alignment, copy
//!              claim   a select's state word                 locks       those of all its channels
//! ```
//!
//! Purpose: the rules C1 to C14 and X5 of the contract, and the seam on which `select` is built. Each file opens with its
//! own invariants.
//!
//! Protocol: an operation takes the channel's one lock, moves a value or links its waiter, and collects wakers; it
//! releases the lock and only then wakes, drops and returns. A peer that completes a waiter moves the value under the same
//! lock and publishes the completion last. Only a select with a `default`, or one that peers have passed over, holds several
//! locks, taken in the order of their channels' identities.
//!
//! Rejected: a lock-free ring (values given back, rendezvous, select and exact wake-ups would each need a protocol of
//! their own); one lock for senders and one for receivers (two locks per operation when they meet).

pub(crate) mod arm;
mod blocking;
mod calls;
pub(crate) mod claim;
mod core;
mod elem;
pub(crate) mod erased;
mod error;
mod halves;
mod handle;
mod held;
mod info;
mod lazy;
mod locks;
mod origin;
mod port;
mod recv;
pub(crate) mod registry;
mod ring;
mod scoped;
mod send;
mod sink;
pub(crate) mod slots;
mod stream;
mod transfer;
mod users;
mod view;
pub(crate) mod waiter;
pub(crate) mod wakes;

pub use error::{SendError, TryRecvError, TrySendError};
pub use halves::{Receiver, Sender};
pub use handle::Chan;
pub use info::ChanInfo;
pub use recv::RecvFuture;
pub use scoped::{ScopeChan, ScopeReceiver, ScopeSender};
pub use send::SendFuture;
pub use sink::SendSink;
pub use stream::RecvStream;
pub(crate) use view::ChanRef;

#[cfg(all(test, not(loom)))]
pub(crate) mod tests;

#[cfg(all(test, loom))]
mod model;

//! The life of a task as a state word: the transitions, and who may make them.
//!
//! ```text
//!            wake                start                       finish / returned+complete
//!  parked ───────> SCHEDULED ──────────> RUNNING ──────────────────────────────> RETURNED ──> COMPLETE
//!     ^                ^                    │ suspend                             (result stored, future gone)
//!     │                └── woken meanwhile ─┤
//!     └──────────────────────────────────── ┘        CANCEL: a request, looked at by start and suspend
//! ```
//!
//! Bits
//! - `SCHEDULED` the task is in a queue, or has been woken while `RUNNING`. Whoever sets it on a parked task queues it.
//! - `RUNNING` one thread polls or drops the future; that thread alone may touch the future.
//! - `RETURNED` the future is dropped and the result stored; wake-ups do nothing any more.
//! - `COMPLETE` the descendants are gone as well: the result belongs to the handle, or was dropped if there is none.
//! - `CANCEL` the future is to be dropped instead of polled (X1), unless a shield is pending in it (X3). Without effect once
//!   `RETURNED` (X4).
//! - `HANDLE` a `JoinHandle` exists: the result is wanted, and the header stays.
//! - `JOIN_WAKER` the join waker's slot is set and both sides may read it; clear: the handle owns the slot.
//!
//! A *registration* is a waker that an object of the runtime keeps while the task waits on it. It is a reference like any other waker, and
//! counted besides: so a look at a parked task tells whether anybody else could wake it.
//!
//! References: 1 for the scope's list (*membership*), 1 per cloned waker, 1 per group that the task has opened, 1 for the time of a
//! request to stop that comes from a handle or meets a root's body, and from `COMPLETE` on 1 more, which belongs to the handle when
//! the list's ends at completion, and otherwise to the completing thread until it is finished with the header.

/// What a wake-up found.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Wake {
    /// The task was parked: the caller queues it.
    Schedule,
    /// It is queued already, or running and will be queued, or over.
    Nothing,
}

/// What the thread that took a task from a queue is to do.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Start {
    /// Poll the future.
    Poll,
    /// Drop the future: the task has been cancelled.
    Cancel,
}

/// What a poll that returned `Pending` leads to.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Suspend {
    /// The task is parked; the caller touches it no more.
    Parked,
    /// It was woken during the poll: the caller queues it.
    Requeue,
    /// It was cancelled during the poll: the caller, still running it, drops the future.
    Cancel,
}

/// What the completing thread found.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Completed {
    /// A handle exists, and the result is its from now on.
    pub wanted: bool,
    /// The handle waits: its waker is to be woken, then [`TaskState::join_waker_done`] called.
    pub join_waker: bool,
}

/// What a handle found when it gave up its claim.
#[must_use]
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Release {
    /// Not complete: the task itself will drop its result. The handle touches the task no more.
    Early,
    /// Complete: the result, the membership or reference, are the caller's to dispose of.
    Late {
        /// The waker's slot is the caller's; otherwise the completing thread is still reading it and empties it.
        slot: bool,
    },
}

/// What keeps a task's header.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct References {
    /// All of them.
    pub all: i64,
    /// Those that are registrations.
    pub own: i64,
}

/// A state word and the references to its task.
pub trait TaskState: Sized {
    /// A new task: scheduled, one reference (membership), with a handle or without.
    fn new(handle: bool) -> Self;
    /// Asks for a poll. Owner thread only on `Local`.
    fn wake(&self) -> Wake;
    /// Taken from the queue. `shielded` is asked only of a cancelled task: whether it is to be polled all the same.
    fn start(&self, shielded: impl Fn() -> bool) -> Start;
    /// The poll returned `Pending`. `shielded` is asked only of a cancelled task: whether it may park all the same. Whoever makes
    /// it unshielded afterwards wakes the task.
    fn suspend(&self, shielded: impl Fn() -> bool) -> Suspend;
    /// The future is gone, the result stored, but descendants live on.
    fn returned(&self);
    /// `returned` and `complete` in one step, for a task that opened no group. Adds the completion reference.
    fn finish(&self) -> Completed;
    /// After `returned`: the last descendant is gone. Adds the completion reference.
    fn complete(&self) -> Completed;
    /// Asks for the future to be dropped.
    fn cancel(&self) -> Wake;
    /// Whether `cancel` was called.
    fn is_cancelled(&self) -> bool;
    /// Whether the joiner may take the result.
    fn is_complete(&self) -> bool;
    /// Whether the future is gone.
    fn is_returned(&self) -> bool;
    /// What a dump shows: (scheduled, running).
    fn activity(&self) -> (bool, bool);
    /// Whether the waker's slot is the handle's (`JOIN_WAKER` is clear).
    fn owns_join_slot(&self) -> bool;
    /// Hands the filled slot to the completing thread. `false`: complete already, the slot stays the handle's.
    fn publish_join_waker(&self) -> bool;
    /// Takes the slot back. `false`: complete already.
    fn withdraw_join_waker(&self) -> bool;
    /// The completing thread is finished with the slot. `true`: the handle is gone, the slot is to be emptied here.
    fn join_waker_done(&self) -> bool;
    /// The handle gives up its claim.
    fn release_handle(&self) -> Release;
    /// Whether there are references beyond `mine` and the handle's.
    fn has_wakers(&self, mine: usize) -> bool;
    /// One more reference. Owner thread only on `Local`.
    fn retain(&self);
    /// `n` references less. `true`: none is left, the caller frees the header. Owner thread only on `Local`.
    fn release(&self, n: usize) -> bool;
    /// One more registration. Owner thread only on `Local`.
    fn retain_own(&self);
    /// One registration less: whether no reference is left, so that the caller frees the header, and whether no registration is. Owner
    /// thread only on `Local`.
    #[must_use]
    fn release_own(&self) -> (bool, bool);
    /// As `wake`, by a registration, which from now on is a mere reference: a task that runs is not waiting.
    fn wake_own(&self) -> Wake;
    /// Whether there may be registrations. Owner thread only on `Local`.
    fn has_registrations(&self) -> bool;
    /// The references now. Owner thread only on `Local`.
    fn references(&self) -> References;
    /// One more reference, from a thread that is not the owner.
    fn retain_remote(&self);
    /// One reference less, from a thread that is not the owner. `true`: the caller frees the header.
    fn release_remote(&self) -> bool;
    /// One registration less, from a thread that is not the owner. `true`: the caller frees the header.
    fn release_own_remote(&self) -> bool;
    /// As `wake_remote`, by a registration, which from now on is a mere reference.
    fn wake_own_remote(&self) -> Wake;
    /// A wake-up from a thread that is not the owner. `Schedule`: bring it to the owner.
    fn wake_remote(&self) -> Wake;
    /// The owner has taken the remote wake-up in.
    fn remote_wake_taken(&self);
}

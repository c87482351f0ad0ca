//! What a task and the operations it polls tell each other through the thread: the yield budget, the note about what a
//! parked task waits for, and where a woken task should queue.
//!
//! ```text
//!   scheduler --begin_poll--> [ budget | note ] <--consume / note_wait-- channel, select, join, sleep
//!   scheduler <--end_poll---- [ note ]
//! ```
//!
//! Invariants
//! 1. Outside a poll of an orion task the budget is `UNLIMITED` and is never decremented; so it is in what runs inside a poll and
//!    belongs to no task (`lift`).
//! 2. A note is written only by an operation that has just arranged its wake-up, so the note of a poll that returned
//!    `Pending` names the last thing the task waits for.
//! 3. The budget is an atomic, written with plain stores: the owner counts down, a monitor may store 1 to ask for a yield.
//! 4. A budget that is spent stays so until the turn ends. An operation that it suspends remembers that ([`Once`]) and goes through
//!    when it is polled again, in whatever turn. So one that is polled on within the turn (another executor's `block_on`) or behind
//!    others that spend each turn's budget (a later arm of a select) gets on, and fresh operations, however many, end the turn.
//!
//! Rejected: a pointer to the current task's header here (every wait would write through it; the note is copied once). A budget that
//! gets a unit back for each suspension: of several operations side by side one then goes through where another has suspended, and
//! the turn need not end.

use std::cell::Cell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::sys::plain::{AtomicU32, Ordering};
use crate::sys::thread_local;

/// The budget of a thread that polls no orion task.
const UNLIMITED: u32 = u32::MAX;

/// Why a task is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Reason {
    /// Nothing an orion object knows of: a foreign future, or nothing yet.
    Unknown,
    /// A channel's `recv`.
    Recv,
    /// A channel's `send`.
    Send,
    /// A `select!` or `Select`.
    Select,
    /// A `JoinHandle`.
    Join,
    /// The end of a group.
    Group,
    /// A timer.
    Sleep,
    /// A cancellation.
    Cancelled,
    /// `yield_now`.
    Yield,
    /// A call of `spawn_blocking`, queued or running on a thread for such calls.
    Blocking,
}

impl Reason {
    const ALL: [Self; 10] = [
        Self::Unknown,
        Self::Recv,
        Self::Send,
        Self::Select,
        Self::Join,
        Self::Group,
        Self::Sleep,
        Self::Cancelled,
        Self::Yield,
        Self::Blocking,
    ];

    /// The reason whose discriminant is `code`.
    pub(crate) fn from_code(code: u32) -> Self {
        Self::ALL.get(code as usize).copied().unwrap_or(Self::Unknown)
    }
}

/// What a parked task waits for: the kind, the object's identity (0: none) and the source line that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) reason: Reason,
    pub(crate) object: u64,
    pub(crate) location: Option<&'static Location<'static>>,
}

impl Wait {
    pub(crate) const NONE: Self = Self { reason: Reason::Unknown, object: 0, location: None };
}

thread_local! {
    /// Plain: a store that is lost is made again, one that is not asks for a yield that is allowed anywhere.
    static BUDGET: AtomicU32 = const { AtomicU32::new(UNLIMITED) };
    static NOTE: Cell<Wait> = const { Cell::new(Wait::NONE) };
    static TO_TAIL: Cell<bool> = const { Cell::new(false) };
}

/// The scheduler is about to poll a task that may do `budget` operations before it yields (`0`: no limit).
#[inline]
pub(crate) fn begin_poll(budget: u32) {
    let budget = if budget == 0 { UNLIMITED } else { budget };
    BUDGET.with(|b| b.store(budget, Ordering::Relaxed));
    NOTE.set(Wait::NONE);
}

/// The poll is over; gives what the task last noted.
#[inline]
pub(crate) fn end_poll() -> Wait {
    BUDGET.with(|b| b.store(UNLIMITED, Ordering::Relaxed));
    NOTE.get()
}

/// There is no budget on this thread until the guard is dropped: what runs meanwhile belongs to no task. Whoever drives a future
/// there polls it again and again within one turn of the task below, and would find a spent budget spent for ever.
pub(crate) fn lift() -> Lifted {
    let budget = BUDGET.with(|b| {
        let left = b.load(Ordering::Relaxed);
        b.store(UNLIMITED, Ordering::Relaxed);
        left
    });
    Lifted { budget, note: NOTE.get() }
}

/// See [`lift`].
#[must_use = "the budget is back when this is dropped"]
pub(crate) struct Lifted {
    budget: u32,
    note: Wait,
}

impl Drop for Lifted {
    fn drop(&mut self) {
        BUDGET.with(|b| b.store(self.budget, Ordering::Relaxed));
        NOTE.set(self.note);
    }
}

/// One operation's unit of the yield budget, and whether a spent budget has suspended the operation already (4).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Once {
    is_free: bool,
    has_suspended: bool,
}

impl Once {
    /// Of an operation that does not count.
    pub(crate) const FREE: Self = Self { is_free: true, has_suspended: false };

    /// Takes the unit. `Pending`: the budget is spent, the caller's waker has been woken, and the caller is to return `Pending` (Y2).
    #[inline]
    pub(crate) fn consume(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.is_free || spend() {
            self.has_suspended = false;
            return Poll::Ready(());
        }
        self.suspend(cx)
    }

    #[cold]
    fn suspend(&mut self, cx: &Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.has_suspended) {
            return Poll::Ready(());
        }
        self.has_suspended = true;
        wake_tail(cx.waker());
        Poll::Pending
    }

    /// As `consume`, of an operation that is shared while it is polled.
    #[inline]
    pub(crate) fn consume_in(cell: &Cell<Self>, cx: &Context<'_>) -> Poll<()> {
        let mut once = cell.get();
        let polled = once.consume(cx);
        cell.set(once);
        polled
    }
}

/// Takes one unit for an operation that cannot suspend (`try_send`): a spent budget stays spent (C5).
#[inline]
pub(crate) fn spend() -> bool {
    BUDGET.with(|b| {
        let left = b.load(Ordering::Relaxed);
        match left {
            UNLIMITED => true,
            0 => false,
            _ => {
                b.store(left - 1, Ordering::Relaxed);
                true
            }
        }
    })
}

/// Whether an operation may go on without suspending first. For foreign frames, whose operations suspend only where they wait.
pub fn budget_left() -> bool {
    BUDGET.with(|b| b.load(Ordering::Relaxed)) != 0
}

/// The task of `waker` yields: it is to queue behind all that can run. For foreign frames.
#[inline]
pub fn wake_tail(waker: &Waker) {
    NOTE.set(Wait { reason: Reason::Yield, ..Wait::NONE });
    wake_to_tail(|| waker.wake_by_ref());
}

/// The current task, a foreign frame, is about to wait for another.
pub fn note_join(location: &'static Location<'static>) {
    note_wait(Reason::Join, 0, location);
}

/// Notes what the current task is about to park on (2).
#[inline]
pub(crate) fn note_wait(reason: Reason, object: u64, location: &'static Location<'static>) {
    NOTE.set(Wait { reason, object, location: Some(location) });
}

/// Runs `wake`, a wake-up after which the woken task is to queue behind the others: a yield, or a task that sits in a
/// select and would otherwise jump ahead of the partners it has not looked at yet.
pub(crate) fn wake_to_tail(wake: impl FnOnce()) {
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            TO_TAIL.set(self.0);
        }
    }
    let _reset = Reset(TO_TAIL.replace(true));
    wake();
}

/// Whether the wake-up now running was asked to queue at the tail.
#[inline]
pub(crate) fn wakes_to_tail() -> bool {
    TO_TAIL.get()
}

/// Lets every task that is runnable now on this queue run before the caller goes on.
///
/// Cancel safe: dropping the future has no effect. Outside an orion task it yields to whatever executor polls it.
///
/// ```
/// orion_rt::run(async |s| {
///     let order = orion_rt::Chan::unbounded();
///     let first = order.clone();
///     s.go(async move { first.send("child").await.unwrap() });
///     orion_rt::yield_now().await;
///     order.send("body").await.unwrap();
///     assert_eq!((order.recv().await, order.recv().await), (Some("child"), Some("body")));
/// });
/// ```
///
/// Rule: Y1.
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        wake_tail(cx.waker());
        Poll::Pending
    }
}

/// Wakes `waker`, at the tail of the queue or wherever the scheduler thinks best.
#[inline]
pub(crate) fn wake(waker: Waker, tail: bool) {
    if tail {
        wake_to_tail(|| waker.wake());
    } else {
        waker.wake();
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    /// Takes a unit for a fresh operation.
    fn consume(cx: &Context<'_>) -> Poll<()> {
        Once::default().consume(cx)
    }

    // Y2: outside orion tasks there is no budget; inside, a spent one suspends and wakes the task.
    #[test]
    fn a_spent_budget_suspends_and_wakes() {
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..1000 {
            assert!(consume(&cx).is_ready());
        }
        begin_poll(2);
        assert!(consume(&cx).is_ready());
        assert!(spend());
        assert!(consume(&cx).is_pending());
        assert!({ Once::FREE }.consume(&cx).is_ready());
        assert_eq!(end_poll().reason, Reason::Yield);
        cx = Context::from_waker(Waker::noop());
        assert!(consume(&cx).is_ready());
    }

    // Y2: each operation is suspended once, also if the turn goes on; others, however many, are suspended too.
    #[test]
    fn a_spent_budget_suspends_each_operation_once() {
        let cx = Context::from_waker(Waker::noop());
        begin_poll(1);
        let mut first = Once::default();
        assert!(first.consume(&cx).is_ready());
        for _ in 0..3 {
            assert!(first.consume(&cx).is_pending());
            assert!((0..1000).all(|_| consume(&cx).is_pending()));
            assert!(!budget_left());
            assert!(first.consume(&cx).is_ready());
        }
        assert!(first.consume(&cx).is_pending());
        end_poll();
        // In the next turn it takes a unit like any other, and what it remembers of the last one is over with that.
        begin_poll(1);
        assert!(first.consume(&cx).is_ready());
        assert!(first.consume(&cx).is_pending());
        end_poll();
    }

    // Y2: what runs inside a poll and belongs to no task has no budget, and takes nothing from that of the task.
    #[test]
    fn a_lifted_budget_comes_back() {
        let cx = Context::from_waker(Waker::noop());
        begin_poll(2);
        assert!(consume(&cx).is_ready());
        let lifted = lift();
        assert!((0..1000).all(|_| consume(&cx).is_ready()));
        note_wait(Reason::Recv, 1, Location::caller());
        drop(lifted);
        assert!(consume(&cx).is_ready());
        assert!(!budget_left());
        assert_eq!(end_poll().reason, Reason::Unknown);
    }

    #[test]
    fn the_tail_flag_is_reset_by_a_panicking_waker() {
        let caught = std::panic::catch_unwind(|| wake_to_tail(|| panic!("waker")));
        assert!(caught.is_err());
        assert!(!wakes_to_tail());
    }
}

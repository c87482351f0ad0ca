//! What a task and the operations it polls tell each other through the thread: the yield budget, the note about what a
//! parked task waits for, who could wake it, and where a woken task should queue.
//!
//! ```text
//!   scheduler --begin_poll--> [ budget | note | shared ] <--consume / note_wait / register-- channel, select, join, sleep
//!   scheduler <--end_poll---- [ note, shared ]
//! ```
//!
//! Invariants
//! 1. Outside a poll of an orion task the budget is `UNLIMITED` and is never decremented; so it is in what runs inside a poll and
//!    belongs to no task (`lift`).
//! 2. A note is written only by an operation that has just arranged its wake-up, so the note of a poll that returned
//!    `Pending` names the last thing the task waits for.
//! 3. A budget that is spent stays so until the turn ends: whatever is polled then is *refused*, however often, so that whoever polls has
//!    nothing left but to end the turn.
//! 4. An operation that was refused remembers the turn ([`Once`]), and goes through when it is polled in a later one, whatever the budget.
//!    So one that comes behind others which spend each turn's budget (a later arm of a select) gets on, once a turn.
//! 5. A turn that goes on all the same, after so many refusals in a row, is not to end: another executor (`block_on`) drives futures in it, and
//!    polls what it is told to. It gets another budget, and after twice as many refusals one of twice the size, so that it pays a few
//!    polls for an operation. Whoever polls n futures and ends the turn then does O(n) operations in it.
//!
//! Rejected: a pointer to the current task's header here (every wait would write through it; the note is copied once). A budget that
//! gets a unit back for each refusal: of several operations side by side one then goes through where another was refused, and the
//! turn need not end. An operation that is refused once and then goes through, in the same turn too: adapters that take `Pending` for
//! "no more now" (`ready_chunks`, `buffered`) poll it again, and their turn does not end.

mod waits;

use std::cell::Cell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::sys::thread_local;

pub(crate) use waits::{
    Registrar, Root, Shared, Waits, belongs_to, forget_waits, is_asked, note_root, note_shared, register,
    register_timer, root, same,
};

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

/// What a parked task waits for: the kind, the object's identity (0: none) and the source line that waits; and who else may use what
/// it waits on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) reason: Reason,
    pub(crate) object: u64,
    pub(crate) location: Option<&'static Location<'static>>,
    pub(crate) shared: Shared,
}

impl Wait {
    pub(crate) const NONE: Self = Self { reason: Reason::Unknown, object: 0, location: None, shared: Shared::NOBODY };
}

/// Refusals in a row after which a turn gets another budget for the first time (5).
const PATIENCE: u32 = 256;

thread_local! {
    static BUDGET: Cell<u32> = const { Cell::new(UNLIMITED) };
    static TURN: Cell<Turn> = const { Cell::new(Turn { number: 0, budget: UNLIMITED, patience: PATIENCE, refusals: 0 }) };
    /// The number of the last turn that has asked others to stop.
    static REQUEST: Cell<u32> = const { Cell::new(0) };
    static NOTE: Cell<Wait> = const { Cell::new(Wait::NONE) };
    static TO_TAIL: Cell<bool> = const { Cell::new(false) };
}

/// One poll of a task by its scheduler.
#[derive(Clone, Copy)]
struct Turn {
    number: u32,
    /// The next budget, and after how many refusals in a row it comes (5).
    budget: u32,
    patience: u32,
    refusals: u32,
}

/// The scheduler is about to poll a task that may do `budget` operations before it yields (`0`: no limit). `waits` is what it still
/// waits on from before.
#[inline]
pub(crate) fn begin_poll(budget: u32, waits: Waits) {
    let budget = match budget {
        // Counted where somebody wants to know whether there was any operation.
        0 if waits.shared.includes(Shared::ASKED) => UNLIMITED - 1,
        0 => UNLIMITED,
        limited => limited,
    };
    BUDGET.set(budget);
    TURN.set(Turn { number: TURN.get().number.wrapping_add(1), budget, patience: PATIENCE, refusals: 0 });
    NOTE.set(Wait::NONE);
    waits::begin(waits);
}

/// As [`begin_poll`], where no task is polled.
#[cfg(test)]
pub(crate) fn begin_test_poll(budget: u32) {
    let registrar = &Registrar { register: Waker::clone, register_timer: Waker::clone, same: Waker::will_wake };
    begin_poll(budget, Waits { shared: Shared::NOBODY, registrar });
}

/// The poll is over; gives what the task last noted.
#[inline]
pub(crate) fn end_poll() -> Wait {
    let left = BUDGET.replace(UNLIMITED);
    // An operation that is polled again has had its unit.
    Wait { shared: waits::end(|| left == TURN.get().budget), ..NOTE.get() }
}

/// There is no budget on this thread until the guard is dropped: what runs meanwhile belongs to no task, or to others, each with a
/// turn of its own.
pub(crate) fn lift() -> Lifted {
    Lifted { budget: BUDGET.replace(UNLIMITED), turn: TURN.get(), note: NOTE.get(), waits: waits::lift() }
}

/// See [`lift`].
#[must_use = "the budget is back when this is dropped"]
pub(crate) struct Lifted {
    budget: u32,
    turn: Turn,
    note: Wait,
    waits: waits::Lifted,
}

impl Drop for Lifted {
    fn drop(&mut self) {
        BUDGET.set(self.budget);
        TURN.set(self.turn);
        NOTE.set(self.note);
        waits::bring_back(self.waits);
    }
}

/// Runs `poll`, which polls an arm of an operation that has had its unit: where the budget is spent, the arm has one more. Otherwise
/// an arm made anew for each such operation would be refused each time, and never chosen.
#[inline]
pub(crate) fn lend<R>(poll: impl FnOnce() -> R) -> R {
    struct TakeBack;
    impl Drop for TakeBack {
        fn drop(&mut self) {
            BUDGET.set(0);
        }
    }
    if budget_left() {
        return poll();
    }
    BUDGET.set(1);
    let _take_back = TakeBack;
    poll()
}

/// One operation's unit of the yield budget, and the turn in which the operation was refused (4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Once(u32);

impl Once {
    /// Of an operation that does not count, or has its unit already.
    pub(crate) const FREE: Self = Self(u32::MAX);
    const FRESH: Self = Self(0);

    /// Of one that was refused in the turn. Two turns may share a number, of two threads say: then it is refused once more.
    fn refused_in(turn: u32) -> Self {
        Self(turn.clamp(1, Self::FREE.0 - 1))
    }

    /// Takes the unit. `Pending`: the budget is spent, the caller's waker has been woken, and the caller is to return `Pending` (Y2).
    #[inline]
    pub(crate) fn consume(&mut self, cx: &Context<'_>) -> Poll<()> {
        if *self == Self::FREE {
            return Poll::Ready(());
        }
        if spend() {
            *self = Self::FRESH;
            return Poll::Ready(());
        }
        self.consume_none(cx)
    }

    #[cold]
    fn consume_none(&mut self, cx: &Context<'_>) -> Poll<()> {
        let this_turn = Self::refused_in(TURN.get().number);
        if *self != Self::FRESH && *self != this_turn {
            *self = Self::FRESH;
            TURN.set(Turn { refusals: 0, ..TURN.get() });
            return Poll::Ready(());
        }
        *self = this_turn;
        refuse();
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

/// This turn's task asks others to stop, itself perhaps.
pub(crate) fn note_stop_request() {
    REQUEST.set(TURN.get().number);
}

/// Whether it has. After 2^32 turns without a request it may be said of a turn that has made none.
pub(crate) fn has_requested_stop() -> bool {
    REQUEST.get() == TURN.get().number
}

/// Counts a refusal (5).
fn refuse() {
    let mut turn = TURN.get();
    turn.refusals += 1;
    if turn.refusals == turn.patience {
        BUDGET.set(turn.budget);
        // Below `UNLIMITED`.
        turn.budget = turn.budget.saturating_mul(2).min(UNLIMITED / 2);
        turn.patience = turn.patience.saturating_mul(2);
        turn.refusals = 0;
    }
    TURN.set(turn);
}

/// Takes one unit for an operation that cannot suspend (`try_send`): a spent budget stays spent (C5).
#[inline]
pub(crate) fn spend() -> bool {
    match BUDGET.get() {
        UNLIMITED => true,
        0 => false,
        left => {
            BUDGET.set(left - 1);
            true
        }
    }
}

/// Whether an operation may go on without suspending first. For foreign frames, whose operations suspend only where they wait.
pub fn budget_left() -> bool {
    BUDGET.get() != 0
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
    NOTE.set(Wait { reason, object, location: Some(location), ..Wait::NONE });
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
        begin_test_poll(2);
        assert!(consume(&cx).is_ready());
        assert!(spend());
        assert!(consume(&cx).is_pending());
        assert!({ Once::FREE }.consume(&cx).is_ready());
        assert_eq!(end_poll().reason, Reason::Yield);
        cx = Context::from_waker(Waker::noop());
        assert!(consume(&cx).is_ready());
    }

    // Y2: in a spent turn every operation is refused, as often as it is polled; in a later one it goes through, once, though others have
    // spent that turn's budget before it.
    #[test]
    fn a_refused_operation_goes_through_in_a_later_turn() {
        let cx = Context::from_waker(Waker::noop());
        let mut once = Once::default();
        begin_test_poll(1);
        assert!(consume(&cx).is_ready());
        for _ in 0..3 {
            assert!(once.consume(&cx).is_pending());
            assert!((0..20).all(|_| consume(&cx).is_pending()));
            assert!(!budget_left());
        }
        end_poll();
        for _ in 0..3 {
            begin_test_poll(1);
            assert!(consume(&cx).is_ready());
            assert!(once.consume(&cx).is_ready());
            assert!(once.consume(&cx).is_pending());
            end_poll();
        }
        // With a unit of its own what it remembers is over.
        begin_test_poll(1);
        assert!(once.consume(&cx).is_ready());
        assert!(once.consume(&cx).is_pending());
        end_poll();
    }

    // Y2: a turn that does not end, however much is refused, gets on: at a few refusals an operation, however long it goes on.
    #[test]
    fn a_turn_that_does_not_end_gets_other_budgets() {
        let cx = Context::from_waker(Waker::noop());
        begin_test_poll(128);
        let (mut through, mut refused) = (0_u32, 0_u32);
        while through < if cfg!(miri) { 2_000 } else { 1_000_000 } {
            if consume(&cx).is_ready() {
                through += 1
            } else {
                refused += 1
            }
            assert!(refused <= 2 * PATIENCE + 4 * through);
        }
        end_poll();
        // The next turn knows nothing of it.
        begin_test_poll(1);
        assert!(consume(&cx).is_ready());
        assert!((1..PATIENCE).all(|_| consume(&cx).is_pending()));
        assert!(!budget_left());
        assert!(consume(&cx).is_pending());
        assert!(budget_left());
        end_poll();
    }

    // L3, Y2: an arm has a unit where there is none, and no more; where there is one it takes that.
    #[test]
    fn an_arm_is_lent_a_unit() {
        let cx = Context::from_waker(Waker::noop());
        begin_test_poll(1);
        assert!(lend(|| consume(&cx)).is_ready());
        assert!(!budget_left());
        lend(|| assert!(consume(&cx).is_ready() && consume(&cx).is_pending()));
        lend(|| ());
        assert!(!budget_left());
        let caught = std::panic::catch_unwind(|| lend(|| panic!("an arm")));
        assert!(caught.is_err() && !budget_left());
        end_poll();
    }

    // Y2: what runs inside a poll and belongs to no task has no budget, and takes nothing from that of the task.
    #[test]
    fn a_lifted_budget_comes_back() {
        let cx = Context::from_waker(Waker::noop());
        begin_test_poll(2);
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

//! The handle's side of a task: waiting for it, taking its result, giving it up. Typed handles are built on [`Claim`].
//!
//! Invariants
//! 1. A `Claim` is the task's HANDLE: while it exists the header is alive, by the list until completion, by the completion
//!    reference or the list afterwards.
//! 2. The result is taken at most once: `take` consumes the claim.

use std::mem::MaybeUninit;
use std::panic::Location;
use std::ptr::NonNull;
use std::task::{Context, Poll, Waker};

use super::error::TaskError;
use super::header::Header;
use super::kind::Sealed;
use super::owner::ScopeCore;
use super::state::{Release, TaskState};
use crate::coop::{self, Once, Reason, Shared};
use crate::meta::ledger::{self, Entry};
use crate::util::contain::FirstPanic;

/// The right to a task's result, and the duty to give it up.
pub(crate) struct Claim<K: Sealed> {
    task: NonNull<Header<K>>,
}

impl<K: Sealed> Claim<K> {
    /// The claim of a task that was born with one.
    ///
    /// # Safety
    /// `task` has HANDLE set and no claim yet.
    pub(crate) unsafe fn new(task: NonNull<Header<K>>) -> Self {
        Self { task }
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header<K> {
        // SAFETY: (1).
        unsafe { self.task.as_ref() }
    }

    pub(crate) fn cancel(&self) {
        let state = &self.header().state;
        // The scheduler is told of the request, and looks for a worker to wake after it has queued the task, which may be complete by
        // then, and its root and its runtime gone. A reference makes whoever completes the task keep the scheduler, as it does for a
        // waker; so whether it is complete is looked at with the reference.
        state.retain();
        let panics = if state.is_complete() {
            FirstPanic::default()
        } else {
            // SAFETY: kept by that reference, scheduler and all.
            unsafe { super::cancel::task(self.task) }
        };
        // SAFETY: the reference taken above.
        unsafe { super::finish::give_back(self.task, 1) };
        panics.resume();
    }

    /// Ready when the task is complete; else its completion wakes the caller.
    pub(crate) fn poll_complete(
        &mut self,
        cx: &Context<'_>,
        once: &mut Once,
        location: &'static Location<'static>,
    ) -> Poll<()> {
        if self.header().state.is_complete() {
            return once.consume(cx);
        }
        if self.register(cx.waker()) {
            return Poll::Ready(());
        }
        coop::note_root(K::root_of(self.header()));
        if self.header().was_born_in_background() {
            coop::note_shared(Shared::BACKGROUND);
        }
        coop::note_wait(Reason::Join, self.header().id.0, location);
        Poll::Pending
    }

    /// Has `waker` woken when the task is complete. `true`: it is.
    pub(crate) fn register(&mut self, waker: &Waker) -> bool {
        let state = &self.header().state;
        if state.is_complete() {
            return true;
        }
        let slot = self.header().join_waker.get();
        if !state.owns_join_slot() {
            // SAFETY: JOIN_WAKER is set: both sides only read.
            if unsafe { &*slot }.as_ref().is_some_and(|w| coop::same(w, waker)) {
                return false;
            }
            if !state.withdraw_join_waker() {
                return true;
            }
        }
        let fresh = Some(coop::register(waker));
        // SAFETY: JOIN_WAKER is clear: the slot is the handle's.
        let before = std::mem::replace(unsafe { &mut *slot }, fresh);
        drop(before);
        !state.publish_join_waker()
    }

    /// The result of a complete task.
    ///
    /// # Safety
    /// The task is complete and its value is a `T`.
    pub(crate) unsafe fn take<T>(self) -> Result<T, TaskError> {
        if self.header().swept.get() {
            // A destructor at the root's end joins: the result has gone already.
            self.give_up(false);
            return Err(TaskError::Cancelled);
        }
        let mut result = MaybeUninit::<Result<T, TaskError>>::uninit();
        // SAFETY: complete with HANDLE set: the result is the claim's, and `T` its type.
        unsafe { (self.header().vtable.take_result)(self.task, result.as_mut_ptr().cast()) };
        self.give_up(false);
        // SAFETY: just written.
        unsafe { result.assume_init() }
    }

    /// Gives the task up to its scope on purpose (J2); a result that is there is dropped.
    pub(crate) fn release(self) {
        self.header().mark_released();
        self.give_up(true);
    }

    /// As `release`, but the task has not been released: its handle was dropped or forgotten, the panic of an isolated task
    /// becomes its scope's (P2).
    pub(crate) fn forsake(self) {
        self.record();
        self.give_up(true);
    }

    /// Tells a strict root of the handle (J8).
    fn record(&self) {
        let header = self.header();
        if !header.outstays {
            return;
        }
        if !header.was_enlisted() {
            // Refused (S5): its scope may be gone.
            if header.was_refused_strictly()
                && let Some(ledger) = ledger::current()
            {
                ledger.record(|| left_open(header));
            }
            return;
        }
        // SAFETY: an enlisted task that outstays is in its scope's list while it has its handle, so the scope is alive.
        let Some(ledger) = (unsafe { header.scope.as_ref() }).ledger() else { return };
        ledger.record(|| left_open(header));
    }

    fn give_up(self, result_is_there: bool) {
        let header = self.header();
        if header.state.owns_join_slot() || header.state.withdraw_join_waker() {
            // SAFETY: the slot is the handle's, or came back to it.
            unsafe { super::finish::empty_slot(header) };
        }
        let Release::Late { slot } = header.state.release_handle() else { return };
        if slot {
            // SAFETY: complete, and JOIN_WAKER clear: nobody else looks at the slot.
            unsafe { super::finish::empty_slot(header) };
        }
        if result_is_there && !header.swept.get() {
            // SAFETY: complete with HANDLE set until now: the result is the claim's; one that could tell its scope of a panic
            // is in its list still.
            unsafe { super::finish::drop_result(self.task) };
        }
        if header.outstays && header.was_enlisted() {
            // SAFETY: just looked at; only the claim's owner could have taken it off since.
            unsafe { ScopeCore::unlist(header.scope, self.task) };
        }
        // SAFETY: the completion reference or the membership, whichever was left to the handle.
        unsafe { super::finish::give_back(self.task, 1) };
    }
}

/// What a strict root is told of a task whose handle was not used (J8).
pub(super) fn left_open<K: Sealed>(header: &Header<K>) -> Entry {
    Entry {
        kind: ledger::Kind::Task,
        id: header.id.0,
        name: header.name().cloned(),
        location: Some(header.location),
        wrong: "was neither joined nor released: its handle was dropped or forgotten".into(),
        fix: "join it, or `release()` it to its scope",
    }
}

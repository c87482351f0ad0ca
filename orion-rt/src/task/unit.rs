//! What may be ended before its owner is: the body of a group, a child of a local group. Such a future is polled inside a
//! [`Unit`], so that a shield that is polled somewhere below knows whom it protects (X3).
//!
//! ```text
//!   task A polls   body of g1 (unit)  >  body of g2 (unit)  >  shield        registers with A, and with both units
//!   STACK          [A: g1]               [A: g1] [A: g2]
//! ```
//!
//! The stack costs a push and a pop per poll of a unit; memory is allocated by the first shield inside a unit only.
//!
//! Invariants
//! 1. The entries on top of the stack with the task that the thread polls now are the units around that poll, outermost first:
//!    polls nest, and an entry is taken off when its poll is over, by an unwind too.
//! 2. Who has asked a unit to end stores its waker before it looks at the shields; the last shield takes the waker after it has
//!    left. So either the look finds no shield, or the waker is found and woken (`shields` says why).
//! 3. What an entry's `asked` points to outlives the entry: `poll` borrows it.
//! 4. Whoever polls a unit looks at the shields after the poll, if the unit is to end; so a shield that goes meanwhile wakes
//!    nobody: the waker is taken out before. So does one that goes with the unit: a group's future drops that first, and whatever a
//!    local group drops is not woken any more.
//!
//! Rejected: a unit that knows the one around it (a group's future may be moved, and its unit then is inside others); a stack of
//! pointers to the stack's frames (unsafe, for a nanosecond).

use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;

use super::current::{self, AnyTask};
use super::shields::Shields;
use crate::coop;
use crate::sys::atomic::{AtomicBool, Ordering};
use crate::sys::{Mutex, thread_local};
use crate::util::contain::contained;

/// See the module. Lives in the future that polls the unit.
#[derive(Debug, Default)]
pub(crate) struct Unit(Option<Arc<Protection>>);

/// The shields inside a unit, and who waits for them to go.
#[derive(Debug)]
pub(crate) struct Protection {
    shields: Shields,
    waiter: Mutex<Option<Waker>>,
}

struct Entry {
    task: Option<AnyTask>,
    unit: Unit,
    /// Whether others have asked the unit to end, if they can while it is polled.
    asked: Option<NonNull<AtomicBool>>,
}

thread_local! {
    static STACK: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

impl Unit {
    /// Runs `poll`, which polls the unit. Then its owner asks [`is_shielded`](Self::is_shielded), if it is to end (4): if `asked` says so,
    /// or whatever else.
    pub(crate) fn poll<R>(&mut self, asked: Option<&AtomicBool>, poll: impl FnOnce() -> R) -> R {
        struct Pop<'a>(&'a mut Unit);
        impl Drop for Pop<'_> {
            fn drop(&mut self) {
                let entry = STACK.with_borrow_mut(Vec::pop);
                *self.0 = entry.expect("each poll takes off what it has put on").unit;
            }
        }
        if let Some(protection) = &self.0 {
            protection.wait_no_more();
        }
        let entry = Entry { task: current::get(), unit: Unit(self.0.take()), asked: asked.map(NonNull::from) };
        STACK.with_borrow_mut(|stack| stack.push(entry));
        let _pop = Pop(self);
        poll()
    }

    /// Asked by who has been asked to end the unit: whether a shield is pending in it. Then `waker` is woken when the last is
    /// gone.
    pub(crate) fn is_shielded(&self, waker: &Waker) -> bool {
        self.0.as_ref().is_some_and(|protection| protection.wait_with(waker)) && !current_is_pierced()
    }
}

/// Whoever polls the unit is about to be gone, and waits for nothing: the unit itself, with its shields, may go after this.
impl Drop for Unit {
    fn drop(&mut self) {
        if let Some(protection) = &self.0 {
            protection.wait_no_more();
        }
    }
}

impl Protection {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { shields: Shields::new(), waiter: Mutex::new(None) })
    }

    pub(super) fn enter(&self) {
        self.shields.enter();
    }

    /// A shield is no more.
    pub(super) fn leave(&self) {
        if self.shields.leave(|| true) {
            let waiter = self.waiter.lock().take();
            if let Some(waiter) = waiter {
                contained(|| waiter.wake());
            }
        }
    }

    /// See [`Unit::poll`].
    fn wait_no_more(&self) {
        let waiter = self.waiter.lock().take();
        contained(|| drop(waiter));
    }

    /// See [`Unit::is_shielded`] (2).
    pub(super) fn wait_with(&self, waker: &Waker) -> bool {
        if !self.waiter.lock().as_ref().is_some_and(|w| coop::same(w, waker)) {
            let waker = coop::register(waker);
            let before = self.waiter.lock().replace(waker);
            drop(before);
        }
        self.shields.are_pending()
    }
}

/// Whether no shield in the current task keeps anything now (X3).
pub(crate) fn current_is_pierced() -> bool {
    match current::get() {
        // SAFETY: the current task is being polled.
        Some(AnyTask::Local(task)) => unsafe { task.as_ref() }.is_pierced(),
        // SAFETY: as above.
        Some(AnyTask::Multi(task)) => unsafe { task.as_ref() }.is_pierced(),
        None => false,
    }
}

/// The units around what this thread polls for `task`, innermost first.
pub(super) fn around(task: Option<AnyTask>) -> Vec<Arc<Protection>> {
    STACK.with_borrow_mut(|stack| {
        let here = stack.iter_mut().rev().take_while(|entry| entry.task == task);
        here.map(|entry| Arc::clone(entry.unit.0.get_or_insert_with(Protection::new))).collect()
    })
}

/// Whether a unit around what this thread polls has been asked to end, and nothing shields it: it ends with this poll.
pub(super) fn one_is_ending() -> bool {
    let task = current::get();
    STACK.with_borrow(|stack| {
        stack.iter().rev().take_while(|entry| entry.task == task).any(|entry| {
            let is_asked = entry.asked.is_some_and(|asked| {
                // SAFETY: (3).
                unsafe { asked.as_ref() }.load(Ordering::Acquire)
            });
            is_asked && !entry.unit.0.as_ref().is_some_and(|protection| protection.shields.are_pending())
        })
    })
}

/// Whether they are `units`.
pub(super) fn are_around(task: Option<AnyTask>, units: &[Arc<Protection>]) -> bool {
    STACK.with_borrow(|stack| {
        let mut here = stack.iter().rev().take_while(|entry| entry.task == task);
        let same = units.iter().all(|unit| {
            here.next().is_some_and(|entry| entry.unit.0.as_ref().is_some_and(|here| Arc::ptr_eq(here, unit)))
        });
        same && here.next().is_none()
    })
}

//! Whether a root has come to a standstill: nothing of it runs or can run, and who could still change that (D1, D2).
//!
//! ```text
//!   for each task:  scheduled or running -------------------------------------> it moves
//!                   a waker that is no registration, or another's object -----> external: somebody may wake it
//!                   a channel whose handles may be anywhere ------------------> suspected
//!                   joins, groups and channels of this root, or nothing ------> proven, if it is so for all
//!   one in the background (S9): if it runs, or waits for a timer, it may still set the others going: suspected
//! ```
//!
//! Invariants
//! 1. A task that is parked is made runnable by a waker only, a cancellation apart. Its wakers are registrations, which objects of the
//!    runtime keep, or are counted as foreign.
//! 2. What a registration waits for that nobody outside the root can use is brought about by tasks of the root alone.
//! 3. Each park of a task has its own epoch, and each list of tasks counts those that come in. Two looks that find the same tasks in the
//!    same epochs, and as many come in to each list, have an instant between them at which all tasks were parked: one that lived then was
//!    seen by the first, or came in to a list that the first had passed. On one thread one look is such an instant.
//!
//! Rejected: timers of background tasks as no reason to wait for, as with Go's (a ticker that the others wait for, or a watchdog that
//! cancels them in an hour, would be called a proven deadlock).

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::ops::ControlFlow;

use crate::coop::Shared;
use crate::meta::TaskId;
use crate::task::ancestry;
use crate::task::header::Header;
use crate::task::kind::Sealed;
use crate::task::owner::ScopeCore;
use crate::task::state::TaskState as _;
use crate::task::walk::{self, ShardMark};

/// What a look has found.
#[derive(Debug)]
pub(crate) enum Standstill {
    /// Somebody outside the root can make a task runnable, or a timer will.
    External,
    /// Nobody has so far, but somebody could.
    Suspected(Parked),
    /// Nobody can.
    Proven(Parked),
}

impl Standstill {
    /// Whether nothing that counts has happened since `before` was found.
    pub(crate) fn goes_on_from(&self, before: &Self) -> bool {
        match (before, self) {
            (Self::External, Self::External) => true,
            (Self::Suspected(before), Self::Suspected(now)) => {
                before.ordinary == now.ordinary && (now.is_background_awake() || before.shards == now.shards)
            }
            (Self::Proven(before), Self::Proven(now)) => before == now,
            _ => false,
        }
    }
}

/// The tasks that wait, each with the epoch of its wait (3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parked {
    ordinary: Vec<Epoch>,
    background: Vec<Epoch>,
    /// Those in the background that wait for timers.
    ticking: Vec<Epoch>,
    shards: Vec<ShardMark>,
    /// Whether a background task runs.
    is_background_running: bool,
}

/// A wait: the task, which of its waits, and whether that is the answer to a question, before which the task was in the same wait.
type Epoch = (TaskId, u32, bool);

/// By how much an epoch grows from one wait to the next.
const NEXT: u32 = 2;
/// So many turns without effect on the others make a background task one that ticks in vain.
const TURNS: u32 = 8;

impl Parked {
    /// Whether each background task that waits for a timer has had its turns since it was first found to, as far as `known` says. Where
    /// they are `new`, it notes those that are not known; others it passes over.
    pub(crate) fn background_has_had_its_chance(&self, known: &mut HashMap<TaskId, u32>, new: bool) -> bool {
        let mut all = !self.is_background_running;
        for &(task, epoch, _) in &self.ticking {
            if let Some(then) = known.get(&task) {
                all &= epoch.wrapping_sub(*then) >= TURNS * NEXT;
            } else if new {
                known.insert(task, epoch);
                all = false;
            }
        }
        all
    }

    /// Whether nothing but being asked has happened to the tasks since `before`.
    pub(crate) fn has_only_been_asked_since(&self, before: &Self) -> bool {
        let same = |(&(task, epoch, is_answer), &(then, before, _)): (&Epoch, &Epoch)| {
            task == then && (epoch == before || is_answer && epoch == before.wrapping_add(NEXT))
        };
        self.ordinary.len() == before.ordinary.len() && self.ordinary.iter().zip(&before.ordinary).all(same)
    }

    /// Whether a background task may still set others going: it waits for a timer, or runs.
    pub(crate) fn is_background_awake(&self) -> bool {
        self.is_background_running || !self.ticking.is_empty()
    }
}

/// Looks at `root`. `None`: it moves.
pub(crate) fn look<K: Sealed>(root: &ScopeCore<K>) -> Option<Standstill> {
    let (mut parked, mut external, mut suspected, mut joins_background) = (Parked::default(), false, false, false);
    let mut shards = Vec::new();
    let visit = |task: &Header<K>| {
        let (scheduled, running) = task.state.activity();
        if task.state.is_returned() {
            // It waits for tasks that are looked at, too.
            return ControlFlow::Continue(());
        }
        // One that is to end is waited for.
        let in_background =
            root.has_background() && !task.is_body && !task.state.is_cancelled() && ancestry::is_in_background(task);
        let wait = task.wait.load().filter(|_| !scheduled && !running);
        let Some((wait, epoch)) = wait else {
            parked.is_background_running = true;
            return if in_background { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        };
        external |= task.foreign_wakers() != 0 || wait.shared.includes(Shared::OTHERS);
        suspected |= wait.shared.includes(Shared::ANYBODY);
        let awaits_timer = wait.shared.includes(Shared::TIMER);
        let list = match in_background {
            false => {
                joins_background |= wait.shared.includes(Shared::BACKGROUND);
                external |= awaits_timer;
                &mut parked.ordinary
            }
            true if awaits_timer => &mut parked.ticking,
            true => &mut parked.background,
        };
        list.push((task.id, epoch, wait.shared.includes(Shared::ANSWERED)));
        // What is left can only tell that it moves.
        if external { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let walked = walk::live_tasks_and_shards(root, visit, |mark| shards.push(mark));
    parked.shards = shards;
    let waits_for_ticks = joins_background && parked.is_background_awake();
    if external || waits_for_ticks {
        return Some(Standstill::External);
    }
    if walked.is_break() || parked.ordinary.is_empty() {
        return None;
    }
    if walk::awaits_deadline(root) {
        return Some(Standstill::External);
    }
    let is_proven = !suspected && !parked.is_background_awake();
    Some(if is_proven { Standstill::Proven(parked) } else { Standstill::Suspected(parked) })
}

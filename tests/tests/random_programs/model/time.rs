//! The virtual clock (T3): time stands still while anything can run, then jumps to the next moment that somebody waits for.

use super::state::{Joining, Wait};
use super::{Checked, Flow, Model};

impl Model<'_> {
    pub(super) fn after(&self, units: u8) -> u64 {
        self.now + u64::from(units)
    }

    /// Jumps to the next moment and wakes who waits for it. `false`: nobody waits for any.
    pub(super) fn jump(&mut self) -> bool {
        let waits: Vec<(u64, usize)> = (0..self.tasks.len()).flat_map(|task| self.moments(task)).collect();
        let cancels = self.scopes.iter().filter_map(|scope| scope.deadline);
        let Some(next) = waits.iter().map(|&(moment, _)| moment).chain(cancels).min() else { return false };
        self.now = next;
        for (moment, task) in waits {
            if moment == next {
                self.wake(task);
            }
        }
        for scope in 0..self.scopes.len() {
            if self.scopes[scope].deadline.is_some_and(|moment| moment == next) {
                self.scopes[scope].deadline = None;
                self.reached.late += u64::from(!self.scopes[scope].cancelled);
                self.cancel_scope(scope);
            }
        }
        self.schedule();
        true
    }

    /// The moments a task waits for.
    fn moments(&self, task: usize) -> Vec<(u64, usize)> {
        let frames = self.tasks[task].iter().flat_map(|task| &task.frames);
        let moment = |wait| match wait {
            Wait::Sleep(deadline)
            | Wait::Timeout(deadline)
            | Wait::Join { how: Joining::Until { deadline, .. }, .. } => Some(deadline),
            Wait::Group(scope) => self.scopes[scope].time,
            _ => None,
        };
        frames.filter_map(|frame| moment(frame.wait)).map(|moment| (moment, task)).collect()
    }

    pub(super) fn sleep(&mut self, task: usize, deadline: u64) -> Checked<Flow> {
        if deadline <= self.now && self.consume(task, 0) {
            return self.did(task, crate::trace::Outcome::Over);
        }
        self.frame(task).wait = Wait::Sleep(deadline);
        Ok(Flow::Pending)
    }

    /// S11: the last call wins; a scope that was cancelled or has ended is not cancelled by it.
    pub(super) fn cancel_after(&mut self, scope: usize, units: u8) {
        if self.scopes[scope].refuses() {
            return;
        }
        if units == 0 {
            self.cancel_scope(scope);
            self.schedule();
        } else {
            self.scopes[scope].deadline = Some(self.after(units));
        }
    }
}

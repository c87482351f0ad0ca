//! Join sets: tasks joined in the order in which they complete.

use crate::trace::Outcome;

use super::state::{Set, Wait};
use super::{Checked, Flow, Model};

impl Model<'_> {
    /// The set of the running script, made if there is none.
    pub(super) fn set(&mut self, task: usize) -> usize {
        if let Some(set) = self.frame(task).set {
            return set;
        }
        self.sets.push(Set::default());
        let set = self.sets.len() - 1;
        self.frame(task).set = Some(set);
        set
    }

    /// `task` is complete: its set is told.
    pub(super) fn comes_up(&mut self, task: usize) {
        let Some(set) = self.task(task).set else { return };
        self.sets[set].complete.push_back(task);
        if let Some(waiter) = self.sets[set].waiter.take() {
            self.wake(waiter);
        }
    }

    /// Joins the next task that completes.
    pub(super) fn join_next(&mut self, task: usize) -> Checked<Flow> {
        let set = self.frame(task).set.expect("looked at before");
        if self.sets[set].tasks.is_empty() {
            return self.did(task, Outcome::Empty);
        }
        if self.sets[set].complete.is_empty() {
            self.sets[set].waiter = Some(task);
        } else if self.consume(task, 0) {
            let joined = self.sets[set].complete.pop_front().expect("looked at before");
            self.reached.overtaken += u64::from(self.sets[set].tasks[0] != joined);
            self.sets[set].tasks.retain(|&other| other != joined);
            self.task(joined).set = None;
            return self.joined(task, joined);
        }
        self.frame(task).wait = Wait::Next;
        Ok(Flow::Pending)
    }

    pub(super) fn cancel_set(&mut self, set: usize) {
        for task in self.sets[set].tasks.clone() {
            self.cancel(task);
        }
        self.schedule();
    }

    /// The tasks of a set that is dropped go on, and nobody joins them.
    pub(super) fn drop_set(&mut self, set: usize) {
        for task in std::mem::take(&mut self.sets[set].tasks) {
            self.task(task).set = None;
            self.release(task);
        }
    }
}

//! What goes on around a script: the futures between a task and what it waits for. A poll passes through them from the
//! outermost to the innermost, which waits, and back. On the way each may end what is inside: a group whose body is to stop,
//! a time that is up.

use crate::program::Nest;
use crate::trace::Outcome;

use super::state::{Frame, Scope, Wait};
use super::{Checked, Flow, Model};

impl Model<'_> {
    /// Begins to carry out `script` within `nest`.
    pub(super) fn enter_nest(&mut self, task: usize, script: usize, nest: Nest) -> Checked<Flow> {
        let Frame { scope: around, local, .. } = *self.frame(task);
        let mut frame = Frame::new(script, around, local);
        let wait = match nest {
            Nest::Local => return self.open_local(task, script),
            Nest::Timeout(units) => Wait::Timeout(self.after(units)),
            Nest::Shield => {
                frame.shield = true;
                Wait::Inner
            }
            Nest::With(value) => {
                frame.value = Some(value);
                Wait::Inner
            }
            Nest::Group | Nest::TryGroup | Nest::GroupTimeout(_) => {
                frame.scope = self.open(task, around);
                let scope = &mut self.scopes[frame.scope];
                scope.fallible = nest == Nest::TryGroup;
                if let Nest::GroupTimeout(units) = nest {
                    scope.time = Some(self.now + u64::from(units));
                }
                Wait::Group(frame.scope)
            }
        };
        let had_budget = self.budget != Some(0);
        let this = self.frame(task);
        (this.wait, this.had_budget) = (wait, had_budget);
        self.task(task).frames.push(frame);
        Ok(Flow::Go)
    }

    /// A scope on `parent`.
    fn open(&mut self, task: usize, parent: usize) -> usize {
        let opener = self.host(task);
        let cancelled = self.scopes[parent].refuses() || self.task(opener).cancelled;
        let scope = self.scopes.len();
        self.scopes.push(Scope { opener: Some(opener), waiter: Some(task), cancelled, ..Scope::default() });
        self.scopes[parent].below.push(scope);
        self.task(opener).groups.push(scope);
        scope
    }

    /// The script within a frame's nest is over.
    pub(super) fn leave_nest(&mut self, task: usize, error: Option<u32>) {
        match self.frame(task).wait {
            Wait::Group(scope) => {
                if let Some(error) = error {
                    if self.scopes[scope].fallible {
                        self.fall(scope, error);
                    } else {
                        self.scopes[scope].error = Some(error);
                    }
                }
                self.end_body(scope);
            }
            _ => self.frame(task).wait = Wait::Ended(error.map_or(Outcome::Over, Outcome::Failed)),
        }
        self.schedule();
    }

    /// S8: something in a try group has failed.
    pub(super) fn fall(&mut self, scope: usize, error: u32) {
        self.reached.fallen += u64::from(self.scopes[scope].error.is_none());
        self.scopes[scope].error.get_or_insert(error);
        self.stop(scope);
    }

    /// Everything in `scope` is cancelled, and its body is to end.
    pub(super) fn stop(&mut self, scope: usize) {
        self.scopes[scope].stopped = true;
        if let (Some(waiter), false) = (self.scopes[scope].waiter, self.scopes[scope].abandoned) {
            self.wake(waiter);
        }
        self.cancel_scope(scope);
    }

    /// The body is gone while the group's future is polled, which looks for itself.
    pub(super) fn end_body(&mut self, scope: usize) {
        self.scopes[scope].body_is_over = true;
        self.settle(scope);
    }

    /// On the way in: groups whose bodies are to stop.
    pub(super) fn enter_nests(&mut self, task: usize) -> Checked {
        let had_budget = self.budget != Some(0);
        self.task(task).frames.iter_mut().for_each(|frame| frame.had_budget = had_budget);
        for at in 0..self.task(task).frames.len() {
            if self.stop_body(task, at)? {
                break;
            }
        }
        Ok(())
    }

    /// On the way back from what waits. `true`: a future on the way has ended what is inside, and goes on.
    pub(super) fn leave_nests(&mut self, task: usize) -> Checked<bool> {
        for at in (0..self.task(task).frames.len()).rev() {
            if self.stop_body(task, at)? || self.time_is_up(task, at)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Ends the body of the group that frame `at` waits for, if it is to stop and no shield keeps it.
    fn stop_body(&mut self, task: usize, at: usize) -> Checked<bool> {
        let Some(&Frame { wait: Wait::Group(scope), .. }) = self.task(task).frames.get(at) else { return Ok(false) };
        let this = &self.scopes[scope];
        if !this.stopped || this.body_is_over || self.is_shielded(task, at + 1) {
            return Ok(false);
        }
        if let Some(number) = self.drop_frames(task, at + 1)? {
            self.fail(scope, number);
        }
        self.end_body(scope);
        self.schedule();
        Ok(true)
    }

    /// Ends what frame `at` waits for, if its time is up.
    fn time_is_up(&mut self, task: usize, at: usize) -> Checked<bool> {
        let now = self.now;
        let wait = self.task(task).frames[at].wait;
        match wait {
            Wait::Timeout(deadline) if deadline <= now => {
                // Y2: where nothing could be tried the end has to wait its turn, too.
                if !self.task(task).frames[at].had_budget && !self.consume_at(task, at, 1) {
                    return Ok(false);
                }
                let raised = self.drop_frames(task, at + 1)?;
                self.task(task).frames[at].wait = raised.map_or(Wait::Ended(Outcome::Elapsed), Wait::Raised);
            }
            Wait::Group(scope) if self.scopes[scope].time.is_some_and(|deadline| deadline <= now) => {
                if !self.task(task).frames[at].had_budget && !self.consume_at(task, at, 1) {
                    return Ok(false);
                }
                self.scopes[scope].time = None;
                self.scopes[scope].elapsed = true;
                self.stop(scope);
                self.stop_body(task, at)?;
            }
            _ => return Ok(false),
        }
        self.schedule();
        Ok(true)
    }

    /// Waits until all of a group is gone, with what its body has left behind too (S2, S4).
    pub(super) fn close(&mut self, task: usize, scope: usize) -> Checked<Flow> {
        let this = &self.scopes[scope];
        if this.has_tasks() || self.outlives(scope) {
            self.frame(task).wait = Wait::Group(scope);
            return Ok(Flow::Pending);
        }
        let this = &mut self.scopes[scope];
        this.time = None;
        this.abandoned = true;
        let outcome = match this.payload.take() {
            Some(number) => Outcome::Panicked(number),
            None if this.elapsed => Outcome::Elapsed,
            None => this.error.map_or(Outcome::Over, Outcome::Failed),
        };
        self.did(task, outcome)
    }

    /// Whether there are tasks of groups below whose futures were dropped; waits for the end of one such group.
    fn outlives(&mut self, scope: usize) -> bool {
        let mut below = self.scopes[scope].below.clone();
        self.scopes[scope].outlives = None;
        while let Some(next) = below.pop() {
            let this = &self.scopes[next];
            if this.abandoned && this.has_tasks() {
                self.scopes[scope].outlives = Some(next);
                self.reached.outlived += 1;
                return true;
            }
            below.extend(&this.below);
        }
        false
    }
}

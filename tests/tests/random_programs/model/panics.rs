//! Panics: P1 and P2.

use crate::trace::Event;

use super::state::{Life, Wait};
use super::{Checked, Flow, Model};

impl Model<'_> {
    /// A panic on its way out of a task's frames: to the group whose body it leaves, or out of the task.
    pub(super) fn unwind(&mut self, task: usize, number: u32) -> Checked<Flow> {
        while let Some(frame) = self.task(task).frames.pop() {
            self.drop_locals(frame);
            let Some(below) = self.task(task).frames.last() else { break };
            if let Wait::Group(scope) = below.wait {
                self.fail(scope, number);
                self.end_body(scope);
                self.schedule();
                return Ok(Flow::Go);
            }
        }
        self.trace.expect(Event::Panicked(task))?;
        self.panicked(task, number);
        self.schedule();
        Ok(Flow::Ready)
    }

    /// A panic has ended `task`.
    pub(super) fn panicked(&mut self, task: usize, number: u32) {
        self.reached.panicked += 1;
        let this = self.task(task);
        this.panic = Some(number);
        match this.local {
            Some(local) => self.fail_local(local, number),
            None if this.isolated => {}
            None => {
                let scope = this.scope;
                self.fail(scope, number);
            }
        }
    }

    /// Something in `scope` has panicked: everything in it is cancelled, and its body is to end.
    pub(super) fn fail(&mut self, scope: usize, number: u32) {
        let scope = self.raiser(scope);
        self.scopes[scope].payload.get_or_insert(number);
        if !std::mem::replace(&mut self.scopes[scope].failed, true) {
            self.stop(scope);
        }
    }

    /// The scope that raises what `scope` would: where its future was dropped, that of the task that had opened it.
    fn raiser(&mut self, mut scope: usize) -> usize {
        while let (true, Some(opener)) = (self.scopes[scope].abandoned, self.scopes[scope].opener) {
            scope = self.task(opener).scope;
        }
        scope
    }

    /// The future of `scope` was dropped, and will not raise what it has kept.
    pub(super) fn pass_on(&mut self, scope: usize) {
        let Some(number) = self.scopes[scope].payload.take() else { return };
        if self.scopes[scope].failed {
            self.fail(scope, number);
        } else {
            let raiser = self.raiser(scope);
            self.scopes[raiser].payload.get_or_insert(number);
        }
    }

    /// The panic of an isolated task that nobody will join: its scope raises it at its end.
    pub(super) fn unclaimed(&mut self, task: usize) {
        let this = self.task(task);
        if this.isolated
            && !this.has_handle
            && this.life == Life::Complete
            && let Some(number) = this.panic.take()
        {
            let scope = this.scope;
            let raiser = self.raiser(scope);
            self.scopes[raiser].payload.get_or_insert(number);
        }
    }
}

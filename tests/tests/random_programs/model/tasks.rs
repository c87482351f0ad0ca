//! How tasks and scopes come to be, are cancelled and end.

use crate::trace::{Event, Thing};

use super::state::{Frame, Life, Task, Wait};
use super::{Checked, Model};

impl Model<'_> {
    pub(super) fn spawn(&mut self, script: usize, scope: usize, has_handle: bool, isolated: bool) -> Checked {
        let frame = Frame { script, at: 0, scope, handles: Vec::new(), wait: Wait::Nothing, shield: false };
        self.tasks[script] = Some(Task {
            life: Life::Queued,
            woken: false,
            cancelled: false,
            scope,
            frames: vec![frame],
            groups: Vec::new(),
            isolated,
            has_handle,
            has_result: false,
            panic: None,
            joiner: None,
        });
        if self.scopes[scope].cancelled {
            self.reached.refused += 1;
            self.task(script).life = Life::Complete;
            return self.trace.expect(Event::Torn(script));
        }
        self.scopes[scope].tasks.push(script);
        self.scopes[scope].live += 1;
        self.queue.push_back(vec![script]);
        Ok(())
    }

    pub(super) fn cancel(&mut self, task: usize) {
        if self.task(task).life == Life::Complete {
            return;
        }
        self.task(task).cancelled = true;
        self.wake(task);
        for group in self.task(task).groups.clone() {
            self.cancel_scope(group);
        }
    }

    pub(super) fn cancel_scope(&mut self, scope: usize) {
        if std::mem::replace(&mut self.scopes[scope].cancelled, true) {
            return;
        }
        for task in std::mem::take(&mut self.scopes[scope].listeners) {
            let waits = |frame: &Frame| matches!(frame.wait, Wait::ScopeCancelled) && frame.scope == scope;
            if self.task(task).frames.last().is_some_and(waits) {
                self.wake(task);
            }
        }
        for task in self.scopes[scope].tasks.clone() {
            self.cancel(task);
        }
        for below in self.scopes[scope].below.clone() {
            self.cancel_scope(below);
        }
    }

    /// The future of a cancelled task is dropped, with all it has begun.
    pub(super) fn tear_down(&mut self, task: usize) -> Checked {
        self.reached.torn += 1;
        self.trace.expect(Event::Torn(task))?;
        self.task(task).life = Life::Running;
        while let Some(frame) = self.task(task).frames.pop() {
            self.drop_frame(frame);
        }
        self.schedule();
        self.returned(task);
        Ok(())
    }

    /// What a frame has begun ends with it, and its handles go.
    pub(super) fn drop_frame(&mut self, frame: Frame) {
        match frame.wait {
            Wait::Nothing | Wait::Yield | Wait::Shield | Wait::Cancelled | Wait::ScopeCancelled => {}
            Wait::Unbegun(race) | Wait::Race { race, .. } => {
                let dropped = self.chans.drop_race(race);
                self.drop_all(dropped);
            }
            Wait::Join { task: joined, takes } => {
                self.task(joined).joiner = None;
                if takes {
                    self.release(joined);
                }
            }
            Wait::Group(scope) => {
                self.cancel_scope(scope);
                self.scopes[scope].body_is_over = true;
                self.scopes[scope].abandoned = true;
                self.pass_on(scope);
            }
        }
        for handle in frame.handles.into_iter().flatten() {
            self.release(handle);
        }
    }

    /// A handle is gone: the result, if it is there, goes with it.
    pub(super) fn release(&mut self, task: usize) {
        let this = self.task(task);
        this.has_handle = false;
        this.joiner = None;
        if this.life == Life::Complete && std::mem::take(&mut this.has_result) {
            self.trace.expect_drop(Thing::Result(task as u32));
        }
        self.unclaimed(task);
    }

    pub(super) fn returned(&mut self, task: usize) {
        self.task(task).life = Life::Returned;
        self.complete(task);
        self.schedule();
    }

    /// Completes a task whose descendants are gone, and what completes with it.
    fn complete(&mut self, task: usize) {
        let groups = self.task(task).groups.clone();
        if self.task(task).life != Life::Returned || groups.iter().any(|&group| self.scopes[group].live > 0) {
            return;
        }
        let this = self.task(task);
        this.life = Life::Complete;
        if !this.has_handle && std::mem::take(&mut this.has_result) {
            self.trace.expect_drop(Thing::Result(task as u32));
        }
        self.unclaimed(task);
        if let Some(joiner) = self.task(task).joiner {
            self.wake(joiner);
        }
        let scope = &mut self.scopes[self.tasks[task].as_ref().expect("spawned").scope];
        scope.live -= 1;
        let ended = scope.live == 0 && scope.body_is_over;
        let (opener, waits) = (scope.opener, ended && !scope.abandoned);
        if let Some(opener) = opener {
            if waits {
                self.wake(opener);
            }
            self.complete(opener);
        }
    }
}

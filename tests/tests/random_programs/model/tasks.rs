//! How tasks and scopes come to be, are cancelled and end.

use crate::program::How;
use crate::trace::{Event, Thing};

use super::state::{Frame, Joining, Life, Part, Scope, Task, Wait};
use super::{Checked, Model};

impl Model<'_> {
    /// The running task starts `script`.
    pub(super) fn start_task(&mut self, task: usize, script: usize, how: How) -> Checked {
        let Frame { scope, local, .. } = *self.frame(task);
        let local = local.filter(|_| how == How::Child);
        let set = (how == How::Set).then(|| self.set(task));
        let has_handle = how != How::Go;
        if has_handle && set.is_none() {
            self.frame(task).handles.push(Some(script));
        }
        self.spawn(Task {
            local,
            isolated: how == How::Isolated,
            background: how == How::Background,
            fallible: matches!(how, How::Spawn | How::Go) && self.scopes[scope].fallible,
            set,
            inherited: self.value(task),
            has_handle,
            ..Task::new(Frame::new(script, scope, local))
        })
    }

    pub(super) fn spawn(&mut self, new: Task) -> Checked {
        let Task { scope, local, set, background, .. } = new;
        let script = new.frames[0].script;
        self.tasks[script] = Some(new);
        if let Some(set) = set {
            self.sets[set].tasks.push(script);
        }
        let refused = match local {
            Some(local) => self.locals[local].cancelled,
            None => self.scopes[scope].refuses() || background && self.scopes[scope].no_background,
        };
        if refused {
            self.reached.refused += 1;
            let this = self.task(script);
            this.life = Life::Complete;
            this.frames.clear();
            self.comes_up(script);
            return self.trace.expect(Event::Torn(script));
        }
        if let Some(local) = local {
            self.locals[local].parts.push(script);
            self.locals[local].ready.push_back(vec![Part::Task(script)]);
            return Ok(());
        }
        let scope = &mut self.scopes[scope];
        scope.tasks.push(script);
        *(if background { &mut scope.background } else { &mut scope.live }) += 1;
        self.queue.push_back(vec![script]);
        Ok(())
    }

    pub(super) fn cancel(&mut self, task: usize) {
        if self.task(task).life == Life::Complete {
            return;
        }
        let this = self.task(task);
        this.cancelled = true;
        for listener in std::mem::take(&mut this.listeners) {
            self.wake_if(listener, |frame| matches!(frame.wait, Wait::Cancelled));
        }
        self.wake(task);
        for group in self.task(task).groups.clone() {
            self.cancel_scope(group);
        }
    }

    pub(super) fn cancel_scope(&mut self, scope: usize) {
        let this = &mut self.scopes[scope];
        let told_background = std::mem::replace(&mut this.no_background, true);
        if std::mem::replace(&mut this.cancelled, true) {
            return;
        }
        for task in std::mem::take(&mut self.scopes[scope].listeners) {
            self.wake_if(task, |frame| matches!(frame.wait, Wait::ScopeCancelled) && frame.scope == scope);
        }
        for local in std::mem::take(&mut self.scopes[scope].locals) {
            if !self.locals[local].parts.is_empty() {
                self.make_ready(local, Part::Watch);
            }
        }
        for task in self.scopes[scope].tasks.clone() {
            // Those told to stop by the end of the others were cancelled together, and are not again.
            if !(told_background && self.task(task).background) {
                self.cancel(task);
            }
        }
        for below in self.scopes[scope].below.clone() {
            self.cancel_scope(below);
        }
    }

    /// Wakes `task` if it still waits for that.
    fn wake_if(&mut self, task: usize, waits: impl FnOnce(&Frame) -> bool) {
        if self.task(task).frames.last().is_some_and(waits) {
            self.wake(task);
        }
    }

    /// The future of a cancelled task is dropped, with all it has begun.
    pub(super) fn tear_down(&mut self, task: usize) -> Checked {
        self.reached.torn += 1;
        self.reached.parts += u64::from(self.task(task).local.is_some());
        self.trace.expect(Event::Torn(task))?;
        self.task(task).life = Life::Running;
        if let Some(number) = self.drop_frames(task, 0)? {
            self.panicked(task, number);
        }
        self.schedule();
        self.returned(task);
        Ok(())
    }

    /// Whether it is dropped instead of polled (X1, X3).
    pub(super) fn is_to_end(&self, task: usize) -> bool {
        self.tasks[task].as_ref().is_some_and(|task| task.cancelled) && !self.is_shielded(task, 0)
    }

    /// Whether a shield is pending in the frames from `from` on.
    pub(super) fn is_shielded(&self, task: usize, from: usize) -> bool {
        let frames = self.tasks[task].as_ref().map_or(&[][..], |task| &task.frames);
        frames.get(from..).into_iter().flatten().any(|frame| {
            let parts = if let Wait::Local(local) = frame.wait { &self.locals[local].parts[..] } else { &[] };
            frame.shield || parts.iter().any(|&part| self.is_shielded(part, 0))
        })
    }

    /// The task-local value.
    pub(super) fn value(&self, task: usize) -> Option<u8> {
        let task = self.tasks[task].as_ref()?;
        task.frames.iter().rev().find_map(|frame| frame.value).or(task.inherited)
    }

    /// The frames from `from` on are dropped: what each waits for, with what is inside, before what it has. Gives the panic that
    /// comes out of that: a local group's, whose future would have raised it.
    pub(super) fn drop_frames(&mut self, task: usize, from: usize) -> Checked<Option<u32>> {
        let mut raised = None;
        // They are there until all waits are over: what is dropped last may be woken by what is dropped first.
        for at in from..self.task(task).frames.len() {
            let wait = self.task(task).frames[at].wait;
            raised = raised.or(self.drop_wait(wait)?);
        }
        let frames = self.task(task).frames.split_off(from);
        frames.into_iter().rev().for_each(|frame| self.drop_locals(frame));
        Ok(raised)
    }

    fn drop_wait(&mut self, wait: Wait) -> Checked<Option<u32>> {
        match wait {
            Wait::Unbegun(race) | Wait::Race { race, .. } => {
                let dropped = self.chans.drop_race(race);
                self.drop_all(dropped);
            }
            Wait::Join { task: joined, how: Joining::Whole | Joining::Until { .. } } => self.release(joined),
            Wait::Group(scope) => {
                self.cancel_scope(scope);
                let this = &mut self.scopes[scope];
                this.abandoned = true;
                this.outlives = None;
                if !std::mem::replace(&mut this.body_is_over, true) && self.settle(scope) {
                    self.tell_end(scope);
                }
                self.pass_on(scope);
            }
            Wait::Local(local) => return self.drop_local(local),
            _ => {}
        }
        Ok(None)
    }

    /// What a script has goes: halves, the set, the handles.
    pub(super) fn drop_locals(&mut self, frame: Frame) {
        frame.receivers.into_iter().for_each(|chan| self.drop_receiver(chan));
        frame.senders.into_iter().for_each(|chan| self.chans.drop_sender(chan));
        if let Some(set) = frame.set {
            self.drop_set(set);
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

    /// The script of `task` is over: there is a result, unless a panic or an error was the end.
    pub(super) fn yields_result(&mut self, task: usize) {
        let is_body = self.task(task).local.is_some_and(|local| self.locals[local].body == task);
        let this = self.task(task);
        match this.error {
            Some(error) if this.fallible => {
                let scope = this.scope;
                self.fall(scope, error);
            }
            _ => this.has_result = this.panic.is_none() && !is_body,
        }
    }

    pub(super) fn returned(&mut self, task: usize) {
        self.task(task).life = Life::Returned;
        self.complete(task);
        self.schedule();
    }

    /// Completes a task whose descendants are gone, and what completes with it.
    fn complete(&mut self, task: usize) {
        let groups = self.task(task).groups.clone();
        if groups.iter().any(|&group| self.scopes[group].has_tasks()) || self.task(task).life != Life::Returned {
            return;
        }
        let this = self.task(task);
        this.life = Life::Complete;
        if !this.has_handle && std::mem::take(&mut this.has_result) {
            self.trace.expect_drop(Thing::Result(task as u32));
        }
        self.unclaimed(task);
        self.comes_up(task);
        if let Some(joiner) = self.task(task).joiner {
            self.wake(joiner);
        }
        let &mut Task { scope, local, background, .. } = self.task(task);
        if let Some(local) = local {
            self.locals[local].parts.retain(|&part| part != task);
            return;
        }
        let this = &mut self.scopes[scope];
        *(if background { &mut this.background } else { &mut this.live }) -= 1;
        if self.settle(scope) {
            self.tell_end(scope);
        }
        if let Some(opener) = self.scopes[scope].opener {
            self.complete(opener);
        }
    }

    /// The body or a task of `scope` is gone. `true`: it has ended; `false`: it goes on, perhaps to wait for background tasks, which
    /// are told to stop (S9).
    pub(super) fn settle(&mut self, scope: usize) -> bool {
        let this = &mut self.scopes[scope];
        if this.live > 0 || !this.body_is_over {
            return false;
        }
        if this.background == 0 {
            this.no_background = true;
            this.deadline = None;
            return true;
        }
        if !std::mem::replace(&mut this.no_background, true) {
            for task in this.tasks.clone() {
                if self.task(task).background && self.task(task).life != Life::Complete {
                    self.reached.background += 1;
                    self.cancel(task);
                }
            }
        }
        false
    }

    /// `scope` has ended: its future is told, or those above that wait for what was left of it.
    fn tell_end(&mut self, scope: usize) {
        let ended = |other: &Scope| other.outlives == Some(scope);
        let mut waiters: Vec<_> = self.scopes.iter().filter(|other| ended(other)).map(|other| other.waiter).collect();
        if !self.scopes[scope].abandoned {
            waiters.push(self.scopes[scope].waiter);
        }
        waiters.into_iter().flatten().for_each(|waiter| self.wake(waiter));
    }
}

//! Local groups: their body and children are polled inside the task that waits, in the order in which they were woken.

use std::collections::VecDeque;

use crate::trace::{Event, Outcome};

use super::state::{Frame, Local, Part, Task, Wait};
use super::{Checked, Flow, Model};

/// Turns in one poll of a local group.
const TURNS: usize = 32;

impl Model<'_> {
    /// The task a part of a local group is in.
    pub(super) fn host(&self, mut task: usize) -> usize {
        while let Some(local) = self.tasks[task].as_ref().and_then(|task| task.local) {
            task = self.locals[local].host;
        }
        task
    }

    pub(super) fn open_local(&mut self, task: usize, body: usize) -> Checked<Flow> {
        let local = self.locals.len();
        let scope = self.frame(task).scope;
        let cancelled = self.scopes[scope].refuses();
        if !cancelled {
            self.scopes[scope].locals.push(local);
        }
        let inherited = self.value(task);
        let frame = Frame::new(body, scope, Some(local));
        self.tasks[body] = Some(Task { local: Some(local), inherited, ..Task::new(frame) });
        self.locals.push(Local {
            host: task,
            body,
            parts: vec![body],
            ready: VecDeque::from([vec![Part::Task(body)]]),
            woken: Vec::new(),
            parked: false,
            cancelled,
            failed: false,
            payload: None,
        });
        self.poll_local(task, local)
    }

    pub(super) fn poll_local(&mut self, task: usize, local: usize) -> Checked<Flow> {
        self.locals[local].parked = false;
        let mut again = Vec::new();
        for turn in 0..TURNS {
            if turn > 0 && self.budget == Some(0) {
                break;
            }
            match self.next_part(local)? {
                None => break,
                Some(Part::Watch) => self.cancel_local(local),
                Some(Part::Task(part)) => {
                    if self.turn(part)? {
                        again.push(vec![Part::Task(part)]);
                    }
                }
            }
        }
        let this = &mut self.locals[local];
        if this.parts.is_empty() {
            this.ready.clear();
            let (payload, body) = (this.payload, this.body);
            let value = self.task(body).error.map_or(Outcome::Over, Outcome::Failed);
            return self.did(task, payload.map_or(value, Outcome::Panicked));
        }
        this.ready.extend(again);
        this.parked = this.ready.is_empty();
        if !this.parked {
            self.task(task).woken = true;
        }
        self.frame(task).wait = Wait::Local(local);
        Ok(Flow::Pending)
    }

    /// Takes the next part that is ready. Of those that became so together the trace says which is the next; but for the watch,
    /// whose turn leaves no trace.
    fn next_part(&mut self, local: usize) -> Checked<Option<Part>> {
        let Some(batch) = self.locals[local].ready.front() else { return Ok(None) };
        let place = |part| batch.iter().position(|&other| other == part);
        let watch = place(Part::Watch);
        let seen = match self.trace.peek() {
            Some(Event::Turn(part)) => place(Part::Task(part)),
            Some(Event::Torn(part)) if self.is_to_end(part) => place(Part::Task(part)),
            _ => None,
        };
        let chosen = match (watch, seen) {
            (None, None) if batch.len() > 1 => {
                return Err(self.trace.difference("a turn of another part of a local group".into()));
            }
            (None, None) => 0,
            (Some(watch), None) => watch,
            (None, Some(seen)) => seen,
            (Some(watch), Some(seen)) => [watch, seen][usize::from(self.guess())],
        };
        let ready = &mut self.locals[local].ready;
        let part = ready[0].remove(chosen);
        if ready[0].is_empty() {
            ready.pop_front();
        }
        Ok(Some(part))
    }

    /// Cancels the children.
    pub(super) fn cancel_local(&mut self, local: usize) {
        if !std::mem::replace(&mut self.locals[local].cancelled, true) {
            let Local { ref parts, body, .. } = self.locals[local];
            for part in parts.clone().into_iter().filter(|&part| part != body) {
                self.cancel(part);
            }
        }
        self.schedule();
    }

    /// P1: a part has panicked.
    pub(super) fn fail_local(&mut self, local: usize, number: u32) {
        if !std::mem::replace(&mut self.locals[local].failed, true) {
            self.locals[local].payload = Some(number);
            self.cancel_local(local);
            self.cancel(self.locals[local].body);
        }
    }

    /// The future is dropped: the children, then the body. Gives the panic that it has kept.
    pub(super) fn drop_local(&mut self, local: usize) -> Checked<Option<u32>> {
        self.locals[local].cancelled = true;
        let body = self.locals[local].body;
        while let &[first, ..] = &self.locals[local].parts[..] {
            let next = match self.trace.peek() {
                Some(Event::Torn(part)) if part != body && self.locals[local].parts.contains(&part) => part,
                _ => self.locals[local].parts.iter().copied().find(|&part| part != body).unwrap_or(first),
            };
            self.tear_down(next)?;
        }
        self.locals[local].ready.clear();
        Ok(self.locals[local].payload)
    }

    /// A part has been woken.
    pub(super) fn make_ready(&mut self, local: usize, part: Part) {
        let this = &mut self.locals[local];
        this.woken.push(part);
        if std::mem::take(&mut this.parked) {
            self.wake(self.locals[local].host);
        }
    }
}

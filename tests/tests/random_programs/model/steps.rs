//! The steps of a script, one after the other: what each begins, and how what was begun goes on at a later turn.

use crate::program::{Offer, Step};
use crate::trace::Outcome;

use super::state::{Frame, Life, Scope, Wait};
use super::{Checked, Flow, Model};

impl Model<'_> {
    pub(super) fn advance(&mut self, task: usize) -> Checked<Flow> {
        match std::mem::replace(&mut self.frame(task).wait, Wait::Nothing) {
            Wait::Nothing => self.begin(task),
            Wait::Yield => Ok(self.next(task)),
            Wait::Unbegun(race) => self.start(task, race),
            Wait::Race { race, kind } => self.resume(task, race, kind),
            Wait::Join { task: joined, takes } => self.join(task, joined, takes),
            Wait::Group(scope) if self.scopes[scope].live == 0 => {
                let panicked = self.scopes[scope].payload.take();
                self.did(task, panicked.map_or(Outcome::Over, Outcome::Panicked))
            }
            Wait::Group(scope) => {
                self.frame(task).wait = Wait::Group(scope);
                Ok(Flow::Pending)
            }
            Wait::Shield => self.did(task, Outcome::Over),
            Wait::Cancelled => self.cancelled(task, false),
            Wait::ScopeCancelled => self.cancelled(task, true),
        }
    }

    /// Begins the next step, or ends the script.
    fn begin(&mut self, task: usize) -> Checked<Flow> {
        let program = self.program;
        let frame = self.frame(task);
        let Some(step) = program.scripts[frame.script].get(frame.at) else { return self.end_script(task) };
        match *step {
            Step::Yield => Ok(self.yield_in(task, Wait::Yield)),
            Step::Send(offer) => self.enter(task, vec![offer]),
            Step::Recv(chan) | Step::RecvOrYield(chan, _) => self.enter(task, vec![Offer { chan, value: None }]),
            Step::Select { ref arms, .. } => self.enter(task, arms.clone()),
            Step::Abandon(offer, left) => self.abandon(task, offer, left),
            Step::TrySend(offer) => self.attempt_once(task, offer),
            Step::TryRecv(chan) => self.attempt_once(task, Offer { chan, value: None }),
            Step::Close(chan) => {
                let first = self.chans.close(chan);
                self.schedule();
                self.did(task, Outcome::Is(first))
            }
            Step::Inspect(chan) => {
                let (len, closed, sent, received) = self.chans.info(chan);
                self.did(task, Outcome::Info { len, closed, sent, received })
            }
            Step::Panic(number) => self.unwind(task, number),
            Step::Spawn { script, joinable, isolated } => {
                let scope = self.frame(task).scope;
                self.spawn(script, scope, joinable, isolated)?;
                if joinable {
                    self.frame(task).handles.push(Some(script));
                }
                Ok(self.next(task))
            }
            Step::Group(body) => {
                let parent = self.frame(task).scope;
                let cancelled = self.scopes[parent].cancelled || self.task(task).cancelled;
                let scope = self.scopes.len();
                self.scopes.push(Scope { opener: Some(task), cancelled, ..Scope::default() });
                self.scopes[parent].below.push(scope);
                self.frame(task).wait = Wait::Group(scope);
                let frame =
                    Frame { script: body, at: 0, scope, handles: Vec::new(), wait: Wait::Nothing, shield: false };
                self.task(task).groups.push(scope);
                self.task(task).frames.push(frame);
                Ok(Flow::Go)
            }
            Step::Shield(body) => {
                let scope = self.frame(task).scope;
                self.frame(task).wait = Wait::Shield;
                let frame =
                    Frame { script: body, at: 0, scope, handles: Vec::new(), wait: Wait::Nothing, shield: true };
                self.task(task).frames.push(frame);
                Ok(Flow::Go)
            }
            Step::IsCancelled => {
                let cancelled = self.task(task).cancelled;
                self.reached.shielded += u64::from(cancelled);
                self.did(task, Outcome::Is(cancelled))
            }
            Step::Cancelled => self.cancelled(task, false),
            Step::ScopeCancelled => self.cancelled(task, true),
            Step::CancelScope => {
                let scope = self.frame(task).scope;
                self.cancel_scope(scope);
                self.schedule();
                Ok(self.next(task))
            }
            Step::Join(handle) => match self.pick(task, handle) {
                Some((slot, joined)) => {
                    self.frame(task).handles[slot] = None;
                    self.join(task, joined, true)
                }
                None => Ok(self.next(task)),
            },
            Step::Finished(handle) => match self.pick(task, handle) {
                Some((_, joined)) => self.join(task, joined, false),
                None => Ok(self.next(task)),
            },
            Step::IsFinished(handle) => match self.pick(task, handle) {
                Some((_, other)) => {
                    let complete = self.task(other).life == Life::Complete;
                    self.did(task, Outcome::Is(complete))
                }
                None => Ok(self.next(task)),
            },
            Step::Cancel(handle) => {
                if let Some((_, other)) = self.pick(task, handle) {
                    self.cancel(other);
                    self.schedule();
                }
                Ok(self.next(task))
            }
            Step::Release(handle) => {
                if let Some((slot, other)) = self.pick(task, handle) {
                    self.frame(task).handles[slot] = None;
                    self.release(other);
                }
                Ok(self.next(task))
            }
        }
    }

    fn end_script(&mut self, task: usize) -> Checked<Flow> {
        let _ = self.did(task, Outcome::Over)?;
        let frame = self.task(task).frames.pop().expect("the one that ends");
        for handle in frame.handles.into_iter().flatten() {
            self.release(handle);
        }
        if self.task(task).frames.is_empty() {
            return Ok(Flow::Ready);
        }
        if let Wait::Group(scope) = self.frame(task).wait {
            self.scopes[scope].body_is_over = true;
        }
        Ok(Flow::Go)
    }

    fn pick(&mut self, task: usize, number: usize) -> Option<(usize, usize)> {
        let handles = &self.frame(task).handles;
        let slot = number.checked_rem(handles.len())?;
        handles[slot].map(|other| (slot, other))
    }

    /// Joins `other`, or waits for its end only.
    fn join(&mut self, task: usize, other: usize, takes: bool) -> Checked<Flow> {
        let wait = Wait::Join { task: other, takes };
        if self.task(other).life != Life::Complete {
            self.task(other).joiner = Some(task);
            self.frame(task).wait = wait;
            return Ok(Flow::Pending);
        }
        if !self.consume(task) {
            self.frame(task).wait = wait;
            return Ok(Flow::Pending);
        }
        self.task(other).joiner = None;
        if !takes {
            return self.did(task, Outcome::Over);
        }
        let outcome = match self.task(other).panic.take() {
            Some(number) => Outcome::Panicked(number),
            None if self.task(other).has_result => Outcome::Joined(other as u32),
            None => Outcome::Cancelled,
        };
        self.task(other).has_result = false;
        self.task(other).has_handle = false;
        self.did(task, outcome)
    }

    /// Waits until the task, or the scope it is in, is cancelled.
    fn cancelled(&mut self, task: usize, of_scope: bool) -> Checked<Flow> {
        let scope = self.frame(task).scope;
        if of_scope && !self.scopes[scope].cancelled {
            self.scopes[scope].listeners.push(task);
        } else if (of_scope || self.task(task).cancelled) && self.consume(task) {
            return self.did(task, Outcome::Over);
        }
        self.frame(task).wait = if of_scope { Wait::ScopeCancelled } else { Wait::Cancelled };
        Ok(Flow::Pending)
    }
}

//! The steps of a script, one after the other: what each begins, and how what was begun goes on at a later turn.

use crate::program::{Offer, Step};
use crate::trace::Outcome;

use super::state::{Joining, Life, Wait};
use super::{Checked, Flow, Model};

impl Model<'_> {
    pub(super) fn advance(&mut self, task: usize) -> Checked<Flow> {
        match std::mem::replace(&mut self.frame(task).wait, Wait::Nothing) {
            Wait::Nothing => self.begin(task),
            Wait::Yield => Ok(self.next(task)),
            Wait::Unbegun(race) => self.start(task, race),
            Wait::Race { race, kind } => self.resume(task, race, kind),
            Wait::Join { task: joined, how } => self.join(task, joined, how),
            Wait::Next => self.join_next(task),
            Wait::Sleep(deadline) => self.sleep(task, deadline),
            Wait::Cancelled => self.cancelled(task, false),
            Wait::ScopeCancelled => self.cancelled(task, true),
            Wait::Group(scope) => self.close(task, scope),
            Wait::Local(local) => self.poll_local(task, local),
            Wait::Ended(outcome) => self.did(task, outcome),
            Wait::Raised(number) => self.unwind(task, number),
            Wait::Timeout(_) | Wait::Inner => unreachable!("waits for the frame above"),
        }
    }

    /// Begins the next step, or ends the script.
    fn begin(&mut self, task: usize) -> Checked<Flow> {
        let program = self.program;
        let frame = self.frame(task);
        let Some(step) = program.scripts[frame.script].get(frame.at) else { return self.end_script(task, None) };
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
            Step::Split(chan) => {
                self.split(task, chan);
                self.did(task, Outcome::Over)
            }
            Step::DropSender => {
                let sender = self.frame(task).senders.pop_front();
                sender.into_iter().for_each(|chan| self.chans.drop_sender(chan));
                self.schedule();
                self.did(task, Outcome::Is(sender.is_some()))
            }
            Step::DropReceiver => {
                let receiver = self.frame(task).receivers.pop_front();
                receiver.into_iter().for_each(|chan| self.drop_receiver(chan));
                self.schedule();
                self.did(task, Outcome::Is(receiver.is_some()))
            }
            Step::Panic(number) => self.unwind(task, number),
            Step::Spawn(script, how) => {
                self.start_task(task, script, how)?;
                Ok(self.next(task))
            }
            Step::Within(script, nest) => self.enter_nest(task, script, nest),
            Step::Fail(error) => self.end_script(task, Some(error)),
            Step::IsCancelled => {
                let host = self.host(task);
                let cancelled = self.task(host).cancelled;
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
            Step::CancelAfter(units) => {
                let scope = self.frame(task).scope;
                self.cancel_after(scope, units);
                Ok(self.next(task))
            }
            Step::CancelLocal => {
                if let Some(local) = self.frame(task).local {
                    self.cancel_local(local);
                }
                Ok(self.next(task))
            }
            Step::Sleep(units) => self.sleep(task, self.after(units)),
            Step::Get => {
                let value = self.value(task);
                let inherits = value.is_some() && self.task(task).frames.iter().all(|frame| frame.value.is_none());
                self.reached.inherited += u64::from(inherits);
                self.did(task, Outcome::Local(value))
            }
            Step::Next | Step::CancelSet | Step::DropSet if self.frame(task).set.is_none() => Ok(self.next(task)),
            Step::Next => self.join_next(task),
            Step::CancelSet => {
                let set = self.frame(task).set.expect("looked at above");
                self.cancel_set(set);
                Ok(self.next(task))
            }
            Step::DropSet => {
                let set = self.frame(task).set.take().expect("looked at above");
                self.drop_set(set);
                Ok(self.next(task))
            }
            Step::Join(handle) => match self.pick(task, handle) {
                Some((slot, joined)) => {
                    self.frame(task).handles[slot] = None;
                    self.join(task, joined, Joining::Whole)
                }
                None => Ok(self.next(task)),
            },
            Step::JoinTimeout(handle, units) => match self.pick(task, handle) {
                Some((place, joined)) => {
                    self.frame(task).handles[place] = None;
                    let deadline = self.after(units);
                    self.join(task, joined, Joining::Until { deadline, place })
                }
                None => Ok(self.next(task)),
            },
            Step::Finished(handle) => match self.pick(task, handle) {
                Some((_, joined)) => self.join(task, joined, Joining::End),
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

    fn end_script(&mut self, task: usize, error: Option<u32>) -> Checked<Flow> {
        let _ = self.did(task, error.map_or(Outcome::Over, Outcome::Failed))?;
        let frame = self.task(task).frames.pop().expect("the one that ends");
        self.drop_locals(frame);
        if self.task(task).frames.is_empty() {
            self.task(task).error = error;
            return Ok(Flow::Ready);
        }
        self.leave_nest(task, error);
        Ok(Flow::Go)
    }

    fn pick(&mut self, task: usize, number: usize) -> Option<(usize, usize)> {
        let handles = &self.frame(task).handles;
        let slot = number.checked_rem(handles.len())?;
        handles[slot].map(|other| (slot, other))
    }

    /// Joins `other`, or waits for its end only.
    fn join(&mut self, task: usize, other: usize, how: Joining) -> Checked<Flow> {
        let complete = self.task(other).life == Life::Complete;
        if !complete {
            self.task(other).joiner = Some(task);
        }
        let is_up = matches!(how, Joining::Until { deadline, .. } if deadline <= self.now);
        if !(complete || is_up) || !self.consume(task, usize::from(!complete)) {
            self.frame(task).wait = Wait::Join { task: other, how };
            return Ok(Flow::Pending);
        }
        match how {
            Joining::Until { place, .. } if !complete => {
                self.frame(task).handles[place] = Some(other);
                self.did(task, Outcome::Elapsed)
            }
            Joining::End => {
                self.task(other).joiner = None;
                self.did(task, Outcome::Over)
            }
            Joining::Whole | Joining::Until { .. } => self.joined(task, other),
        }
    }

    /// `other`, which is complete, is joined.
    pub(super) fn joined(&mut self, task: usize, other: usize) -> Checked<Flow> {
        let this = self.task(other);
        let outcome = match this.panic.take() {
            Some(number) => Outcome::Panicked(number),
            None if this.has_result => Outcome::Joined(other as u32),
            None => Outcome::Cancelled,
        };
        this.joiner = None;
        this.has_result = false;
        this.has_handle = false;
        self.did(task, outcome)
    }

    /// Waits until the task, or the scope it is in, is cancelled.
    fn cancelled(&mut self, task: usize, of_scope: bool) -> Checked<Flow> {
        let (scope, host) = (self.frame(task).scope, self.host(task));
        let is_cancelled = if of_scope { self.scopes[scope].cancelled } else { self.task(host).cancelled };
        if !is_cancelled {
            let listeners = if of_scope { &mut self.scopes[scope].listeners } else { &mut self.task(host).listeners };
            listeners.push(task);
        } else if self.consume(task, 0) {
            return self.did(task, Outcome::Over);
        }
        self.frame(task).wait = if of_scope { Wait::ScopeCancelled } else { Wait::Cancelled };
        Ok(Flow::Pending)
    }
}

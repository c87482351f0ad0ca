//! Sends, receives and selects: how they begin, wait, end and are given up; and the halves that scripts hold.

use crate::chans::{Done, State};
use crate::program::{Offer, Step};
use crate::trace::{Event, Outcome, Thing, Won};

use super::state::{Kind, Wait};
use super::{Checked, Flow, Model};

impl Model<'_> {
    pub(super) fn enter(&mut self, task: usize, arms: Vec<Offer>) -> Checked<Flow> {
        let race = self.chans.begin(task, arms);
        self.start(task, race)
    }

    /// Begins a send, a receive or a select, unless the budget is spent.
    pub(super) fn start(&mut self, task: usize, race: usize) -> Checked<Flow> {
        if !self.consume(task, 0) {
            self.frame(task).wait = Wait::Unbegun(race);
            return Ok(Flow::Pending);
        }
        let program = self.program;
        let frame = self.frame(task);
        let step = &program.scripts[frame.script][frame.at];
        if let Step::Select { biased, default, .. } = *step {
            return self.select(task, race, biased, default);
        }
        if let Some(won) = self.chans.attempt(race, 0) {
            self.schedule();
            return self.did(task, Outcome::Won(None, won));
        }
        self.chans.park(race);
        if let Step::RecvOrYield(_, left) = *step {
            return Ok(self.yield_in(task, Wait::Race { race, kind: Kind::Until { left, begun: true } }));
        }
        self.frame(task).wait = Wait::Race { race, kind: Kind::Single };
        Ok(Flow::Pending)
    }

    pub(super) fn abandon(&mut self, task: usize, offer: Offer, left: u8) -> Checked<Flow> {
        let race = self.chans.begin(task, vec![offer]);
        let begun = self.consume(task, 0);
        if begun {
            if let Some(won) = self.chans.attempt(race, 0) {
                self.schedule();
                return self.did(task, Outcome::Won(None, won));
            }
            self.chans.park(race);
        }
        Ok(self.yield_in(task, Wait::Race { race, kind: Kind::Until { left, begun: false } }))
    }

    pub(super) fn attempt_once(&mut self, task: usize, offer: Offer) -> Checked<Flow> {
        self.budget = self.budget.map(|left| left.saturating_sub(1));
        let race = self.chans.begin(task, vec![offer]);
        let outcome = match (self.chans.attempt(race, 0), offer.value) {
            (Some(won), _) => Outcome::Won(None, won),
            (None, Some(value)) => Outcome::Full(value),
            (None, None) => Outcome::Empty,
        };
        self.chans.races[race].state = State::Over;
        self.schedule();
        self.did(task, outcome)
    }

    fn select(&mut self, task: usize, race: usize, biased: bool, default: bool) -> Checked<Flow> {
        let arms = self.chans.races[race].arms.len();
        let ready: Vec<usize> = (0..arms).filter(|&index| self.chans.is_ready(race, index)).collect();
        let chosen = match self.trace.peek() {
            _ if biased => ready.first().copied(),
            Some(Event::Did { outcome: Outcome::Won(Some(index), _), .. }) if ready.contains(&index) => {
                self.reached.choices += u64::from(ready.len() > 1);
                Some(index)
            }
            _ if ready.is_empty() => None,
            _ => return Err(self.trace.difference(format!("one of the arms {ready:?}"))),
        };
        if let Some(index) = chosen {
            let won = self.chans.attempt(race, index).expect("a ready arm");
            self.schedule();
            return self.won(task, race, index, won);
        }
        if default {
            self.chans.races[race].state = State::Over;
            self.drop_all(self.chans.unsent(race, None));
            return self.did(task, Outcome::Default);
        }
        self.chans.park(race);
        self.frame(task).wait = Wait::Race { race, kind: Kind::Select };
        Ok(Flow::Pending)
    }

    fn won(&mut self, task: usize, race: usize, index: usize, won: Won) -> Checked<Flow> {
        self.drop_all(self.chans.unsent(race, Some(index)));
        self.did(task, Outcome::Won(Some(index), won))
    }

    /// A turn of a task whose race was parked.
    pub(super) fn resume(&mut self, task: usize, race: usize, kind: Kind) -> Checked<Flow> {
        if let Kind::Until { left, begun: false } = kind {
            // An abandoned future: nobody looks at it.
            if left > 1 {
                return Ok(self.yield_in(task, Wait::Race { race, kind: Kind::Until { left: left - 1, begun: false } }));
            }
            return self.give_up(task, race);
        }
        let state = self.chans.races[race].state;
        let (index, won) = match state {
            State::Done(index, Done::Sent) => (index, Won::Sent),
            State::Done(index, Done::Received(value)) => (index, Won::Received(value.number)),
            State::Closed(chan) => self.closed_arm(race, chan)?,
            State::Waiting | State::Over => {
                return match kind {
                    Kind::Until { left: 1, .. } => self.give_up(task, race),
                    Kind::Until { left, begun } => {
                        let kind = Kind::Until { left: left - 1, begun };
                        Ok(self.yield_in(task, Wait::Race { race, kind }))
                    }
                    Kind::Single | Kind::Select => {
                        self.frame(task).wait = Wait::Race { race, kind };
                        Ok(Flow::Pending)
                    }
                };
            }
        };
        self.chans.races[race].state = State::Over;
        if let Kind::Select = kind {
            return self.won(task, race, index, won);
        }
        self.did(task, Outcome::Won(None, won))
    }

    /// The arm by which a race learns that a channel was closed: any of those on that channel.
    fn closed_arm(&mut self, race: usize, chan: usize) -> Checked<(usize, Won)> {
        let arms = &self.chans.races[race].arms;
        let index = match self.trace.peek() {
            Some(Event::Did { outcome: Outcome::Won(Some(index), _), .. }) => index,
            _ => 0,
        };
        match arms.get(index) {
            Some(arm) if arm.chan == chan => Ok((index, arm.value.map_or(Won::Closed, Won::Unsent))),
            _ => Err(self.trace.difference(format!("an arm on channel {chan}, which was closed"))),
        }
    }

    fn give_up(&mut self, task: usize, race: usize) -> Checked<Flow> {
        let dropped = self.chans.drop_race(race);
        self.drop_all(dropped);
        self.schedule();
        self.did(task, Outcome::GaveUp)
    }

    pub(super) fn split(&mut self, task: usize, chan: usize) {
        self.chans.split(chan);
        self.frame(task).senders.push_back(chan);
        self.frame(task).receivers.push_back(chan);
    }

    pub(super) fn drop_receiver(&mut self, chan: usize) {
        let dropped = self.chans.drop_receiver(chan);
        self.drop_all(dropped);
    }

    pub(super) fn drop_all(&mut self, things: Vec<Thing>) {
        things.into_iter().for_each(|thing| self.trace.expect_drop(thing));
    }
}

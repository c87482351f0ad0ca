//! The model's channels and offers: rules C1 to C4, X5 and L1, one after the other in plain data.

mod halves;

use std::collections::VecDeque;

use crate::program::{Home, Offer};
use crate::trace::{Thing, Won};

/// A send, a receive or a select that has begun: what it offers, and what has become of it.
pub(crate) struct Race {
    pub(crate) task: usize,
    pub(crate) arms: Vec<Offer>,
    pub(crate) state: State,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    Waiting,
    /// A peer has completed this arm.
    Done(usize, Done),
    /// The channel of one of its arms was closed.
    Closed(usize),
    Over,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Done {
    Sent,
    Received(Value),
}

/// A value in a channel, with its place in the order of sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    pub(crate) number: u32,
    seq: u64,
}

#[derive(Default)]
struct Chan {
    /// `None`: unbounded.
    capacity: Option<usize>,
    /// Received by nobody after all, in send order; they go first.
    returned: Vec<Value>,
    buffer: VecDeque<Value>,
    senders: VecDeque<(usize, usize)>,
    receivers: VecDeque<(usize, usize)>,
    closed: bool,
    /// Counted halves that have not gone.
    senders_held: usize,
    receivers_held: usize,
    /// The last receiving half has gone.
    abandoned: bool,
    sent: u64,
    received: u64,
}

/// All channels, all races, and the tasks that have become runnable by what was done.
#[derive(Default)]
pub(crate) struct Chans {
    chans: Vec<Chan>,
    pub(crate) races: Vec<Race>,
    pub(crate) woken: Vec<usize>,
    /// How often a value came back from a receiver.
    pub(crate) returns: u64,
    /// How often it was dropped then, as nobody could receive it.
    pub(crate) orphans: u64,
    /// Channels closed by the last half of a side.
    pub(crate) last_senders: u64,
    pub(crate) last_receivers: u64,
    /// Values left to the receivers by the last sending half.
    pub(crate) left: u64,
    /// Values dropped with the last receiving half.
    pub(crate) abandoned: u64,
    /// Values dropped at the root's end.
    pub(crate) drained: u64,
}

impl Chans {
    pub(crate) fn new(channels: &[(Option<usize>, Home)]) -> Self {
        let chan = |&(capacity, home): &(_, Home)| {
            let held = usize::from(home == Home::Free);
            Chan { capacity, senders_held: held, receivers_held: held, ..Chan::default() }
        };
        Self { chans: channels.iter().map(chan).collect(), ..Self::default() }
    }

    pub(crate) fn begin(&mut self, task: usize, arms: Vec<Offer>) -> usize {
        self.races.push(Race { task, arms, state: State::Waiting });
        self.races.len() - 1
    }

    /// Carries arm `index` of a race out, if that is possible now.
    pub(crate) fn attempt(&mut self, race: usize, index: usize) -> Option<Won> {
        let Offer { chan, value } = self.races[race].arms[index];
        let won = match value {
            Some(number) => self.put(chan, number, race),
            None => self.take(chan, race),
        };
        if won.is_some() {
            self.races[race].state = State::Over;
        }
        won
    }

    /// Whether `attempt` would give something.
    pub(crate) fn is_ready(&self, race: usize, index: usize) -> bool {
        let Offer { chan, value } = self.races[race].arms[index];
        let this = &self.chans[chan];
        if this.closed {
            return true;
        }
        if value.is_some() {
            (this.len() == 0 && self.waits(&this.receivers, race)) || this.has_room()
        } else {
            this.len() > 0 || self.waits(&this.senders, race)
        }
    }

    /// Lets peers find the arms of a race.
    pub(crate) fn park(&mut self, race: usize) {
        for (index, arm) in self.races[race].arms.iter().enumerate() {
            let chan = &mut self.chans[arm.chan];
            let queue = if arm.value.is_some() { &mut chan.senders } else { &mut chan.receivers };
            queue.push_back((race, index));
        }
    }

    /// Ends a race whose owner has gone: what was handed to it goes back; gives the values that are dropped with it.
    pub(crate) fn drop_race(&mut self, race: usize) -> Vec<Thing> {
        let state = std::mem::replace(&mut self.races[race].state, State::Over);
        let sent = if let State::Done(index, Done::Sent) = state { Some(index) } else { None };
        let mut dropped = self.unsent(race, sent);
        if let State::Done(index, Done::Received(value)) = state {
            dropped.extend(self.give_back(self.races[race].arms[index].chan, value));
        }
        dropped
    }

    /// The values of a race's sends, but for the arm that has won.
    pub(crate) fn unsent(&self, race: usize, but: Option<usize>) -> Vec<Thing> {
        let arms = self.races[race].arms.iter().enumerate();
        arms.filter(|&(index, _)| Some(index) != but).filter_map(|(_, arm)| arm.value.map(Thing::Value)).collect()
    }

    /// Closes a channel; `false`: it was closed.
    pub(crate) fn close(&mut self, chan: usize) -> bool {
        if self.chans[chan].closed {
            return false;
        }
        self.chans[chan].closed = true;
        let senders = std::mem::take(&mut self.chans[chan].senders);
        let receivers = std::mem::take(&mut self.chans[chan].receivers);
        for (race, _) in senders.into_iter().chain(receivers) {
            let race = &mut self.races[race];
            if let State::Waiting = race.state {
                race.state = State::Closed(chan);
                self.woken.push(race.task);
            }
        }
        true
    }

    /// `len`, whether it is closed, values sent and received.
    pub(crate) fn info(&self, chan: usize) -> (usize, bool, u64, u64) {
        let this = &self.chans[chan];
        (this.len(), this.closed, this.sent, this.received)
    }

    /// What is left in a channel, first to be received first.
    pub(crate) fn rest(&self, chan: usize) -> Vec<u32> {
        let this = &self.chans[chan];
        this.returned.iter().chain(&this.buffer).map(|value| value.number).collect()
    }

    fn take(&mut self, chan: usize, me: usize) -> Option<Won> {
        let this = &mut self.chans[chan];
        let buffered = if this.returned.is_empty() { this.buffer.pop_front() } else { Some(this.returned.remove(0)) };
        let value = if let Some(value) = buffered {
            while self.chans[chan].has_room() {
                let Some(value) = self.next_sent(chan, me) else { break };
                self.chans[chan].buffer.push_back(value);
            }
            value
        } else {
            match self.next_sent(chan, me) {
                Some(value) => value,
                None => return self.chans[chan].closed.then_some(Won::Closed),
            }
        };
        self.chans[chan].received += 1;
        Some(Won::Received(value.number))
    }

    fn put(&mut self, chan: usize, number: u32, me: usize) -> Option<Won> {
        if self.chans[chan].closed {
            return Some(Won::Unsent(number));
        }
        if self.chans[chan].len() == 0
            && let Some(receiver) = self.claim(chan, false, me)
        {
            let value = self.chans[chan].accept(number);
            self.hand(chan, receiver, value);
            return Some(Won::Sent);
        }
        let this = &mut self.chans[chan];
        this.has_room().then(|| {
            let value = this.accept(number);
            this.buffer.push_back(value);
            Won::Sent
        })
    }

    /// A value was received by nobody after all. Gives it, if nobody can receive it any more.
    fn give_back(&mut self, chan: usize, value: Value) -> Option<Thing> {
        self.returns += 1;
        self.chans[chan].received -= 1;
        if self.chans[chan].abandoned {
            self.orphans += 1;
            return Some(Thing::Value(value.number));
        }
        if let Some(receiver) = self.claim(chan, false, usize::MAX) {
            self.hand(chan, receiver, value);
            return None;
        }
        let returned = &mut self.chans[chan].returned;
        returned.push(value);
        returned.sort_by_key(|value| value.seq);
        None
    }

    fn hand(&mut self, chan: usize, (race, index): (usize, usize), value: Value) {
        self.chans[chan].received += 1;
        self.races[race].state = State::Done(index, Done::Received(value));
        self.woken.push(self.races[race].task);
    }

    /// The value of the longest waiting sender, which has sent it with this.
    fn next_sent(&mut self, chan: usize, me: usize) -> Option<Value> {
        let (race, index) = self.claim(chan, true, me)?;
        let number = self.races[race].arms[index].value.expect("a sender has a value");
        self.races[race].state = State::Done(index, Done::Sent);
        self.woken.push(self.races[race].task);
        Some(self.chans[chan].accept(number))
    }

    /// Takes the longest waiting partner that is not the race itself out of a queue.
    fn claim(&mut self, chan: usize, sender: bool, me: usize) -> Option<(usize, usize)> {
        let this = &mut self.chans[chan];
        let queue = if sender { &mut this.senders } else { &mut this.receivers };
        let races = &self.races;
        queue.retain(|&(race, _)| matches!(races[race].state, State::Waiting));
        let at = queue.iter().position(|&(race, _)| race != me)?;
        queue.remove(at)
    }

    fn waits(&self, queue: &VecDeque<(usize, usize)>, me: usize) -> bool {
        queue.iter().any(|&(race, _)| race != me && matches!(self.races[race].state, State::Waiting))
    }
}

impl Chan {
    fn len(&self) -> usize {
        self.returned.len() + self.buffer.len()
    }

    fn has_room(&self) -> bool {
        self.capacity.is_none_or(|capacity| self.len() < capacity)
    }

    fn accept(&mut self, number: u32) -> Value {
        self.sent += 1;
        Value { number, seq: self.sent }
    }
}

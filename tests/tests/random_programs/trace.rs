//! What happened, as one list in order: written by a run on one thread, read by the model.

use std::fmt;
use std::sync::Mutex;

use crate::real::Witness;

/// How a communication ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Won {
    Sent,
    /// The channel is closed, and the value came back.
    Unsent(u32),
    Received(u32),
    /// Closed and drained.
    Closed,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A communication, by the arm with this index if it was a select's.
    Won(Option<usize>, Won),
    Full(u32),
    Empty,
    Default,
    GaveUp,
    Is(bool),
    Info {
        len: usize,
        closed: bool,
        sent: u64,
        received: u64,
    },
    Joined(u32),
    Cancelled,
    /// The panic of a task that was joined, or one that came out of a group.
    Panicked(u32),
    /// The error of a script, or of what it was within.
    Failed(u32),
    /// The time was up.
    Elapsed,
    /// The task-local value.
    Local(Option<u8>),
    /// A group, a wait or a script.
    Over,
}

/// What is made once and ends once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    Value(u32),
    /// The result of this task.
    Result(u32),
}

/// How a task's future ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Returned,
    Panicked,
    /// Dropped before.
    Torn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A task is polled.
    Turn(usize),
    /// A task's future is dropped before it has returned.
    Torn(usize),
    /// A panic has come out of a task.
    Panicked(usize),
    Did {
        script: usize,
        step: usize,
        outcome: Outcome,
    },
    Dropped(Thing),
    Quiet,
}

/// Writes every event down.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    pub(crate) fn events(self) -> Vec<Event> {
        self.0.into_inner().unwrap()
    }

    fn write(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Witness for Recorder {
    fn turn(&self, task: usize) {
        self.write(Event::Turn(task));
    }

    fn over(&self, task: usize, end: End) {
        match end {
            End::Returned => {}
            End::Panicked => self.write(Event::Panicked(task)),
            End::Torn => self.write(Event::Torn(task)),
        }
    }

    fn did(&self, script: usize, step: usize, outcome: Outcome) {
        self.write(Event::Did { script, step, outcome });
    }

    fn dropped(&self, thing: Thing) {
        self.write(Event::Dropped(thing));
    }

    fn made(&self, _: Thing) {}

    fn quiet(&self, _: bool) {
        self.write(Event::Quiet);
    }
}

/// Where the model and the runtime part.
#[derive(Debug)]
pub(crate) struct Difference {
    at: usize,
    expected: String,
    before: Vec<Event>,
    found: Vec<Event>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "event {}: the model expects {}", self.at, self.expected)?;
        writeln!(f, "  found {:?}", self.found)?;
        write!(f, "  after {:?}", self.before)
    }
}

/// A list of events on the way through. Drops that follow each other may come in any order: no rule says which of two values
/// that end together goes first.
pub(crate) struct Trace<'t> {
    events: &'t [Event],
    at: usize,
    drops: Vec<Thing>,
    /// Of these those of one list in its order.
    ordered: Vec<Vec<Thing>>,
}

impl<'t> Trace<'t> {
    pub(crate) fn new(events: &'t [Event]) -> Self {
        Self { events, at: 0, drops: Vec::new(), ordered: Vec::new() }
    }

    /// The next event must be this one.
    pub(crate) fn expect(&mut self, event: Event) -> Result<(), Difference> {
        self.settle()?;
        if self.events.get(self.at) != Some(&event) {
            return Err(self.difference(format!("{event:?}")));
        }
        self.at += 1;
        Ok(())
    }

    /// This must be dropped before the next other event.
    pub(crate) fn expect_drop(&mut self, thing: Thing) {
        self.drops.push(thing);
    }

    /// These must, one after the other, though not of other things.
    pub(crate) fn expect_drops_in_order(&mut self, things: Vec<Thing>) {
        self.drops.extend(&things);
        self.ordered.push(things);
    }

    /// What was to be dropped up to here comes before what is to be from here on.
    pub(crate) fn expect_drops_first(&mut self) -> Result<(), Difference> {
        self.settle_up_to(self.drops.len())
    }

    /// The next event that is no drop, for what the model leaves open.
    pub(crate) fn peek(&self) -> Option<Event> {
        self.events[self.at..].iter().find(|event| !matches!(event, Event::Dropped(_))).copied()
    }

    /// All events must have been seen.
    pub(crate) fn end(&mut self) -> Result<(), Difference> {
        self.settle()?;
        if self.at == self.events.len() { Ok(()) } else { Err(self.difference("the end".into())) }
    }

    pub(crate) fn difference(&self, expected: String) -> Difference {
        let (before, after) = self.events.split_at(self.at);
        Difference {
            at: self.at,
            expected,
            before: before[before.len().saturating_sub(6)..].to_vec(),
            found: after[..after.len().min(3)].to_vec(),
        }
    }

    fn settle(&mut self) -> Result<(), Difference> {
        self.settle_up_to(usize::MAX)
    }

    /// Compares what was to be dropped with the next drops, or so many of them.
    fn settle_up_to(&mut self, limit: usize) -> Result<(), Difference> {
        let drop_of = |event: &Event| if let Event::Dropped(thing) = event { Some(*thing) } else { None };
        let mut found: Vec<Thing> = self.events[self.at..].iter().map_while(drop_of).take(limit).collect();
        let ordered = std::mem::take(&mut self.ordered);
        if let Some(list) = ordered.iter().find(|&list| !found.iter().filter(|thing| list.contains(thing)).eq(list)) {
            return Err(self.difference(format!("drops in this order: {list:?}")));
        }
        found.sort_unstable();
        let mut expected = std::mem::take(&mut self.drops);
        expected.sort_unstable();
        if found != expected {
            return Err(self.difference(format!("drops of {expected:?}")));
        }
        self.at += found.len();
        Ok(())
    }
}

//! The contract as a sequential program: one queue of tasks, scopes as lists, cancellation as flags. It shares no code with the
//! runtime. It follows the trace of a run event by event and says where the two part.
//!
//! Where the contract leaves something open the trace decides, within what is allowed: which ready arm a select that is not
//! biased takes; in which order tasks run that one cancel, close or completion has made runnable; in which order values that
//! end together are dropped.

use std::collections::VecDeque;
use std::ops::AddAssign;

use crate::chans::{Chans, Done, State};
use crate::program::{Offer, Program, Step};
use crate::trace::{Difference, Event, Outcome, Thing, Trace, Won};

type Checked<T = ()> = Result<T, Difference>;

/// Follows `events`, the trace of a run of `program` on one thread, to the end.
pub(crate) fn follow(program: &Program, events: &[Event], rest: &[Vec<u32>]) -> Checked<Reached> {
    let mut model = Model::new(program, events);
    model.run()?;
    for (chan, found) in rest.iter().enumerate() {
        if model.chans.rest(chan) != *found {
            return Err(model.trace.difference(format!("{:?} left in channel {chan}", model.chans.rest(chan))));
        }
    }
    model.reached.returns = model.chans.returns;
    Ok(model.reached)
}

/// How often the more remote corners were reached.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reached {
    pub(crate) returns: u64,
    pub(crate) torn: u64,
    pub(crate) refused: u64,
    pub(crate) choices: u64,
    pub(crate) spent_budgets: u64,
    /// Looks at oneself that said "cancelled".
    pub(crate) shielded: u64,
}

impl Reached {
    /// Whether none was missed.
    pub(crate) fn all(self) -> bool {
        [self.returns, self.torn, self.refused, self.choices, self.spent_budgets, self.shielded]
            .iter()
            .all(|&count| count > 0)
    }
}

impl AddAssign for Reached {
    fn add_assign(&mut self, other: Self) {
        self.returns += other.returns;
        self.torn += other.torn;
        self.refused += other.refused;
        self.choices += other.choices;
        self.spent_budgets += other.spent_budgets;
        self.shielded += other.shielded;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Parked,
    Queued,
    Running,
    /// Its future is gone, descendants are not.
    Returned,
    Complete,
}

struct Task {
    life: Life,
    /// Woken while it runs.
    woken: bool,
    cancelled: bool,
    scope: usize,
    frames: Vec<Frame>,
    /// Scopes it has opened.
    groups: Vec<usize>,
    has_handle: bool,
    /// It returned, and nobody has taken the result.
    has_result: bool,
    joiner: Option<usize>,
}

impl Task {
    /// Whether it is dropped instead of polled (X1, X3).
    fn is_to_end(&self) -> bool {
        self.cancelled && !self.frames.iter().any(|frame| frame.shield)
    }
}

/// A script that is being carried out: the task's own, or a group's body.
struct Frame {
    script: usize,
    at: usize,
    scope: usize,
    handles: Vec<Option<usize>>,
    wait: Wait,
    shield: bool,
}

/// What a frame has begun and not ended.
#[derive(Clone, Copy)]
enum Wait {
    Nothing,
    Yield,
    /// The budget was spent: the race is yet to begin.
    Unbegun(usize),
    Race {
        race: usize,
        kind: Kind,
    },
    Join {
        task: usize,
        takes: bool,
    },
    Group(usize),
    Shield,
    Cancelled,
    ScopeCancelled,
}

#[derive(Clone, Copy)]
enum Kind {
    Single,
    Select,
    /// Gives up after so many turns; `begun`: peers may have found it.
    Until {
        left: u8,
        begun: bool,
    },
}

#[derive(Default)]
struct Scope {
    opener: Option<usize>,
    /// Scopes opened on it.
    below: Vec<usize>,
    tasks: Vec<usize>,
    live: usize,
    body_is_over: bool,
    /// Its future was dropped.
    abandoned: bool,
    cancelled: bool,
    /// Tasks that wait for it to be cancelled.
    listeners: Vec<usize>,
}

struct Model<'p> {
    program: &'p Program,
    trace: Trace<'p>,
    /// What is runnable, in order; tasks of one entry in any order.
    queue: VecDeque<Vec<usize>>,
    tasks: Vec<Option<Task>>,
    scopes: Vec<Scope>,
    chans: Chans,
    /// Operations the running task may still complete; `None`: no limit.
    budget: Option<u32>,
    reached: Reached,
}

enum Flow {
    Go,
    Pending,
    Ready,
}

impl<'p> Model<'p> {
    fn new(program: &'p Program, events: &'p [Event]) -> Self {
        Self {
            program,
            trace: Trace::new(events),
            queue: VecDeque::new(),
            tasks: program.scripts.iter().map(|_| None).collect(),
            scopes: vec![Scope::default()],
            chans: Chans::new(&program.capacities),
            budget: None,
            reached: Reached::default(),
        }
    }

    /// The root's body does something only when nothing else is runnable, so it needs no place in the queue.
    fn run(&mut self) -> Checked {
        self.spawn(0, 0, false)?;
        for chan in (0..self.program.capacities.len()).map(Some).chain([None]) {
            while let Some(batch) = self.queue.pop_front() {
                self.turns(batch)?;
            }
            self.trace.expect(Event::Quiet)?;
            match chan {
                Some(chan) => _ = self.chans.close(chan),
                None => self.cancel_scope(0),
            }
            self.schedule();
        }
        while let Some(batch) = self.queue.pop_front() {
            self.turns(batch)?;
        }
        let live = self.scopes[0].live;
        assert_eq!(live, 0, "the model itself: tasks are left");
        self.trace.end()
    }

    fn turns(&mut self, mut batch: Vec<usize>) -> Checked {
        while !batch.is_empty() {
            let next = match (batch.len(), self.trace.peek()) {
                (1, _) => 0,
                (_, Some(Event::Turn(task) | Event::Torn(task))) if batch.contains(&task) => {
                    batch.iter().position(|&other| other == task).unwrap_or(0)
                }
                _ => return Err(self.trace.difference(format!("a turn of one of {batch:?}"))),
            };
            let task = batch.remove(next);
            self.turn(task)?;
        }
        Ok(())
    }

    fn task(&mut self, task: usize) -> &mut Task {
        self.tasks[task].as_mut().expect("a task that was spawned")
    }

    fn frame(&mut self, task: usize) -> &mut Frame {
        self.task(task).frames.last_mut().expect("a running task has a frame")
    }

    fn turn(&mut self, task: usize) -> Checked {
        if self.task(task).is_to_end() {
            return self.tear_down(task);
        }
        self.task(task).life = Life::Running;
        self.trace.expect(Event::Turn(task))?;
        self.budget = (self.program.budget > 0).then_some(self.program.budget);
        let ready = loop {
            match self.advance(task)? {
                Flow::Go => {}
                Flow::Pending => break false,
                Flow::Ready => break true,
            }
        };
        if ready {
            self.task(task).has_result = true;
            self.returned(task);
            return Ok(());
        }
        if self.task(task).is_to_end() {
            return self.tear_down(task);
        }
        let this = self.task(task);
        if std::mem::take(&mut this.woken) {
            this.life = Life::Queued;
            self.queue.push_back(vec![task]);
        } else {
            this.life = Life::Parked;
        }
        Ok(())
    }

    /// Queues what has become runnable, as one batch.
    fn schedule(&mut self) {
        let mut batch = Vec::new();
        for task in std::mem::take(&mut self.chans.woken) {
            let this = self.task(task);
            match this.life {
                Life::Parked => {
                    this.life = Life::Queued;
                    batch.push(task);
                }
                Life::Running => this.woken = true,
                Life::Queued | Life::Returned | Life::Complete => {}
            }
        }
        if !batch.is_empty() {
            self.queue.push_back(batch);
        }
    }

    fn wake(&mut self, task: usize) {
        self.chans.woken.push(task);
    }

    /// Takes one unit of the budget. `false`: it is spent, and the task yields.
    fn consume(&mut self, task: usize) -> bool {
        match &mut self.budget {
            None => true,
            Some(0) => {
                self.reached.spent_budgets += 1;
                self.task(task).woken = true;
                false
            }
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    fn did(&mut self, task: usize, outcome: Outcome) -> Checked<Flow> {
        let frame = self.frame(task);
        let event = Event::Did { script: frame.script, step: frame.at, outcome };
        frame.at += 1;
        self.trace.expect(event)?;
        Ok(Flow::Go)
    }

    fn next(&mut self, task: usize) -> Flow {
        self.frame(task).at += 1;
        Flow::Go
    }

    fn yield_in(&mut self, task: usize, wait: Wait) -> Flow {
        self.task(task).woken = true;
        self.frame(task).wait = wait;
        Flow::Pending
    }

    fn advance(&mut self, task: usize) -> Checked<Flow> {
        match std::mem::replace(&mut self.frame(task).wait, Wait::Nothing) {
            Wait::Nothing => self.begin(task),
            Wait::Yield => Ok(self.next(task)),
            Wait::Unbegun(race) => self.start(task, race),
            Wait::Race { race, kind } => self.resume(task, race, kind),
            Wait::Join { task: joined, takes } => self.join(task, joined, takes),
            Wait::Group(scope) if self.scopes[scope].live == 0 => self.did(task, Outcome::Over),
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
            Step::Spawn { script, joinable } => {
                let scope = self.frame(task).scope;
                self.spawn(script, scope, joinable)?;
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
        let outcome = if self.task(other).has_result { Outcome::Joined(other as u32) } else { Outcome::Cancelled };
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

    // Communication.

    fn enter(&mut self, task: usize, arms: Vec<Offer>) -> Checked<Flow> {
        let race = self.chans.begin(task, arms);
        self.start(task, race)
    }

    /// Begins a send, a receive or a select, unless the budget is spent.
    fn start(&mut self, task: usize, race: usize) -> Checked<Flow> {
        if !self.consume(task) {
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

    fn abandon(&mut self, task: usize, offer: Offer, left: u8) -> Checked<Flow> {
        let race = self.chans.begin(task, vec![offer]);
        let begun = self.consume(task);
        if begun {
            if let Some(won) = self.chans.attempt(race, 0) {
                self.schedule();
                return self.did(task, Outcome::Won(None, won));
            }
            self.chans.park(race);
        }
        Ok(self.yield_in(task, Wait::Race { race, kind: Kind::Until { left, begun: false } }))
    }

    fn attempt_once(&mut self, task: usize, offer: Offer) -> Checked<Flow> {
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
    fn resume(&mut self, task: usize, race: usize, kind: Kind) -> Checked<Flow> {
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

    fn drop_all(&mut self, things: Vec<Thing>) {
        things.into_iter().for_each(|thing| self.trace.expect_drop(thing));
    }

    // Tasks and scopes.

    fn spawn(&mut self, script: usize, scope: usize, has_handle: bool) -> Checked {
        let frame = Frame { script, at: 0, scope, handles: Vec::new(), wait: Wait::Nothing, shield: false };
        self.tasks[script] = Some(Task {
            life: Life::Queued,
            woken: false,
            cancelled: false,
            scope,
            frames: vec![frame],
            groups: Vec::new(),
            has_handle,
            has_result: false,
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

    fn cancel(&mut self, task: usize) {
        if self.task(task).life == Life::Complete {
            return;
        }
        self.task(task).cancelled = true;
        self.wake(task);
        for group in self.task(task).groups.clone() {
            self.cancel_scope(group);
        }
    }

    fn cancel_scope(&mut self, scope: usize) {
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
    fn tear_down(&mut self, task: usize) -> Checked {
        self.reached.torn += 1;
        self.trace.expect(Event::Torn(task))?;
        self.task(task).life = Life::Running;
        while let Some(frame) = self.task(task).frames.pop() {
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
                }
            }
            for handle in frame.handles.into_iter().flatten() {
                self.release(handle);
            }
        }
        self.schedule();
        self.returned(task);
        Ok(())
    }

    /// A handle is gone: the result, if it is there, goes with it.
    fn release(&mut self, task: usize) {
        let this = self.task(task);
        this.has_handle = false;
        this.joiner = None;
        if this.life == Life::Complete && std::mem::take(&mut this.has_result) {
            self.trace.expect_drop(Thing::Result(task as u32));
        }
    }

    fn returned(&mut self, task: usize) {
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

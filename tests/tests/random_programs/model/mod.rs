//! The contract as a sequential program: one queue of tasks, scopes as lists, cancellation as flags. It shares no code with the
//! runtime. It follows the trace of a run event by event and says where the two part.
//!
//! Where the contract leaves something open the trace decides, within what is allowed: which ready arm a select that is not
//! biased takes; in which order tasks run that one cancel, close or completion has made runnable; in which order values that
//! end together are dropped.

mod panics;
mod races;
mod state;
mod steps;
mod tasks;

use std::collections::VecDeque;
use std::ops::AddAssign;

use crate::chans::Chans;
use crate::program::Program;
use crate::trace::{Difference, Event, Outcome, Trace};

use state::{Frame, Life, Scope, Task, Wait};

type Checked<T = ()> = Result<T, Difference>;

/// Follows `events`, the trace of a run of `program` on one thread, to the end.
pub(crate) fn follow(program: &Program, events: &[Event], rest: &[Vec<u32>], raised: Option<u32>) -> Checked<Reached> {
    let mut model = Model::new(program, events);
    model.run()?;
    for (chan, found) in rest.iter().enumerate() {
        if model.chans.rest(chan) != *found {
            return Err(model.trace.difference(format!("{:?} left in channel {chan}", model.chans.rest(chan))));
        }
    }
    if model.scopes[0].payload != raised {
        return Err(model
            .trace
            .difference(format!("{:?} to come out of the root, not {raised:?}", model.scopes[0].payload)));
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
    pub(crate) panicked: u64,
}

impl Reached {
    /// Whether none was missed.
    pub(crate) fn all(self) -> bool {
        [self.returns, self.torn, self.refused, self.choices, self.spent_budgets, self.shielded, self.panicked]
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
        self.panicked += other.panicked;
    }
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
        self.spawn(0, 0, false, false)?;
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
        self.stop_body(task);
        let ready = loop {
            match self.advance(task)? {
                Flow::Go => {}
                Flow::Pending if self.stop_body(task) => {}
                Flow::Pending => break false,
                Flow::Ready => break true,
            }
        };
        if ready {
            self.task(task).has_result = self.task(task).panic.is_none();
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

    /// Takes one unit of the budget. `false`: it is spent, and the task yields; if it goes on within the turn it has one more.
    fn consume(&mut self, task: usize) -> bool {
        match &mut self.budget {
            None => true,
            Some(left @ 0) => {
                *left = 1;
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
}

//! The contract as a sequential program: one queue of tasks, scopes as lists, cancellation as flags. It shares no code with the
//! runtime. It follows the trace of a run event by event and says where the two part.
//!
//! Where the contract leaves something open the trace decides, within what is allowed: which ready arm a select that is not
//! biased takes; in which order tasks run that one cancel, close, completion or moment has made runnable; in which order values
//! that end together are dropped. Where the trace does not say at once how something was decided, both ways are followed.

mod locals;
mod nests;
mod panics;
mod races;
mod reached;
mod sets;
mod state;
mod steps;
mod tasks;
mod time;

use std::collections::VecDeque;

use crate::chans::Chans;
use crate::program::{Home, Program};
use crate::trace::{Difference, Event, Outcome, Trace};

pub(crate) use reached::Reached;
use state::{Frame, Life, Local, Part, Scope, Set, Task, Wait};

type Checked<T = ()> = Result<T, Difference>;

/// Follows `events`, the trace of a run of `program` on one thread, to the end.
pub(crate) fn follow(program: &Program, events: &[Event], rest: &[Vec<u32>], raised: Option<u32>) -> Checked<Reached> {
    let (mut first, mut guesses) = (None, Vec::new());
    loop {
        let mut model = Model::new(program, events, guesses);
        let Err(difference) = model.check(rest, raised) else { return Ok(model.reached) };
        let difference = first.unwrap_or(difference);
        let Some(next) = model.next_guesses() else { return Err(difference) };
        (first, guesses) = (Some(difference), next);
    }
}

struct Model<'p> {
    program: &'p Program,
    trace: Trace<'p>,
    /// What is runnable, in order; tasks of one entry in any order.
    queue: VecDeque<Vec<usize>>,
    tasks: Vec<Option<Task>>,
    scopes: Vec<Scope>,
    sets: Vec<Set>,
    locals: Vec<Local>,
    chans: Chans,
    now: u64,
    /// How what the trace does not say was decided, and how many of those decisions have been made.
    guesses: Vec<bool>,
    guessed: usize,
    /// Operations the running task may still complete; `None`: no limit.
    budget: Option<u32>,
    /// How many turns tasks have had.
    turns: u64,
    reached: Reached,
}

enum Flow {
    Go,
    Pending,
    Ready,
}

impl<'p> Model<'p> {
    fn new(program: &'p Program, events: &'p [Event], guesses: Vec<bool>) -> Self {
        Self {
            program,
            trace: Trace::new(events),
            queue: VecDeque::new(),
            tasks: program.scripts.iter().map(|_| None).collect(),
            scopes: vec![Scope::default()],
            sets: Vec::new(),
            locals: Vec::new(),
            chans: Chans::new(&program.channels),
            now: 0,
            guesses,
            guessed: 0,
            budget: None,
            turns: 0,
            reached: Reached::default(),
        }
    }

    /// Follows the trace to the end; `rest` is what was left in the channels, `raised` the panic that came out of the root.
    fn check(&mut self, rest: &[Vec<u32>], raised: Option<u32>) -> Checked {
        self.run()?;
        for (chan, found) in rest.iter().enumerate() {
            if self.chans.rest(chan) != *found {
                return Err(self.trace.difference(format!("{:?} left in channel {chan}", self.chans.rest(chan))));
            }
        }
        let payload = self.scopes[0].payload;
        if payload != raised {
            return Err(self.trace.difference(format!("{payload:?} to come out of the root, not {raised:?}")));
        }
        self.reached.take_from(&self.chans);
        Ok(())
    }

    /// One of two ways to decide something.
    fn guess(&mut self) -> bool {
        if self.guessed == self.guesses.len() {
            self.guesses.push(false);
        }
        self.guessed += 1;
        self.guesses[self.guessed - 1]
    }

    /// The last guess that was not tried both ways, the other way, and those before it.
    fn next_guesses(mut self) -> Option<Vec<bool>> {
        self.guesses.truncate(self.guessed);
        while self.guesses.pop_if(|guess| *guess).is_some() {}
        *self.guesses.last_mut()? = true;
        Some(self.guesses)
    }

    /// The root's body does something only when nothing else is runnable and nobody waits for a moment, so it needs no place in
    /// the queue.
    fn run(&mut self) -> Checked {
        self.spawn(Task::new(Frame::new(0, 0, None)))?;
        for chan in (0..self.program.channels.len()).map(Some).chain([None]) {
            self.run_until_quiet()?;
            self.trace.expect(Event::Quiet)?;
            match chan {
                Some(chan) => _ = self.chans.close(chan),
                None => self.cancel_scope(0),
            }
            self.schedule();
        }
        self.run_until_quiet()?;
        assert!(!self.scopes[0].has_tasks(), "the model itself: tasks are left");
        self.end_root()
    }

    /// R8: when all that was in tasks is gone, the root's channels are closed and drained.
    fn end_root(&mut self) -> Checked {
        self.trace.expect_drops_first()?;
        for (chan, &(_, home)) in self.program.channels.iter().enumerate() {
            if home == Home::Root {
                self.trace.expect_drops_in_order(self.chans.end(chan));
            }
        }
        self.trace.end()
    }

    fn run_until_quiet(&mut self) -> Checked {
        loop {
            while let Some(batch) = self.queue.pop_front() {
                self.turns(batch)?;
            }
            if !self.jump() {
                return Ok(());
            }
        }
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
            if self.turn(task)? {
                self.queue.push_back(vec![task]);
            }
        }
        Ok(())
    }

    fn task(&mut self, task: usize) -> &mut Task {
        self.tasks[task].as_mut().expect("a task that was spawned")
    }

    fn frame(&mut self, task: usize) -> &mut Frame {
        self.task(task).frames.last_mut().expect("a running task has a frame")
    }

    /// A turn of a task, or of a part of a local group. `true`: it was woken meanwhile.
    fn turn(&mut self, task: usize) -> Checked<bool> {
        if self.is_to_end(task) {
            self.tear_down(task)?;
            return Ok(false);
        }
        self.task(task).life = Life::Running;
        self.trace.expect(Event::Turn(task))?;
        if self.task(task).local.is_none() {
            self.budget = (self.program.budget > 0).then_some(self.program.budget);
            self.turns += 1;
        }
        self.enter_nests(task)?;
        let ready = loop {
            match self.advance(task)? {
                Flow::Go => {}
                Flow::Pending if self.leave_nests(task)? => {}
                Flow::Pending => break false,
                Flow::Ready => break true,
            }
        };
        if ready {
            self.yields_result(task);
            self.returned(task);
            return Ok(false);
        }
        if self.is_to_end(task) {
            self.tear_down(task)?;
            return Ok(false);
        }
        let this = self.task(task);
        let woken = std::mem::take(&mut this.woken);
        this.life = if woken { Life::Queued } else { Life::Parked };
        Ok(woken)
    }

    /// Queues what has become runnable, as one batch.
    fn schedule(&mut self) {
        let mut batch = Vec::new();
        while let Some(task) = self.chans.woken.pop() {
            let this = self.task(task);
            match (this.life, this.local) {
                (Life::Parked, None) => {
                    this.life = Life::Queued;
                    batch.push(task);
                }
                (Life::Parked, Some(local)) => {
                    this.life = Life::Queued;
                    self.make_ready(local, Part::Task(task));
                }
                (Life::Running, _) => this.woken = true,
                (Life::Queued | Life::Returned | Life::Complete, _) => {}
            }
        }
        if !batch.is_empty() {
            self.queue.push_back(batch);
        }
        for local in &mut self.locals {
            if !local.woken.is_empty() {
                local.ready.push_back(std::mem::take(&mut local.woken));
            }
        }
    }

    fn wake(&mut self, task: usize) {
        self.chans.woken.push(task);
    }

    /// Takes the unit of what the running frame waits for, its end (0) or its deadline (1). `false`: the budget is spent, and the
    /// task yields; that is so for the rest of the turn.
    fn consume(&mut self, task: usize, which: usize) -> bool {
        let running = self.task(task).frames.len() - 1;
        self.consume_at(task, running, which)
    }

    /// As `consume`, for any frame.
    fn consume_at(&mut self, task: usize, at: usize, which: usize) -> bool {
        let this_turn = self.turns;
        let refused = self.task(task).frames[at].refused[which].take();
        match &mut self.budget {
            None => {}
            Some(0) if refused.is_some_and(|turn| turn != this_turn) => {}
            Some(0) => {
                self.reached.spent_budgets += 1;
                self.task(task).woken = true;
                self.task(task).frames[at].refused[which] = Some(this_turn);
                return false;
            }
            Some(left) => *left -= 1,
        }
        true
    }

    fn did(&mut self, task: usize, outcome: Outcome) -> Checked<Flow> {
        let frame = self.frame(task);
        let event = Event::Did { script: frame.script, step: frame.at, outcome };
        frame.at += 1;
        frame.refused = [None; 2];
        self.reached.see(outcome);
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

//! What holds in every order of events: the checks for several workers.
//!
//! - Exactly once (C7, J6): each value and each result that was made is taken by somebody or dropped, once; nothing twice.
//! - Each task that was spawned ends once, by itself, with a panic or torn down, before the root returns (R3); its joiner learns which (J5).
//! - When a group or a local group is over, nothing that was started in it runs (S2).
//! - A script sees the task-local value that was set around it, or around the spawn of its task.
//! - A try group ends with an error of its body or of a task that was spawned in it (S8).
//! - What is said of channels in `invariants/channels.rs`.

mod channels;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::inside;
use crate::program::{Program, Step};
use crate::real::Witness;
use crate::trace::{End, Outcome, Thing, Won};

/// How often something was made, taken and dropped.
#[derive(Default)]
struct Count {
    made: AtomicU32,
    taken: AtomicU32,
    dropped: AtomicU32,
}

/// A task: whether it has begun; how often it ended by itself, with a panic, and torn down.
#[derive(Default)]
struct Ends {
    begun: AtomicBool,
    returned: AtomicU32,
    panicked: AtomicU32,
    torn: AtomicU32,
}

/// Writes down who did what, task by task.
pub(crate) struct Ledger<'p> {
    program: &'p Program,
    values: Vec<Count>,
    results: Vec<Count>,
    tasks: Vec<Ends>,
    /// By script: the outcomes of its steps, and whether everything was quiet for the first time before.
    outcomes: Vec<Mutex<Vec<(usize, Outcome, bool)>>>,
    quiet: AtomicBool,
    events: AtomicU64,
    /// By script: the task-local value.
    locals: Vec<Option<u8>>,
    /// What was wrong while the program ran.
    wrong: Mutex<Option<String>>,
}

impl<'p> Ledger<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        let scripts = program.scripts.len();
        Self {
            program,
            values: (0..program.values).map(|_| Count::default()).collect(),
            results: (0..scripts).map(|_| Count::default()).collect(),
            tasks: (0..scripts).map(|_| Ends::default()).collect(),
            outcomes: (0..scripts).map(|_| Mutex::default()).collect(),
            quiet: AtomicBool::new(false),
            events: AtomicU64::new(0),
            locals: inside::values(program),
            wrong: Mutex::default(),
        }
    }

    fn count(&self, thing: Thing) -> &Count {
        match thing {
            Thing::Value(number) => &self.values[number as usize],
            Thing::Result(number) => &self.results[number as usize],
        }
    }

    fn taken(&self, thing: Thing) {
        self.count(thing).taken.fetch_add(1, Ordering::Relaxed);
    }

    fn event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    /// Looks at a run that is over; `rest` is what was left in the channels. Gives the number of events.
    pub(crate) fn check(self, rest: &[Vec<u32>], calm: bool) -> Result<u64, String> {
        for &number in rest.iter().flatten() {
            self.taken(Thing::Value(number));
        }
        for (kind, counts) in [("value", &self.values), ("result", &self.results)] {
            for (number, count) in counts.iter().enumerate() {
                let load = |n: &AtomicU32| n.load(Ordering::Relaxed);
                let (made, taken, dropped) = (load(&count.made), load(&count.taken), load(&count.dropped));
                if made > 1 || taken + dropped != made {
                    return Err(format!("{kind} {number} was made {made}, taken {taken}, dropped {dropped} times"));
                }
            }
        }
        for script in 0..self.outcomes.len() {
            self.check_steps(script)?;
        }
        self.check_channels(calm)?;
        if let Some(wrong) = self.wrong.into_inner().unwrap() {
            return Err(wrong);
        }
        Ok(self.events.into_inner())
    }

    /// The tasks a script has spawned have ended, once, as their joiners were told.
    fn check_steps(&self, script: usize) -> Result<(), String> {
        for step in &self.program.scripts[script] {
            if let Step::Spawn(task, _) = *step {
                let (returned, panicked, torn) = self.ends(task);
                if returned + panicked + torn > 1 {
                    return Err(format!(
                        "task {task} returned {returned}, panicked {panicked}, was torn down {torn} times"
                    ));
                }
            }
        }
        let outcomes = self.outcomes[script].lock().unwrap();
        let was_over = outcomes.iter().any(|&(step, ..)| step == self.program.scripts[script].len());
        let after = outcomes.windows(2).find(|pair| pair[0].0 >= pair[1].0);
        if let Some(pair) = after {
            return Err(format!("script {script} went from step {} to {}", pair[0].0, pair[1].0));
        }
        for &(step, outcome, _) in &*outcomes {
            if let Outcome::Joined(task) = outcome
                && self.ends(task as usize) != (1, 0, 0)
            {
                return Err(format!("script {script}, step {step}: joined {task}, which did not return"));
            }
        }
        if was_over {
            for step in &self.program.scripts[script] {
                if let Step::Spawn(task, _) = *step
                    && self.ends(task) == (0, 0, 0)
                {
                    return Err(format!("task {task} was spawned and never ended"));
                }
            }
        }
        Ok(())
    }

    /// How often a task returned, panicked and was torn down.
    fn ends(&self, task: usize) -> (u32, u32, u32) {
        let Ends { returned, panicked, torn, .. } = &self.tasks[task];
        (returned.load(Ordering::SeqCst), panicked.load(Ordering::SeqCst), torn.load(Ordering::SeqCst))
    }

    /// A step has just ended: what has to be so by now?
    fn check_now(&self, script: usize, step: usize, outcome: Outcome) {
        let wrong = match (self.program.scripts[script].get(step), outcome) {
            (Some(Step::Get), Outcome::Local(value)) if value != self.locals[script] => {
                format!("the local value is {value:?}, not {:?}", self.locals[script])
            }
            (Some(&Step::Within(body, nest)), _) => {
                let inside = inside::tasks_inside(self.program, body, nest);
                let runs =
                    |&&task: &&usize| self.tasks[task].begun.load(Ordering::SeqCst) && self.ends(task) == (0, 0, 0);
                if let Some(task) = inside.iter().find(runs) {
                    format!("{nest:?} is over, and task {task} is not")
                } else if let Outcome::Failed(error) = outcome
                    && !inside::errors(self.program, body, nest).contains(&error)
                {
                    format!("{nest:?} failed with {error}, which is no error of it")
                } else {
                    return;
                }
            }
            _ => return,
        };
        self.wrong.lock().unwrap().get_or_insert(format!("script {script}, step {step}: {wrong}"));
    }
}

impl Witness for Ledger<'_> {
    fn turn(&self, task: usize) {
        self.event();
        self.tasks[task].begun.store(true, Ordering::SeqCst);
    }

    fn over(&self, task: usize, end: End) {
        self.event();
        let ends = &self.tasks[task];
        let count = match end {
            End::Returned => &ends.returned,
            End::Panicked => &ends.panicked,
            End::Torn => &ends.torn,
        };
        count.fetch_add(1, Ordering::SeqCst);
    }

    fn did(&self, script: usize, step: usize, outcome: Outcome) {
        self.event();
        match outcome {
            Outcome::Won(_, Won::Received(value) | Won::Unsent(value)) | Outcome::Full(value) => {
                self.taken(Thing::Value(value));
            }
            Outcome::Joined(task) => self.taken(Thing::Result(task)),
            _ => {}
        }
        self.check_now(script, step, outcome);
        let quiet = self.quiet.load(Ordering::SeqCst);
        self.outcomes[script].lock().unwrap().push((step, outcome, quiet));
    }

    fn dropped(&self, thing: Thing) {
        self.event();
        self.count(thing).dropped.fetch_add(1, Ordering::Relaxed);
    }

    fn made(&self, thing: Thing) {
        self.count(thing).made.fetch_add(1, Ordering::Relaxed);
    }

    fn quiet(&self, last: bool) {
        if last {
            self.quiet.store(true, Ordering::SeqCst);
        }
    }
}

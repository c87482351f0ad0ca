//! Programs: what proptest generates and shrinks ([`Source`]), and the same with every task, body and value numbered
//! ([`Program`]), which the runtime and the model both carry out.
//!
//! A source is a flat list, in which some operations open a script of their own that ends with `End`: so whatever proptest
//! leaves out, the rest is a program.
//!
//! There are no loops, so each step is carried out at most once, and its script and place name it.

use std::slice::Iter;

/// What a task does next. Channels and handles are named by numbers, taken modulo how many there are. Times are in units of
/// the run's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Op {
    Yield,
    Send(usize),
    Recv(usize),
    TrySend(usize),
    TryRecv(usize),
    Close(usize),
    /// Writes down what `inspect` says.
    Inspect(usize),
    Select {
        biased: bool,
        default: bool,
        arms: Vec<Arm>,
    },
    /// A biased `select!` of a receive and a future that yields so many times.
    RecvOrYield(usize, u8),
    /// Polls a send once; if it is not ready, yields so many times and drops it.
    AbandonSend(usize, u8),
    /// The same with a receive.
    AbandonRecv(usize, u8),
    /// Takes two counted halves of a channel, which the script holds until it drops them or ends.
    Split(usize),
    /// Drops the oldest sending half that the script holds.
    DropSender,
    DropReceiver,
    /// Starts what does the operations that follow, up to `End`.
    Spawn(How),
    /// What follows is done here, within this.
    Within(Nest),
    /// Ends the innermost of these.
    End,
    /// Ends the script with an error: of its task, or the value of what it is within.
    Fail,
    Join(usize),
    Finished(usize),
    IsFinished(usize),
    Cancel(usize),
    Release(usize),
    /// Joins, or gets the handle back when the time is up.
    JoinTimeout(usize, u8),
    /// Joins the task of the script's set that completes next.
    Next,
    CancelSet,
    DropSet,
    /// Cancels the innermost scope.
    CancelScope,
    CancelAfter(u8),
    /// Cancels the innermost local group.
    CancelLocal,
    IsCancelled,
    /// Waits until the task is cancelled.
    Cancelled,
    /// Waits until the innermost scope is cancelled.
    ScopeCancelled,
    Sleep(u8),
    /// Reads the task-local value.
    Get,
    Panic,
}

/// How a task is started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    Spawn,
    /// Without a handle.
    Go,
    Isolated,
    Background,
    /// Into the script's set, which it makes if there is none.
    Set,
    /// As a child of the innermost local group.
    Child,
}

/// What goes on around a script within the task that carries it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Nest {
    /// A panic that comes out of a group is caught.
    Group,
    TryGroup,
    GroupTimeout(u8),
    Local,
    Timeout(u8),
    Shield,
    /// With this as the task-local value.
    With(u8),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arm {
    Send(usize),
    Recv(usize),
}

/// Where a channel lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Home {
    /// Outside the root: a `Chan`, of which a handle is left to the end.
    Free,
    /// In the root: a `ScopeChan`.
    Root,
}

/// A program as generated.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// One channel each, with its capacity; `None`: unbounded.
    pub(crate) channels: Vec<(Option<usize>, Home)>,
    /// Operations a task may complete in one turn; 0: no limit.
    pub(crate) budget: u32,
    pub(crate) ops: Vec<Op>,
}

/// A step of a script. Values, tasks and bodies have their numbers.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Yield,
    Send(Offer),
    Recv(usize),
    TrySend(Offer),
    TryRecv(usize),
    Close(usize),
    Inspect(usize),
    Select { biased: bool, default: bool, arms: Vec<Offer> },
    RecvOrYield(usize, u8),
    Abandon(Offer, u8),
    Split(usize),
    DropSender,
    DropReceiver,
    Spawn(usize, How),
    Within(usize, Nest),
    Fail(u32),
    Join(usize),
    Finished(usize),
    IsFinished(usize),
    Cancel(usize),
    Release(usize),
    JoinTimeout(usize, u8),
    Next,
    CancelSet,
    DropSet,
    CancelScope,
    CancelAfter(u8),
    CancelLocal,
    IsCancelled,
    Cancelled,
    ScopeCancelled,
    Sleep(u8),
    Get,
    Panic(u32),
}

/// One side of a communication: a receive, or with a value a send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) chan: usize,
    pub(crate) value: Option<u32>,
}

/// A numbered program. Script 0 is the first task's; a task, a child and a group's body have the number of their script.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) channels: Vec<(Option<usize>, Home)>,
    pub(crate) budget: u32,
    pub(crate) scripts: Vec<Vec<Step>>,
    pub(crate) values: u32,
    /// No chain of waits of the program takes as long as this.
    pub(crate) time: u32,
    panics: u32,
    errors: u32,
}

impl Program {
    pub(crate) fn new(source: &Source) -> Self {
        let (channels, budget) = (source.channels.clone(), source.budget);
        let mut program = Self { channels, budget, scripts: Vec::new(), values: 0, time: 1, panics: 0, errors: 0 };
        if source.ops.contains(&Op::Panic) {
            // A panic that came to the root would end its body, which ends the program. So all tasks are in a group; the first too,
            // as what is left of a group whose future is dropped goes to the scope of the task that had opened it.
            program.scripts = vec![vec![Step::Within(1, Nest::Group)], vec![Step::Spawn(2, How::Go)]];
        }
        program.script(&mut source.ops.iter(), false, false);
        program
    }

    /// Numbers what is left, or up to the `End` of a script inside; outside an `End` ends nothing. `local`: in a local group.
    fn script(&mut self, ops: &mut Iter<'_, Op>, inside: bool, local: bool) -> usize {
        let number = self.scripts.len();
        self.scripts.push(Vec::new());
        while let Some(op) = ops.next() {
            if *op != Op::End {
                let step = self.step(op, ops, local);
                self.scripts[number].push(step);
            } else if inside {
                break;
            }
        }
        number
    }

    fn step(&mut self, op: &Op, rest: &mut Iter<'_, Op>, local: bool) -> Step {
        match op {
            Op::Yield => Step::Yield,
            &Op::Send(chan) => Step::Send(self.send(chan)),
            &Op::Recv(chan) => Step::Recv(self.chan(chan)),
            &Op::TrySend(chan) => Step::TrySend(self.send(chan)),
            &Op::TryRecv(chan) => Step::TryRecv(self.chan(chan)),
            &Op::Close(chan) => Step::Close(self.chan(chan)),
            &Op::Inspect(chan) => Step::Inspect(self.chan(chan)),
            Op::Select { biased, default, arms } => {
                let arms = arms.iter().map(|&arm| self.arm(arm)).collect::<Vec<_>>();
                // Without arms it would wait for ever, and within a shield nobody could end it.
                let default = *default || arms.is_empty();
                Step::Select { biased: *biased, default, arms: if *biased { arms } else { distinct(arms) } }
            }
            &Op::RecvOrYield(chan, times) => Step::RecvOrYield(self.chan(chan), times),
            &Op::AbandonSend(chan, times) => Step::Abandon(self.send(chan), times),
            &Op::AbandonRecv(chan, times) => Step::Abandon(self.arm(Arm::Recv(chan)), times),
            &Op::Split(chan) => Step::Split(self.chan(chan)),
            Op::DropSender => Step::DropSender,
            Op::DropReceiver => Step::DropReceiver,
            // Outside a local group there is nobody to be a child of.
            Op::Spawn(How::Child) if !local => Step::Spawn(self.script(rest, true, false), How::Spawn),
            &Op::Spawn(how) => Step::Spawn(self.script(rest, true, how == How::Child), how),
            &Op::Within(nest) => {
                if let Nest::Timeout(time) | Nest::GroupTimeout(time) = nest {
                    self.time += u32::from(time);
                }
                Step::Within(self.script(rest, true, local || nest == Nest::Local), nest)
            }
            Op::End => unreachable!("ends a script"),
            &Op::Join(handle) => Step::Join(handle),
            &Op::Finished(handle) => Step::Finished(handle),
            &Op::IsFinished(handle) => Step::IsFinished(handle),
            &Op::Cancel(handle) => Step::Cancel(handle),
            &Op::Release(handle) => Step::Release(handle),
            &Op::JoinTimeout(handle, time) => {
                self.time += u32::from(time);
                Step::JoinTimeout(handle, time)
            }
            Op::Next => Step::Next,
            Op::CancelSet => Step::CancelSet,
            Op::DropSet => Step::DropSet,
            Op::CancelScope => Step::CancelScope,
            &Op::CancelAfter(time) => {
                self.time += u32::from(time);
                Step::CancelAfter(time)
            }
            Op::CancelLocal => Step::CancelLocal,
            Op::IsCancelled => Step::IsCancelled,
            Op::Cancelled => Step::Cancelled,
            Op::ScopeCancelled => Step::ScopeCancelled,
            &Op::Sleep(time) => {
                self.time += u32::from(time);
                Step::Sleep(time)
            }
            Op::Get => Step::Get,
            Op::Fail => {
                self.errors += 1;
                Step::Fail(self.errors - 1)
            }
            Op::Panic => {
                self.panics += 1;
                Step::Panic(self.panics - 1)
            }
        }
    }

    fn chan(&self, number: usize) -> usize {
        number % self.channels.len()
    }

    fn arm(&mut self, arm: Arm) -> Offer {
        match arm {
            Arm::Send(chan) => self.send(chan),
            Arm::Recv(chan) => Offer { chan: self.chan(chan), value: None },
        }
    }

    fn send(&mut self, chan: usize) -> Offer {
        self.values += 1;
        Offer { chan: self.chan(chan), value: Some(self.values - 1) }
    }
}

/// Without the second arm of the same side of the same channel: which of the two a peer finds is not said.
fn distinct(arms: Vec<Offer>) -> Vec<Offer> {
    let mut seen = Vec::new();
    arms.into_iter()
        .filter(|arm| {
            let side = (arm.chan, arm.value.is_some());
            let new = !seen.contains(&side);
            seen.push(side);
            new
        })
        .collect()
}

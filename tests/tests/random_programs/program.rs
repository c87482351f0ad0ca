//! Programs: what proptest generates and shrinks ([`Source`]), and the same with every task, body and value numbered
//! ([`Program`]), which the runtime and the model both carry out.
//!
//! A source is a flat list, in which `Spawn`, `Go` and `Group` open a script of their own that ends with `End`: so whatever
//! proptest leaves out, the rest is a program.
//!
//! There are no loops, so each step is carried out at most once, and its script and place name it.

use proptest::collection::vec;
use proptest::prelude::*;
use std::slice::Iter;

/// What a task does next. Channels and handles are named by numbers, taken modulo how many there are.
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
    /// Spawns a task that does what follows, up to `End`.
    Spawn,
    Go,
    /// Spawns an isolated task.
    Isolated,
    /// Opens a group; what follows is its body. A panic that comes out of it is caught.
    Group,
    /// What follows is done within a shield.
    Shield,
    /// Ends the innermost of these.
    End,
    Join(usize),
    Finished(usize),
    IsFinished(usize),
    Cancel(usize),
    Release(usize),
    /// Cancels the innermost scope.
    CancelScope,
    IsCancelled,
    /// Waits until the task is cancelled.
    Cancelled,
    /// Waits until the innermost scope is cancelled.
    ScopeCancelled,
    Panic,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arm {
    Send(usize),
    Recv(usize),
}

/// A program as generated.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// One channel each; `None`: unbounded.
    pub(crate) capacities: Vec<Option<usize>>,
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
    Spawn { script: usize, joinable: bool, isolated: bool },
    Group(usize),
    Shield(usize),
    Join(usize),
    Finished(usize),
    IsFinished(usize),
    Cancel(usize),
    Release(usize),
    CancelScope,
    IsCancelled,
    Cancelled,
    ScopeCancelled,
    Panic(u32),
}

/// One side of a communication: a receive, or with a value a send.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) chan: usize,
    pub(crate) value: Option<u32>,
}

/// A numbered program. Script 0 is the first task's; a task and a group's body have the number of their script.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) capacities: Vec<Option<usize>>,
    pub(crate) budget: u32,
    pub(crate) scripts: Vec<Vec<Step>>,
    pub(crate) values: u32,
    panics: u32,
    /// Whether a task may be in two groups at once, one in the other.
    nests: bool,
}

impl Program {
    pub(crate) fn new(source: &Source) -> Self {
        let (capacities, budget) = (source.capacities.clone(), source.budget);
        let panics = source.ops.contains(&Op::Panic);
        let mut program = Self { capacities, budget, scripts: Vec::new(), values: 0, panics: 0, nests: !panics };
        if panics {
            // All of it within a group: a panic that came to the root would end its body, which ends the program.
            program.scripts.push(vec![Step::Group(1)]);
        }
        program.script(&mut source.ops.iter(), false, panics);
        program
    }

    /// Numbers what is left, or up to the `End` of a script inside; outside an `End` ends nothing.
    fn script(&mut self, ops: &mut Iter<'_, Op>, inside: bool, in_body: bool) -> usize {
        let number = self.scripts.len();
        self.scripts.push(Vec::new());
        while let Some(op) = ops.next() {
            if *op != Op::End {
                let step = self.step(op, ops, in_body);
                self.scripts[number].push(step);
            } else if inside {
                break;
            }
        }
        number
    }

    fn step(&mut self, op: &Op, rest: &mut Iter<'_, Op>, in_body: bool) -> Step {
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
            Op::Spawn => Step::Spawn { script: self.script(rest, true, false), joinable: true, isolated: false },
            Op::Go => Step::Spawn { script: self.script(rest, true, false), joinable: false, isolated: false },
            Op::Isolated => Step::Spawn { script: self.script(rest, true, false), joinable: true, isolated: true },
            // Where there are panics a group's body that is dropped takes no other group with it.
            Op::Group if in_body && !self.nests => {
                Step::Spawn { script: self.script(rest, true, false), joinable: true, isolated: false }
            }
            Op::Group => Step::Group(self.script(rest, true, true)),
            Op::Shield => Step::Shield(self.script(rest, true, in_body)),
            Op::End => unreachable!("ends a script"),
            &Op::Join(handle) => Step::Join(handle),
            &Op::Finished(handle) => Step::Finished(handle),
            &Op::IsFinished(handle) => Step::IsFinished(handle),
            &Op::Cancel(handle) => Step::Cancel(handle),
            &Op::Release(handle) => Step::Release(handle),
            Op::CancelScope => Step::CancelScope,
            Op::IsCancelled => Step::IsCancelled,
            Op::Cancelled => Step::Cancelled,
            Op::ScopeCancelled => Step::ScopeCancelled,
            Op::Panic => {
                self.panics += 1;
                Step::Panic(self.panics - 1)
            }
        }
    }

    fn chan(&self, number: usize) -> usize {
        number % self.capacities.len()
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

/// Any program.
pub(crate) fn any_program() -> impl Strategy<Value = Source> {
    let opener = prop_oneof![
        1 => Just(None),
        5 => Just(Some(Op::Spawn)),
        2 => Just(Some(Op::Go)),
        2 => Just(Some(Op::Group)),
        2 => Just(Some(Op::Shield)),
    ];
    programs(opener.boxed(), any_op().boxed(), prop::option::weighted(0.3, 0..8_usize).boxed())
}

/// A program in which tasks and bodies panic.
pub(crate) fn panicking_program() -> impl Strategy<Value = Source> {
    let opener = prop_oneof![
        1 => Just(None),
        4 => Just(Some(Op::Spawn)),
        2 => Just(Some(Op::Go)),
        3 => Just(Some(Op::Isolated)),
        3 => Just(Some(Op::Group)),
        2 => Just(Some(Op::Shield)),
    ];
    let op = prop_oneof![14 => any_op(), 1 => Just(Op::Panic), 1 => (0..8_usize).prop_map(Op::Join)];
    programs(opener.boxed(), op.boxed(), prop::option::weighted(0.1, 0..8_usize).boxed())
}

/// A program in which nothing is given up half-way: no cancels, no receives that are dropped. There a channel is first in,
/// first out for every receiver, and what has ended stays so.
pub(crate) fn calm_program() -> impl Strategy<Value = Source> {
    let opener = prop_oneof![
        1 => Just(None),
        5 => Just(Some(Op::Spawn)),
        2 => Just(Some(Op::Go)),
        2 => Just(Some(Op::Group)),
    ];
    programs(opener.boxed(), calm_op().boxed(), Just(None).boxed())
}

fn programs(
    opener: BoxedStrategy<Option<Op>>,
    op: BoxedStrategy<Op>,
    cancels: BoxedStrategy<Option<usize>>,
) -> impl Strategy<Value = Source> {
    let capacity = prop_oneof![4 => Just(Some(0)), 3 => Just(Some(1)), 2 => Just(Some(2)), 1 => Just(None)];
    let budget = prop_oneof![2 => Just(0_u32), 1 => 1..4_u32];
    let ends = prop_oneof![4 => Just(0_usize), 6 => Just(1), 2 => Just(2), 1 => Just(3)];
    // Mostly short scripts beside each other, so that much is under way at the same time; now and then one is let run and then
    // cancelled.
    let block = (opener, vec(op, 0..8), ends, cancels).prop_map(|(opener, ops, ends, cancelled)| {
        let ends = (0..ends).map(|_| Op::End);
        let cancel = cancelled.map(|handle| [Op::Yield, Op::Cancel(handle)]);
        opener.into_iter().chain(ops).chain(ends).chain(cancel.into_iter().flatten()).collect()
    });
    (vec(capacity, 1..4), budget, vec(block, 1..20)).prop_map(|(capacities, budget, blocks): (_, _, Vec<Vec<Op>>)| {
        Source { capacities, budget, ops: blocks.concat() }
    })
}

fn calm_op() -> impl Strategy<Value = Op> {
    let arm = prop_oneof![(0..4_usize).prop_map(Arm::Send), (0..4_usize).prop_map(Arm::Recv)];
    prop_oneof![
        4 => Just(Op::Yield),
        8 => (0..4_usize).prop_map(Op::Send),
        8 => (0..4_usize).prop_map(Op::Recv),
        2 => (0..4_usize).prop_map(Op::TrySend),
        2 => (0..4_usize).prop_map(Op::TryRecv),
        1 => (0..4_usize).prop_map(Op::Close),
        2 => (0..4_usize).prop_map(Op::Inspect),
        6 => (any::<bool>(), prop::bool::weighted(0.2), vec(arm, 0..4))
            .prop_map(|(biased, default, arms)| Op::Select { biased, default, arms }),
        2 => ((0..4_usize), 1..4_u8).prop_map(|(chan, times)| Op::RecvOrYield(chan, times)),
        2 => (0..8_usize).prop_map(Op::Join),
        1 => (0..8_usize).prop_map(Op::Finished),
        1 => (0..8_usize).prop_map(Op::IsFinished),
        1 => (0..8_usize).prop_map(Op::Release),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        26 => calm_op(),
        2 => ((0..4_usize), 1..4_u8).prop_map(|(chan, times)| Op::AbandonSend(chan, times)),
        5 => ((0..4_usize), 1..4_u8).prop_map(|(chan, times)| Op::AbandonRecv(chan, times)),
        4 => (0..8_usize).prop_map(Op::Cancel),
        1 => Just(Op::CancelScope),
        1 => Just(Op::IsCancelled),
        1 => Just(Op::Cancelled),
        1 => Just(Op::ScopeCancelled),
    ]
}

//! Which programs proptest makes up.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::program::{Arm, Home, How, Nest, Op, Source};

/// Any program.
pub(crate) fn any_program() -> impl Strategy<Value = Source> {
    let opener = prop_oneof![1 => Just(None), 12 => opener().prop_map(Some)];
    let family = prop_oneof![
        6 => family(any_op().boxed()),
        1 => left_behind(any_op().boxed()),
        1 => failing(),
        3 => around_a_channel(true),
        2 => given_back_to_nobody(),
        3 => left_inside(),
    ];
    let cancels = prop::option::weighted(0.3, 0..8_usize);
    programs(opener.boxed(), any_op().boxed(), family.boxed(), cancels.boxed())
}

/// A program in which tasks and bodies panic.
pub(crate) fn panicking_program() -> impl Strategy<Value = Source> {
    let isolated = Just(Some(Op::Spawn(How::Isolated)));
    let opener = prop_oneof![1 => Just(None), 2 => isolated, 13 => opener().prop_map(Some)];
    let op = prop_oneof![14 => any_op(), 1 => Just(Op::Panic), 1 => (0..8_usize).prop_map(Op::Join)];
    let op = op.boxed();
    let family = prop_oneof![
        6 => family(op.clone()),
        1 => left_behind(op.clone()),
        1 => failing(),
        3 => around_a_channel(true),
        2 => given_back_to_nobody(),
        3 => left_inside(),
    ];
    programs(opener.boxed(), op, family.boxed(), prop::option::weighted(0.1, 0..8_usize).boxed())
}

/// A program in which nothing is given up half-way: no cancels, no receives that are dropped. There a channel is first in,
/// first out for every receiver, and what has ended stays so.
pub(crate) fn calm_program() -> impl Strategy<Value = Source> {
    let opener = prop_oneof![
        1 => Just(None),
        5 => Just(Some(Op::Spawn(How::Spawn))),
        2 => Just(Some(Op::Spawn(How::Go))),
        2 => Just(Some(Op::Spawn(How::Set))),
        2 => Just(Some(Op::Within(Nest::Group))),
        2 => Just(Some(Op::Within(Nest::Local))),
        3 => Just(Some(Op::Spawn(How::Child))),
        1 => (0..4_u8).prop_map(|value| Some(Op::Within(Nest::With(value)))),
    ];
    let family = prop_oneof![4 => family(calm_op().boxed()), 1 => around_a_channel(false), 1 => left_inside()];
    programs(opener.boxed(), calm_op().boxed(), family.boxed(), Just(None).boxed())
}

/// What begins a script.
fn opener() -> impl Strategy<Value = Op> {
    let how = prop_oneof![
        8 => Just(How::Spawn),
        3 => Just(How::Go),
        1 => Just(How::Isolated),
        2 => Just(How::Background),
        3 => Just(How::Set),
        5 => Just(How::Child),
    ];
    let nest = prop_oneof![
        3 => Just(Nest::Group),
        3 => Just(Nest::TryGroup),
        2 => time().prop_map(Nest::GroupTimeout),
        3 => Just(Nest::Local),
        2 => time().prop_map(Nest::Timeout),
        3 => Just(Nest::Shield),
        1 => (0..4_u8).prop_map(Nest::With),
    ];
    prop_oneof![5 => how.prop_map(Op::Spawn), 4 => nest.prop_map(Op::Within)]
}

/// Short, so that many waits end at the same moment.
fn time() -> impl Strategy<Value = u8> {
    0..5_u8
}

fn programs(
    opener: BoxedStrategy<Option<Op>>,
    op: BoxedStrategy<Op>,
    family: BoxedStrategy<Vec<Op>>,
    cancels: BoxedStrategy<Option<usize>>,
) -> impl Strategy<Value = Source> {
    let capacity = prop_oneof![4 => Just(Some(0)), 3 => Just(Some(1)), 2 => Just(Some(2)), 1 => Just(None)];
    let home = prop_oneof![2 => Just(Home::Free), 1 => Just(Home::Root)];
    let budget = prop_oneof![2 => Just(0_u32), 1 => 1..4_u32];
    let ends = prop_oneof![4 => Just(0_usize), 6 => Just(1), 2 => Just(2), 1 => Just(3)];
    // Mostly short scripts beside each other, so that much is under way at the same time; now and then one is let run and then
    // cancelled.
    let block = (opener, vec(op, 0..8), ends, cancels).prop_map(|(opener, ops, ends, cancelled)| {
        let ends = (0..ends).map(|_| Op::End);
        let cancel = cancelled.map(|handle| [Op::Yield, Op::Cancel(handle)]);
        opener.into_iter().chain(ops).chain(ends).chain(cancel.into_iter().flatten()).collect()
    });
    let block = prop_oneof![4 => block, 1 => family];
    (vec((capacity, home), 1..4), budget, vec(block, 1..20))
        .prop_map(|(channels, budget, blocks): (_, _, Vec<Vec<Op>>)| Source { channels, budget, ops: blocks.concat() })
}

/// Several that belong together: tasks of one set, children of one local group, tasks of one try group, tasks that inherit a
/// value.
fn family(op: BoxedStrategy<Op>) -> impl Strategy<Value = Vec<Op>> {
    let kind = prop_oneof![
        (1..5_usize).prop_map(|joins| (None, How::Set, None, vec![Op::Next; joins])),
        Just((Some(Nest::Local), How::Child, None, Vec::new())),
        Just((Some(Nest::TryGroup), How::Go, None, Vec::new())),
        (0..4_u8).prop_map(|value| (Some(Nest::With(value)), How::Spawn, Some(Op::Get), vec![Op::End])),
    ];
    (kind, vec(vec(op, 0..4), 2..5)).prop_map(|((nest, how, first, after), scripts)| {
        let script = |ops: Vec<Op>| [vec![Op::Spawn(how)], first.clone().into_iter().collect(), ops, vec![Op::End]];
        let scripts = scripts.into_iter().flat_map(|ops| script(ops).concat());
        nest.map(Op::Within).into_iter().chain(scripts).chain(after).collect()
    })
}

/// A group that is given up with a task in it that goes on for a while.
fn left_behind(op: BoxedStrategy<Op>) -> impl Strategy<Value = Vec<Op>> {
    (time(), time(), vec(op, 0..3)).prop_map(|(given, takes, ops)| {
        let task = [Op::Spawn(How::Go), Op::Within(Nest::Shield), Op::Sleep(takes), Op::End, Op::End];
        let nests = [Nest::Group, Nest::Timeout(given), Nest::Group].map(Op::Within);
        [&nests[..], &task, &ops, &[Op::Sleep(takes), Op::End, Op::End, Op::End]].concat()
    })
}

/// Tasks of a try group that fail although another may have before.
fn failing() -> impl Strategy<Value = Vec<Op>> {
    vec(time(), 2..4).prop_map(|times| {
        let task =
            |time| [Op::Spawn(How::Spawn), Op::Within(Nest::Shield), Op::Sleep(time), Op::End, Op::Fail, Op::End];
        [vec![Op::Within(Nest::TryGroup)], times.into_iter().flat_map(task).collect()].concat()
    })
}

/// Tasks that come and go with halves of one channel, and tasks that use it.
fn around_a_channel(abandons: bool) -> impl Strategy<Value = Vec<Op>> {
    let op = move |chan: usize| {
        prop_oneof![
            2 => Just(Op::Yield),
            3 => Just(Op::Send(chan)),
            2 => Just(Op::Recv(chan)),
            2 => Just(Op::TrySend(chan)),
            if abandons { 3 } else { 0 } => (1..4_u8).prop_map(move |times| Op::AbandonRecv(chan, times)),
            if abandons { 1 } else { 0 } => (1..4_u8).prop_map(move |times| Op::AbandonSend(chan, times)),
        ]
    };
    let task = move |chan: usize| {
        let dropped = prop_oneof![1 => Just(None), 3 => Just(Some(Op::DropSender)), 3 => Just(Some(Op::DropReceiver))];
        (any::<bool>(), vec(op(chan), 0..3), dropped, vec(op(chan), 0..2)).prop_map(
            move |(holds, before, dropped, after)| {
                let halves = holds.then_some(Op::Split(chan)).into_iter();
                let script = halves.chain(before).chain(dropped).chain(after);
                [Op::Spawn(How::Spawn)].into_iter().chain(script).chain([Op::End]).collect::<Vec<_>>()
            },
        )
    };
    (0..4_usize).prop_flat_map(move |chan| vec(task(chan), 2..5)).prop_map(|tasks| tasks.concat())
}

/// Values that are there when the last half of a side goes, and receives after that.
fn left_inside() -> impl Strategy<Value = Vec<Op>> {
    let dropped = prop_oneof![2 => Just(Op::DropSender), 1 => Just(Op::DropReceiver)];
    (0..4_usize, 1..4_usize, dropped, 0..3_usize).prop_map(|(chan, sends, dropped, receives)| {
        let sends = vec![Op::TrySend(chan); sends];
        let receives = vec![Op::Recv(chan); receives];
        [vec![Op::Spawn(How::Spawn), Op::Split(chan)], sends, vec![dropped], receives, vec![Op::End]].concat()
    })
}

/// A receive that is given up after its value has come and the last receiving half has gone.
fn given_back_to_nobody() -> impl Strategy<Value = Vec<Op>> {
    let task = |ops: &[Op]| [&[Op::Spawn(How::Spawn)], ops, &[Op::End]].concat();
    (0..4_usize, 1..4_u8).prop_map(move |(chan, times)| {
        let halves = [Op::Split(chan), Op::DropReceiver];
        [task(&[Op::AbandonRecv(chan, times)]), task(&[Op::Send(chan)]), task(&halves)].concat()
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
        3 => (0..4_usize).prop_map(Op::Split),
        2 => Just(Op::DropSender),
        2 => Just(Op::DropReceiver),
        6 => (any::<bool>(), prop::bool::weighted(0.2), vec(arm, 0..4))
            .prop_map(|(biased, default, arms)| Op::Select { biased, default, arms }),
        2 => ((0..4_usize), 1..4_u8).prop_map(|(chan, times)| Op::RecvOrYield(chan, times)),
        2 => (0..8_usize).prop_map(Op::Join),
        1 => (0..8_usize).prop_map(Op::Finished),
        1 => (0..8_usize).prop_map(Op::IsFinished),
        1 => (0..8_usize).prop_map(Op::Release),
        3 => time().prop_map(Op::Sleep),
        3 => Just(Op::Next),
        2 => Just(Op::Get),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        38 => calm_op(),
        2 => ((0..4_usize), 1..4_u8).prop_map(|(chan, times)| Op::AbandonSend(chan, times)),
        5 => ((0..4_usize), 1..4_u8).prop_map(|(chan, times)| Op::AbandonRecv(chan, times)),
        4 => (0..8_usize).prop_map(Op::Cancel),
        1 => ((0..8_usize), time()).prop_map(|(handle, time)| Op::JoinTimeout(handle, time)),
        1 => Just(Op::CancelScope),
        1 => time().prop_map(Op::CancelAfter),
        1 => Just(Op::CancelLocal),
        1 => Just(Op::CancelSet),
        1 => Just(Op::DropSet),
        2 => Just(Op::Fail),
        2 => Just(Op::IsCancelled),
        1 => Just(Op::Cancelled),
        1 => Just(Op::ScopeCancelled),
    ]
}

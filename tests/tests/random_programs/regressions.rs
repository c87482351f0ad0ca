//! Programs that once showed a difference, shrunk.

use crate::check_local;
use crate::program::{Home, How, Nest, Op, Source};

fn check(channels: &[(Option<usize>, Home)], budget: u32, ops: Vec<Op>) {
    let source = Source { channels: channels.to_vec(), budget, ops };
    if let Err(difference) = check_local(&source) {
        panic!("{difference}");
    }
}

// X3: a cancelled task that goes from one shield into the next in one turn has no reason for another.
#[test]
fn a_task_between_two_shields_is_not_woken() {
    let ops = vec![
        Op::Spawn(How::Spawn),
        Op::CancelScope,
        Op::End,
        Op::Within(Nest::Shield),
        Op::Send(0),
        Op::End,
        Op::Within(Nest::Shield),
        Op::Recv(1),
        Op::End,
    ];
    check(&[(Some(0), Home::Free), (Some(0), Home::Free)], 0, ops);
}

// X3: nor the task of a body that is to end and goes from one shield into the next.
#[test]
fn a_body_between_two_shields_is_not_woken() {
    let ops = vec![
        Op::Spawn(How::Go),
        Op::Panic,
        Op::End,
        Op::Within(Nest::Shield),
        Op::Yield,
        Op::End,
        Op::Within(Nest::Shield),
        Op::Send(0),
    ];
    check(&[(Some(0), Home::Free)], 0, ops);
}

// S6: a group that ends in the turn in which it was opened does not wake its task.
#[test]
fn a_group_that_ends_at_once_wakes_nobody() {
    check(&[(Some(0), Home::Free)], 0, vec![Op::Within(Nest::Group), Op::End, Op::Recv(0)]);
}

// Y2, X1: a send whose budget was spent before it began still has its value.
#[test]
fn what_was_offered_before_the_budget_was_spent_is_dropped_with_the_task() {
    let ops =
        vec![Op::Spawn(How::Spawn), Op::Send(0), Op::Send(0), Op::End, Op::Spawn(How::Spawn), Op::CancelScope, Op::End];
    check(&[(Some(2), Home::Free)], 1, ops);
}

// X3, S6: a body that is to stop and that a shield keeps, dropped with its group by a timeout, has nobody to wake.
#[test]
fn a_shield_dropped_with_its_group_wakes_nobody() {
    let ops = vec![
        Op::Within(Nest::Timeout(1)),
        Op::Within(Nest::TryGroup),
        Op::Spawn(How::Go),
        Op::Fail,
        Op::End,
        Op::Within(Nest::Shield),
        Op::Sleep(2),
        Op::End,
        Op::End,
        Op::End,
        Op::Send(0),
    ];
    check(&[(Some(0), Home::Free)], 0, ops);
}

// S9, X6: a background task that was told to stop by the end of the others is not told again by its scope.
#[test]
fn a_background_task_is_told_to_stop_once() {
    let ops = vec![
        Op::Within(Nest::Group),
        Op::CancelAfter(1),
        Op::Spawn(How::Background),
        Op::Within(Nest::Shield),
        Op::Recv(0),
        Op::End,
        Op::End,
        Op::Yield,
        Op::End,
    ];
    check(&[(Some(0), Home::Free)], 0, ops);
}

// S11: a scope that has ended is not cancelled by a `cancel_after` that has no time to wait either.
#[test]
fn a_group_that_has_ended_is_not_cancelled_at_once() {
    let ops = vec![
        Op::Within(Nest::Local),
        Op::Within(Nest::Group),
        Op::Spawn(How::Child),
        Op::CancelAfter(0),
        Op::ScopeCancelled,
    ];
    check(&[(Some(0), Home::Free)], 0, ops);
}

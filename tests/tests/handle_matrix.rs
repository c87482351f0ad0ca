//! What a handle can do, in every state of its task: rules J2, J3, J5 to J7, S5, X4 (as async-task's tests are laid out).

use std::pin::{Pin, pin};
use std::time::Duration;

use orion_rt::{Chan, JoinHandle, TaskError, yield_now};
use orion_tests::{Count, begin, on_every_kind, poll_once};

/// What the task does when the handle is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has not been polled, as far as is known.
    Queued,
    /// It waits for its gate.
    Parked,
    /// Its gate is open.
    Woken,
    /// Its future is gone; a task of a group it opened waits for the second gate.
    Ending,
    /// It is complete.
    Complete,
    /// It waits, and has been asked to stop.
    Asked,
    /// It has stopped.
    Cancelled,
    /// It was spawned into a cancelled scope.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Drop,
    Release,
    Join,
    Get,
    FinishedThenJoin,
    FinishedThenDrop,
    JoinTimeoutLong,
    JoinTimeoutZero,
    JoinHalfWay,
    FinishedHalfWayThenJoin,
    CancelThenJoin,
    CancelThenDrop,
    CancelWhileJoining,
}

const STATES: [State; 8] = {
    use State::{Asked, Cancelled, Complete, Ending, Parked, Queued, Refused, Woken};
    [Queued, Parked, Woken, Ending, Complete, Asked, Cancelled, Refused]
};

const ACTIONS: [Action; 13] = {
    use Action::{
        CancelThenDrop, CancelThenJoin, CancelWhileJoining, Drop, FinishedHalfWayThenJoin, FinishedThenDrop,
        FinishedThenJoin, Get, Join, JoinHalfWay, JoinTimeoutLong, JoinTimeoutZero, Release,
    };
    [
        Drop,
        Release,
        Join,
        Get,
        FinishedThenJoin,
        FinishedThenDrop,
        JoinTimeoutLong,
        JoinTimeoutZero,
        JoinHalfWay,
        FinishedHalfWayThenJoin,
        CancelThenJoin,
        CancelThenDrop,
        CancelWhileJoining,
    ]
};

/// The task, spawned on `$g` and brought into `$state`; gives its handle and opens the gates when `$open` says so.
macro_rules! one_case {
    ($g:ident, $state:ident, $action:ident) => {{
        let (futures, values) = (Count::default(), Count::default());
        let (gate, inner_gate) = (Chan::<()>::new(0), Chan::<()>::new(0));
        if $state == State::Refused {
            $g.cancel();
        }
        let handle = $g.spawn({
            let (future, value) = (futures.on_drop(), values.on_drop());
            let (gate, inner_gate, g) = (gate.clone(), inner_gate.clone(), $g.clone());
            async move {
                let _future = future;
                gate.recv().await;
                if $state == State::Ending {
                    let mut group = Box::pin(g.group(async move |below| {
                        below.go(async move { assert_eq!(inner_gate.recv().await, None) });
                        std::future::pending::<()>().await;
                    }));
                    begin(group.as_mut()).await;
                    // A group that is forgotten goes on (S4).
                    orion_tests::leaks_on_purpose("forgets a group's future");
                    std::mem::forget(group);
                }
                value
            }
        });
        match $state {
            State::Queued | State::Refused => {}
            State::Parked | State::Asked | State::Cancelled => {
                until_it_waits(&gate).await;
            }
            State::Woken => {
                until_it_waits(&gate).await;
                gate.close();
            }
            State::Ending | State::Complete => {
                gate.close();
            }
        }
        match $state {
            State::Ending => {
                while futures.get() == 0 {
                    yield_now().await;
                }
                assert!(!handle.is_finished());
            }
            State::Asked => handle.cancel(),
            State::Cancelled => {
                handle.cancel();
                until_finished(&handle).await;
            }
            State::Complete => until_finished(&handle).await,
            _ => {}
        }
        if $state == State::Refused {
            assert!(handle.is_finished());
        }
        let open = async {
            yield_now().await;
            gate.close();
            inner_gate.close();
        };
        let asks = matches!($action, Action::CancelThenJoin | Action::CancelThenDrop | Action::CancelWhileJoining);
        let expected = match $state {
            State::Asked | State::Cancelled | State::Refused => Some(false),
            State::Ending | State::Complete => Some(true),
            // On a worker it may run while it is asked, and meet an open gate.
            State::Queued | State::Woken if asks => None,
            State::Parked if asks => Some(false),
            _ => Some(true),
        };
        let ((), result) = futures::join!(open, act(handle, $action, expected == Some(false)));
        if let (Some(result), Some(ok)) = (&result, expected) {
            assert_eq!(result.is_ok(), ok, "{:?}, {:?}: {result:?}", $state, $action);
        }
        let held = usize::from(matches!(result, Some(Ok(_))));
        assert!(values.get() + held <= 1, "{:?}, {:?}", $state, $action);
        drop(result);
        (futures, values)
    }};
}

/// Uses the handle up; gives what a join gave.
async fn act<T, K: orion_rt::Kind>(
    mut handle: JoinHandle<'_, T, K>,
    action: Action,
    cancelled: bool,
) -> Option<Result<T, TaskError>> {
    match action {
        Action::Drop => drop(handle),
        Action::Release => handle.release(),
        Action::Join => return Some(handle.join().await),
        Action::Get if cancelled => {}
        Action::Get => return Some(Ok(handle.get().await)),
        Action::FinishedThenJoin => {
            handle.finished().await;
            assert!(handle.is_finished());
            return Some(handle.join().await);
        }
        Action::FinishedThenDrop => {
            handle.finished().await;
            drop(handle);
        }
        Action::JoinTimeoutLong => {
            let joined = handle.join_timeout(Duration::from_secs(3600)).await;
            return Some(joined.unwrap_or_else(|_| panic!("not so late")));
        }
        Action::JoinTimeoutZero => {
            return match handle.join_timeout(Duration::ZERO).await {
                Ok(result) => Some(result),
                Err(handle) => Some(handle.join().await),
            };
        }
        Action::JoinHalfWay => {
            let mut join = pin!(handle.join());
            if let std::task::Poll::Ready(result) = poll_once(join.as_mut(), &Count::default()) {
                return Some(result);
            }
        }
        Action::FinishedHalfWayThenJoin => {
            let mut finished = handle.finished();
            let _ = poll_once(Pin::new(&mut finished), &Count::default());
            return Some(handle.join().await);
        }
        Action::CancelThenJoin => {
            handle.cancel();
            return Some(handle.join().await);
        }
        Action::CancelThenDrop => {
            handle.cancel();
            drop(handle);
        }
        Action::CancelWhileJoining => {
            let mut finished = handle.finished();
            let _ = poll_once(Pin::new(&mut finished), &Count::default());
            handle.cancel();
            return Some(handle.join().await);
        }
    }
    None
}

/// Until the task is linked in its gate's list: whatever comes now, it suspends first.
async fn until_it_waits(gate: &Chan<()>) {
    while gate.inspect().receivers_waiting == 0 {
        yield_now().await;
    }
}

async fn until_finished<T, K: orion_rt::Kind>(handle: &JoinHandle<'_, T, K>) {
    while !handle.is_finished() {
        yield_now().await;
    }
}

// J2, J3, J5, J6, J7: whatever is done with the handle, and when: the result is what it has to be, future and value are dropped
// once, and the task is gone when its group is.
on_every_kind!(every_call_in_every_state, async |s| {
    for state in STATES {
        for action in ACTIONS {
            let (futures, values) = s.group(async |g| one_case!(g, state, action)).await;
            assert_eq!((futures.get(), values.get()), (1, 1), "{state:?}, {action:?}");
        }
    }
});

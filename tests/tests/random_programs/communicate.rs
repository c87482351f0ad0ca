//! Carrying out what concerns channels only.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use orion_rt::{Chan, Select, Selected, SendError, TryRecvError, TrySendError, select, yield_now};

use crate::any_chan::{AnyChan, Held};
use crate::program::{Offer, Step};
use crate::real::{Token, Witness, World};
use crate::trace::{Outcome, Won};

fn sent<W: Witness>(result: Result<(), SendError<Token<'_, W>>>) -> Won {
    match result {
        Ok(()) => Won::Sent,
        Err(SendError(value)) => Won::Unsent(value.take()),
    }
}

fn received<W: Witness>(value: Option<Token<'_, W>>) -> Won {
    value.map_or(Won::Closed, |value| Won::Received(value.take()))
}

async fn yields(times: u8) {
    for _ in 0..times {
        yield_now().await;
    }
}

/// Polls `future` once; unless that gives its output, yields so many times and drops it.
async fn abandon<F: Future>(future: F, times: u8) -> Option<F::Output> {
    let mut future = pin!(future);
    match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        Poll::Ready(output) => Some(output),
        Poll::Pending => {
            yields(times).await;
            None
        }
    }
}

/// Carries out a step that concerns channels only, for a script that holds `held`.
pub(crate) async fn communicate<'s, 'a, W: Witness>(
    world: &World<'a, W>,
    chans: &[AnyChan<'s, Token<'a, W>>],
    held: &mut Held<'s, Token<'a, W>>,
    step: &Step,
) -> Outcome {
    match *step {
        Step::Split(chan) => {
            held.split(chan, chans[chan]);
            Outcome::Over
        }
        Step::DropSender => Outcome::Is(held.drop_sender()),
        Step::DropReceiver => Outcome::Is(held.drop_receiver()),
        Step::Send(offer) => {
            let sending = held.send(offer.chan, chans[offer.chan], world.offered(offer));
            Outcome::Won(None, sent(sending.await))
        }
        Step::Recv(chan) => Outcome::Won(None, received(held.recv(chan, chans[chan]).await)),
        Step::TrySend(offer) => match held.try_send(offer.chan, chans[offer.chan], world.offered(offer)) {
            Ok(()) => Outcome::Won(None, Won::Sent),
            Err(TrySendError::Full(value)) => Outcome::Full(value.take()),
            Err(TrySendError::Closed(value)) => Outcome::Won(None, Won::Unsent(value.take())),
        },
        Step::TryRecv(chan) => match held.try_recv(chan, chans[chan]) {
            Ok(value) => Outcome::Won(None, received(Some(value))),
            Err(TryRecvError::Empty) => Outcome::Empty,
            Err(TryRecvError::Closed) => Outcome::Won(None, Won::Closed),
        },
        Step::Close(chan) => Outcome::Is(chans[chan].close()),
        Step::Inspect(chan) => {
            let info = chans[chan].inspect();
            Outcome::Info { len: info.len, closed: info.closed, sent: info.sent, received: info.received }
        }
        Step::Select { biased, default, ref arms } => {
            let free: Option<Vec<_>> = arms.iter().map(|arm| chans[arm.chan].free()).collect();
            match free {
                Some(free) => select_listed(world, &free, arms, biased, default).await,
                None => select_written(world, chans, arms, biased, default).await,
            }
        }
        Step::RecvOrYield(chan, times) => select! {
            biased;
            value = <-chans[chan].free().expect("guarded"), if chans[chan].free().is_some() => {
                Outcome::Won(None, received(value))
            }
            value = <-chans[chan].root().expect("guarded"), if chans[chan].root().is_some() => {
                Outcome::Won(None, received(value))
            }
            () = yields(times) => Outcome::GaveUp,
        },
        Step::Abandon(offer, times) => {
            let (number, chan) = (offer.chan, chans[offer.chan]);
            let won = if offer.value.is_some() {
                abandon(held.send(number, chan, world.offered(offer)), times).await.map(sent)
            } else {
                abandon(held.recv(number, chan), times).await.map(received)
            };
            won.map_or(Outcome::GaveUp, |won| Outcome::Won(None, won))
        }
        _ => unreachable!("a step of tasks"),
    }
}

/// A select with a list of arms, which takes every channel that is no root's.
async fn select_listed<'a, W: Witness>(
    world: &World<'a, W>,
    chans: &[&Chan<Token<'a, W>>],
    arms: &[Offer],
    biased: bool,
    default: bool,
) -> Outcome {
    let mut select = Select::new();
    for (&chan, &arm) in chans.iter().zip(arms) {
        select = if arm.value.is_some() { select.send(chan, world.offered(arm)) } else { select.recv(chan) };
    }
    if biased {
        select = select.biased();
    }
    if default {
        select = select.default();
    }
    match select.wait().await {
        (index, Selected::Sent(result)) => Outcome::Won(Some(index), sent(result)),
        (index, Selected::Received(value)) => Outcome::Won(Some(index), received(value)),
        (_, Selected::Default) => Outcome::Default,
    }
}

/// A `select!` of up to so many arms. Each is written for either kind of channel and for both sides; guards leave one of the
/// four.
macro_rules! written {
    ([$($biased:tt)*] [$($default:tt)*] $free:ident $root:ident $offered:ident: $($index:literal)*) => {
        select! {
            $($biased)*
            $(
                value = <-$free($index, false).expect("guarded"), if $free($index, false).is_some() => {
                    Outcome::Won(Some($index), received(value))
                }
                value = <-$root($index, false).expect("guarded"), if $root($index, false).is_some() => {
                    Outcome::Won(Some($index), received(value))
                }
                result = $free($index, true).expect("guarded") <- $offered($index), if $free($index, true).is_some() => {
                    Outcome::Won(Some($index), sent(result))
                }
                result = $root($index, true).expect("guarded") <- $offered($index), if $root($index, true).is_some() => {
                    Outcome::Won(Some($index), sent(result))
                }
            )*
            $($default)*
        }
    };
}

/// The same with `select!`, which takes all channels.
async fn select_written<'a, W: Witness>(
    world: &World<'a, W>,
    chans: &[AnyChan<'_, Token<'a, W>>],
    arms: &[Offer],
    biased: bool,
    default: bool,
) -> Outcome {
    assert!(arms.len() <= 3, "there are more arms than are written below");
    let chan = |index: usize, sends: bool| {
        arms.get(index).filter(|arm| arm.value.is_some() == sends).map(|arm| chans[arm.chan])
    };
    let free = |index, sends| chan(index, sends).and_then(AnyChan::free);
    let root = |index, sends| chan(index, sends).and_then(AnyChan::root);
    let offered = |index: usize| world.offered(arms[index]);
    match (biased, default) {
        (false, false) => written!([] [else => unreachable!("there is an arm"),] free root offered: 0 1 2),
        (false, true) => written!([] [default => Outcome::Default,] free root offered: 0 1 2),
        (true, false) => written!([biased;] [else => unreachable!("there is an arm"),] free root offered: 0 1 2),
        (true, true) => written!([biased;] [default => Outcome::Default,] free root offered: 0 1 2),
    }
}

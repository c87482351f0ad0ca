//! Carrying a program out on the runtime, and writing down what happens.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt, LocalBoxFuture};
use orion_rt::{Chan, Group, JoinHandle, Local, Multi, Select, Selected, SendError, TaskError, TryRecvError};
use orion_rt::{TrySendError, cancelled, is_cancelled, select, shield, yield_now};

use crate::program::{Offer, Program, Step};
use crate::trace::{End, Outcome, Thing, Won};

/// What sees everything that happens. On several workers it is asked from all of them.
pub(crate) trait Witness: Sync {
    /// A task is polled.
    fn turn(&self, task: usize);
    /// A task's future has ended.
    fn over(&self, task: usize, end: End);
    /// A step of a script has ended.
    fn did(&self, script: usize, step: usize, outcome: Outcome);
    /// Something is dropped that nobody has taken.
    fn dropped(&self, thing: Thing);
    /// Something came to be.
    fn made(&self, thing: Thing);
    /// Nothing has happened for a while; something is about to be closed, or at last everything cancelled.
    fn quiet(&self, last: bool);
}

/// What a program works with; lives outside its root.
pub(crate) struct World<'a, W: Witness> {
    program: &'a Program,
    witness: &'a W,
    chans: Vec<Chan<Token<'a, W>>>,
    /// Turns and drops of tasks.
    activity: AtomicU64,
}

impl<'a, W: Witness> World<'a, W> {
    pub(crate) fn new(program: &'a Program, witness: &'a W) -> Self {
        let chan = |capacity: &Option<usize>| capacity.map_or_else(Chan::unbounded, Chan::new);
        let chans = program.capacities.iter().map(chan).collect();
        Self { program, witness, chans, activity: AtomicU64::new(0) }
    }

    /// Takes out what is left in the channels: the numbers of the values.
    pub(crate) fn drain(&self) -> Vec<Vec<u32>> {
        let rest = |chan: &Chan<Token<'a, W>>| std::iter::from_fn(|| chan.try_recv().ok()).map(Token::take).collect();
        self.chans.iter().map(rest).collect()
    }

    fn token(&self, thing: Thing) -> Token<'a, W> {
        self.witness.made(thing);
        Token { thing, witness: self.witness, taken: false }
    }

    fn offered(&self, offer: Offer) -> Token<'a, W> {
        self.token(Thing::Value(offer.value.expect("a send has a value")))
    }
}

/// A value, or a task's result.
pub(crate) struct Token<'a, W: Witness> {
    thing: Thing,
    witness: &'a W,
    taken: bool,
}

impl<W: Witness> Token<'_, W> {
    /// Its number; it is in good hands.
    fn take(mut self) -> u32 {
        self.taken = true;
        match self.thing {
            Thing::Value(number) | Thing::Result(number) => number,
        }
    }
}

impl<W: Witness> Drop for Token<'_, W> {
    fn drop(&mut self) {
        if !self.taken {
            self.witness.dropped(self.thing);
        }
    }
}

/// A task's future, which tells the witness of its turns and its end.
struct Turns<'w, 'a, W: Witness, F> {
    task: usize,
    world: &'w World<'a, W>,
    future: Pin<Box<F>>,
    over: bool,
}

impl<W: Witness, F: Future> Future for Turns<'_, '_, W, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.world.activity.fetch_add(1, Ordering::SeqCst);
        self.world.witness.turn(self.task);
        let polled = catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(cx)));
        let end = match &polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(_)) => End::Returned,
            Err(_) => End::Panicked,
        };
        self.over = true;
        self.world.witness.over(self.task, end);
        polled.unwrap_or_else(|payload| resume_unwind(payload))
    }
}

impl<W: Witness, F> Drop for Turns<'_, '_, W, F> {
    fn drop(&mut self) {
        if !self.over {
            self.world.activity.fetch_add(1, Ordering::SeqCst);
            self.world.witness.over(self.task, End::Torn);
        }
    }
}

/// The number of a panic, by its payload.
pub(crate) fn panic_number(payload: &(dyn Any + Send)) -> u32 {
    numbered(payload.downcast_ref::<String>().expect("only programs panic"))
}

fn numbered(message: &str) -> u32 {
    message.parse().expect("the message of a panic is its number")
}

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

/// Carries out a step that concerns channels only.
async fn communicate<W: Witness>(world: &World<'_, W>, step: &Step) -> Outcome {
    match *step {
        Step::Send(offer) => Outcome::Won(None, sent(world.chans[offer.chan].send(world.offered(offer)).await)),
        Step::Recv(chan) => Outcome::Won(None, received(world.chans[chan].recv().await)),
        Step::TrySend(offer) => match world.chans[offer.chan].try_send(world.offered(offer)) {
            Ok(()) => Outcome::Won(None, Won::Sent),
            Err(TrySendError::Full(value)) => Outcome::Full(value.take()),
            Err(TrySendError::Closed(value)) => Outcome::Won(None, Won::Unsent(value.take())),
        },
        Step::TryRecv(chan) => match world.chans[chan].try_recv() {
            Ok(value) => Outcome::Won(None, received(Some(value))),
            Err(TryRecvError::Empty) => Outcome::Empty,
            Err(TryRecvError::Closed) => Outcome::Won(None, Won::Closed),
        },
        Step::Close(chan) => Outcome::Is(world.chans[chan].close()),
        Step::Inspect(chan) => {
            let info = world.chans[chan].inspect();
            Outcome::Info { len: info.len, closed: info.closed, sent: info.sent, received: info.received }
        }
        Step::Select { biased, default, ref arms } => {
            let mut select = Select::new();
            for arm in arms {
                let chan = &world.chans[arm.chan];
                select = if arm.value.is_some() { select.send(chan, world.offered(*arm)) } else { select.recv(chan) };
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
        Step::RecvOrYield(chan, times) => select! {
            biased;
            value = <-world.chans[chan] => Outcome::Won(None, received(value)),
            () = yields(times) => Outcome::GaveUp,
        },
        Step::Abandon(offer, times) => {
            let chan = &world.chans[offer.chan];
            let won = if offer.value.is_some() {
                abandon(chan.send(world.offered(offer)), times).await.map(sent)
            } else {
                abandon(chan.recv(), times).await.map(received)
            };
            won.map_or(Outcome::GaveUp, |won| Outcome::Won(None, won))
        }
        _ => unreachable!("a step of tasks"),
    }
}

/// The handle a number means, unless it has been consumed.
fn pick<H>(handles: &mut [Option<H>], number: usize) -> Option<&mut Option<H>> {
    let count = handles.len();
    if count == 0 {
        return None;
    }
    Some(&mut handles[number % count]).filter(|handle| handle.is_some())
}

/// The interpreter, once for futures that are `Send` and once for those that need not be.
macro_rules! interpreter {
    ($module:ident, $kind:ty, $boxed:ident) => {
        pub(crate) mod $module {
            use super::*;

            type Handles<'s, 'a, W> = Vec<Option<JoinHandle<'s, Token<'a, W>, $kind>>>;

            /// The root's body: starts the first task, and whenever `patience` of its turns in a row have seen nothing happen
            /// closes the next channel, or at last cancels everything.
            pub(crate) async fn root<'s, 'a: 's, W: Witness>(
                world: &'s World<'a, W>,
                scope: &Group<'s, $kind>,
                patience: u32,
            ) {
                scope.spawn(task(world, 0, scope.clone())).release();
                for chan in world.chans.iter().map(Some).chain([None]) {
                    let (mut seen, mut idle) = (0, 0);
                    while idle < patience {
                        yield_now().await;
                        let activity = world.activity.load(Ordering::SeqCst);
                        idle = if activity == seen { idle + 1 } else { 0 };
                        if idle > 1 {
                            std::thread::yield_now();
                        }
                        seen = activity;
                    }
                    match chan {
                        Some(chan) => {
                            world.witness.quiet(false);
                            chan.close();
                        }
                        None => {
                            world.witness.quiet(true);
                            scope.cancel();
                        }
                    }
                }
            }

            fn task<'s, 'a: 's, W: Witness>(
                world: &'s World<'a, W>,
                task: usize,
                scope: Group<'s, $kind>,
            ) -> Turns<'s, 'a, W, impl Future<Output = Token<'a, W>> + use<'s, 'a, W>> {
                let future = Box::pin(async move {
                    script(world, task, scope).await;
                    world.token(Thing::Result(task as u32))
                });
                Turns { task, world, future, over: false }
            }

            fn script<'s, 'a: 's, W: Witness>(
                world: &'s World<'a, W>,
                number: usize,
                scope: Group<'s, $kind>,
            ) -> $boxed<'s, ()> {
                Box::pin(async move {
                    let mut handles: Handles<'s, 'a, W> = Vec::new();
                    let steps = &world.program.scripts[number];
                    for (at, step) in steps.iter().enumerate() {
                        let outcome = match *step {
                            Step::Yield => {
                                yield_now().await;
                                continue;
                            }
                            Step::Spawn { script: child, joinable, isolated } => {
                                let future = task(world, child, scope.clone());
                                let handle =
                                    if isolated { scope.task().isolated().spawn(future) } else { scope.spawn(future) };
                                if joinable {
                                    handles.push(Some(handle));
                                } else {
                                    handle.release();
                                }
                                continue;
                            }
                            Step::Group(body) => {
                                let group = scope.group(move |inner| script(world, body, inner));
                                match AssertUnwindSafe(group).catch_unwind().await {
                                    Ok(()) => Outcome::Over,
                                    Err(payload) => Outcome::Panicked(panic_number(&*payload)),
                                }
                            }
                            Step::Shield(body) => {
                                shield(script(world, body, scope.clone())).await;
                                Outcome::Over
                            }
                            Step::IsCancelled => Outcome::Is(is_cancelled()),
                            Step::Cancelled => {
                                cancelled().await;
                                Outcome::Over
                            }
                            Step::ScopeCancelled => {
                                scope.cancelled().await;
                                Outcome::Over
                            }
                            Step::CancelScope => {
                                scope.cancel();
                                continue;
                            }
                            Step::Join(handle) => {
                                let Some(handle) = pick(&mut handles, handle).and_then(Option::take) else { continue };
                                match handle.join().await {
                                    Ok(result) => Outcome::Joined(result.take()),
                                    Err(TaskError::Cancelled) => Outcome::Cancelled,
                                    Err(TaskError::Panicked(panic)) => Outcome::Panicked(numbered(panic.message())),
                                    Err(other) => panic!("{other}"),
                                }
                            }
                            Step::Release(handle) => {
                                drop(pick(&mut handles, handle).and_then(Option::take));
                                continue;
                            }
                            Step::Finished(handle) => {
                                let Some(Some(handle)) = pick(&mut handles, handle) else { continue };
                                handle.finished().await;
                                Outcome::Over
                            }
                            Step::IsFinished(handle) => {
                                let Some(Some(handle)) = pick(&mut handles, handle) else { continue };
                                Outcome::Is(handle.is_finished())
                            }
                            Step::Cancel(handle) => {
                                let Some(Some(handle)) = pick(&mut handles, handle) else { continue };
                                handle.cancel();
                                continue;
                            }
                            Step::Panic(number) => resume_unwind(Box::new(number.to_string())),
                            _ => communicate(world, step).await,
                        };
                        world.witness.did(number, at, outcome);
                    }
                    world.witness.did(number, steps.len(), Outcome::Over);
                })
            }
        }
    };
}

interpreter!(local, Local, LocalBoxFuture);
interpreter!(multi, Multi, BoxFuture);

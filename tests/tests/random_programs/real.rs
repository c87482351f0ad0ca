//! Carrying a program out on the runtime, and writing down what happens.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use orion_rt::{Chan, Select, Selected, SendError, TaskError, TryRecvError, TrySendError, select, sleep, yield_now};

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
    pub(crate) program: &'a Program,
    pub(crate) witness: &'a W,
    pub(crate) chans: Vec<Chan<Token<'a, W>>>,
    clock: Clock,
    /// Turns and drops of tasks.
    activity: AtomicU64,
    started: Instant,
    /// When all waits that have begun will be over, since the start.
    waits: Mutex<Duration>,
}

/// How time passes, and when a program is quiet.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    /// In milliseconds that nobody waits for. Quiet: nothing is left to wait for.
    Virtual,
    /// In units that are about as long as a few turns. Quiet: so many turns of the root's body have seen nothing happen.
    System { patience: u32 },
}

impl<'a, W: Witness> World<'a, W> {
    pub(crate) fn new(program: &'a Program, witness: &'a W, clock: Clock) -> Self {
        let chan = |capacity: &Option<usize>| capacity.map_or_else(Chan::unbounded, Chan::new);
        let chans = program.capacities.iter().map(chan).collect();
        let (started, waits) = (Instant::now(), Mutex::default());
        Self { program, witness, chans, clock, activity: AtomicU64::new(0), started, waits }
    }

    /// How long `units` of time are, for a wait that begins.
    pub(crate) fn time(&self, units: u8) -> Duration {
        let unit = match self.clock {
            Clock::Virtual => Duration::from_millis(1),
            Clock::System { .. } => Duration::from_micros(20),
        };
        let time = unit * u32::from(units);
        let mut waits = self.waits.lock().unwrap();
        *waits = (self.started.elapsed() + time).max(*waits);
        time
    }

    /// Waits until the program is quiet.
    pub(crate) async fn quiet(&self) {
        let patience = match self.clock {
            Clock::Virtual => return sleep(Duration::from_millis(u64::from(self.program.time))).await,
            Clock::System { patience } => patience,
        };
        let (mut seen, mut idle) = (0, 0);
        while idle < patience {
            yield_now().await;
            let activity = self.activity.load(Ordering::SeqCst);
            let waits = self.started.elapsed() < *self.waits.lock().unwrap();
            idle = if activity == seen && !waits { idle + 1 } else { 0 };
            if idle > 1 {
                std::thread::yield_now();
            }
            seen = activity;
        }
    }

    /// Takes out what is left in the channels: the numbers of the values.
    pub(crate) fn drain(&self) -> Vec<Vec<u32>> {
        let rest = |chan: &Chan<Token<'a, W>>| std::iter::from_fn(|| chan.try_recv().ok()).map(Token::take).collect();
        self.chans.iter().map(rest).collect()
    }

    pub(crate) fn token(&self, thing: Thing) -> Token<'a, W> {
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
    pub(crate) fn take(mut self) -> u32 {
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
pub(crate) struct Turns<'w, 'a, W: Witness, F> {
    task: usize,
    world: &'w World<'a, W>,
    future: Pin<Box<F>>,
    over: bool,
}

impl<'w, 'a, W: Witness, F> Turns<'w, 'a, W, F> {
    pub(crate) fn new(world: &'w World<'a, W>, task: usize, future: F) -> Self {
        Self { task, world, future: Box::pin(future), over: false }
    }
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

/// How a join has ended.
pub(crate) fn joined<W: Witness>(result: Result<Token<'_, W>, TaskError>) -> Outcome {
    match result {
        Ok(result) => Outcome::Joined(result.take()),
        Err(TaskError::Cancelled) => Outcome::Cancelled,
        Err(TaskError::Panicked(panic)) => Outcome::Panicked(numbered(panic.message())),
        Err(other) => panic!("{other}"),
    }
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
pub(crate) async fn communicate<W: Witness>(world: &World<'_, W>, step: &Step) -> Outcome {
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

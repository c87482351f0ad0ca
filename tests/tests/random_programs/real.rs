//! Carrying a program out on the runtime, and writing down what happens.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use orion_rt::{Chan, ScopeChan, TaskError, sleep, yield_now};

use crate::any_chan::AnyChan;
use crate::program::{Home, Offer, Program};
use crate::trace::{End, Outcome, Thing};

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
    /// By number: the channels that are not the root's.
    chans: Vec<Option<Chan<Token<'a, W>>>>,
    clock: Clock,
    /// Turns and drops of tasks.
    activity: AtomicU64,
    started: Instant,
    /// When all waits that have begun will be over, since the start.
    waits: Mutex<Duration>,
}

/// All channels of a program, by number.
pub(crate) type Channels<'s, 'a, W> = Arc<[AnyChan<'s, Token<'a, W>>]>;

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
        let chan = |capacity: Option<usize>| capacity.map_or_else(Chan::unbounded, Chan::new);
        let free = |&(capacity, home): &(_, Home)| (home == Home::Free).then(|| chan(capacity));
        let chans = program.channels.iter().map(free).collect();
        let (started, waits) = (Instant::now(), Mutex::default());
        Self { program, witness, chans, clock, activity: AtomicU64::new(0), started, waits }
    }

    /// The channels, when `chan` has made those of the root. There a capacity without end stands for none.
    pub(crate) fn channels<'s>(&'s self, chan: impl Fn(usize) -> ScopeChan<'s, Token<'a, W>>) -> Channels<'s, 'a, W> {
        let root = |capacity: Option<usize>| AnyChan::Root(chan(capacity.unwrap_or(usize::MAX)));
        let chans = self.chans.iter().zip(&self.program.channels);
        chans.map(|(free, &(capacity, _))| free.as_ref().map_or_else(|| root(capacity), AnyChan::Free)).collect()
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

    /// Takes out what is left in the channels: the numbers of the values. Those of the root have ended with it.
    pub(crate) fn drain(&self) -> Vec<Vec<u32>> {
        let rest = |chan: &Chan<Token<'a, W>>| std::iter::from_fn(|| chan.try_recv().ok()).map(Token::take).collect();
        self.chans.iter().map(|chan| chan.as_ref().map_or_else(Vec::new, rest)).collect()
    }

    pub(crate) fn token(&self, thing: Thing) -> Token<'a, W> {
        self.witness.made(thing);
        Token { thing, witness: self.witness, taken: false }
    }

    pub(crate) fn offered(&self, offer: Offer) -> Token<'a, W> {
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

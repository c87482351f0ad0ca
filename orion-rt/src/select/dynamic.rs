//! A select over a list of arms that is only known at run time: [`Select`].
//!
//! Purpose: the same race as `select!`, over arms of one element type. The arms live in the future, up to eight without
//! an allocation (L8); beyond, one for what they do and, when the select parks, one for their waiters.

#![forbid(unsafe_code)]

use super::arms::{ArmRef, Arms, Chosen, Verdict};
use super::race::Race;
use crate::chan::arm::Finished;
use crate::chan::slots::{Slots, Specs};
use crate::chan::{Chan, SendError};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

/// How the chosen arm of a [`Select`] ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Selected<T> {
    /// A receive arm: the value, or `None` if its channel is closed and drained.
    Received(Option<T>),
    /// A send arm; its value comes back if the channel is closed.
    Sent(Result<(), SendError<T>>),
    /// No arm was ready.
    Default,
}

/// A select over a list of channel operations, built at run time.
///
/// [`wait`](Self::wait) gives the index of the arm that won, in the order of the calls, and what it gave. Exactly one
/// communication happens (L1); the choice among ready arms is uniformly random unless [`biased`](Self::biased). The value
/// of a send arm that loses is dropped.
///
/// ```
/// # use orion_rt::{Chan, Select, Selected};
/// # futures::executor::block_on(async {
/// let inputs: Vec<Chan<u32>> = (0..3).map(|_| Chan::new(1)).collect();
/// inputs[1].try_send(7).unwrap();
/// let select = inputs.iter().fold(Select::new(), |select, input| select.recv(input));
/// assert_eq!(select.wait().await, (1, Selected::Received(Some(7))));
/// # });
/// ```
#[must_use = "a select does nothing until it is waited for"]
pub struct Select<'a, T> {
    specs: Specs<'a, T>,
    biased: bool,
    has_default: bool,
}

impl<'a, T> Select<'a, T> {
    /// A select without arms. With none and no default it waits for ever, as Go's does over nil channels (L9); see [`Select`].
    #[inline]
    pub fn new() -> Self {
        Self { specs: Specs::new(), biased: false, has_default: false }
    }

    /// Adds an arm that receives from `chan`.
    #[inline]
    pub fn recv(mut self, chan: &'a Chan<T>) -> Self {
        self.specs.recv(chan.as_ref());
        self
    }

    /// Adds an arm that sends `value` to `chan`; a closed channel is [`Selected::Sent`] with the error, not a panic.
    ///
    /// ```
    /// # use orion_rt::{Chan, Select, Selected};
    /// # futures::executor::block_on(async {
    /// let outputs = [Chan::new(1), Chan::new(1)];
    /// outputs[0].try_send(0).unwrap(); // full
    /// let select = outputs.iter().fold(Select::new(), |select, output| select.send(output, 7));
    /// assert_eq!(select.wait().await, (1, Selected::Sent(Ok(()))));
    /// # });
    /// ```
    #[inline]
    pub fn send(mut self, chan: &'a Chan<T>, value: T) -> Self {
        self.specs.send(chan.as_ref(), value);
        self
    }

    /// Does not wait: if no arm is ready the result is [`Selected::Default`], with the number of arms as its index (L4).
    ///
    /// ```
    /// # use orion_rt::{Chan, Select, Selected};
    /// # futures::executor::block_on(async {
    /// let empty = Chan::<u8>::new(1);
    /// assert_eq!(Select::new().recv(&empty).default().wait().await, (1, Selected::Default));
    /// # });
    /// ```
    #[inline]
    pub fn default(mut self) -> Self {
        self.has_default = true;
        self
    }

    /// Takes the first ready arm in the order of the calls, not a random one (L3).
    ///
    /// ```
    /// # use orion_rt::{Chan, Select, Selected};
    /// # futures::executor::block_on(async {
    /// let (urgent, normal) = (Chan::new(1), Chan::new(1));
    /// urgent.try_send(1).unwrap();
    /// normal.try_send(2).unwrap();
    /// let first = Select::new().recv(&urgent).recv(&normal).biased().wait().await;
    /// assert_eq!(first, (0, Selected::Received(Some(1))));
    /// # });
    /// ```
    #[inline]
    pub fn biased(mut self) -> Self {
        self.biased = true;
        self
    }

    /// Waits for an arm.
    ///
    /// Cancel-safe (C6): dropped before it has completed, no arm has communicated, or what was handed to it goes back to
    /// its channel (X5).
    #[inline]
    #[track_caller]
    pub fn wait(self) -> SelectFuture<'a, T> {
        let race = Race::at(self.biased, self.has_default, Location::caller());
        SelectFuture { slots: Slots::new(self.specs), race }
    }
}

impl<T> Default for Select<'_, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Select<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Select");
        out.field("arms", &self.specs.len()).field("biased", &self.biased).field("default", &self.has_default).finish()
    }
}

pin_project! {
    /// The future of [`Select::wait`].
    #[must_use = "a future does nothing unless it is awaited or polled"]
    pub struct SelectFuture<'a, T> {
        // The arms before the race: fields are dropped in this order.
        #[pin]
        slots: Slots<'a, T>,
        #[pin]
        race: Race,
    }
}

impl<T> Arms for Pin<&Slots<'_, T>> {
    #[inline]
    fn len(&self) -> usize {
        Slots::len(self)
    }

    #[inline]
    fn get(&self, index: usize) -> ArmRef<'_> {
        ArmRef::Channel(Slots::port(*self, index))
    }

    #[inline]
    fn furnish(&self) {
        Slots::furnish(*self);
    }
}

impl<T> Future for SelectFuture<'_, T> {
    type Output = (usize, Selected<T>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let slots = this.slots.into_ref();
        match this.race.as_ref().run(cx, &slots, &mut |_, _| Verdict::Out) {
            Poll::Ready(Chosen::Arm(index)) => {
                let selected = match slots.as_ref().finish(index) {
                    Finished::Received(value) => Selected::Received(value),
                    Finished::Sent(sent) => Selected::Sent(sent),
                };
                Poll::Ready((index, selected))
            }
            Poll::Ready(Chosen::Default) => Poll::Ready((slots.len(), Selected::Default)),
            Poll::Pending => Poll::Pending,
            // No arms: for ever (L9).
            Poll::Ready(Chosen::Else) => {
                this.race.note_wait();
                Poll::Pending
            }
        }
    }
}

impl<T> fmt::Debug for SelectFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelectFuture").field("race", &self.race).finish_non_exhaustive()
    }
}

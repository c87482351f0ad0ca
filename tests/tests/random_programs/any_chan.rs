//! A channel of a program as the runtime has it, a `Chan` or a `ScopeChan`, and the counted halves that a script holds.

use std::collections::VecDeque;

use orion_rt::{Chan, ChanInfo, Receiver, ScopeChan, ScopeReceiver, ScopeSender, Sender};
use orion_rt::{RecvFuture, SendFuture, TryRecvError, TrySendError};

/// What every script can reach.
pub(crate) enum AnyChan<'s, T> {
    /// One that lives outside the root, as one handle of both sides.
    Free(&'s Chan<T>),
    /// One of the root, which counts as no half.
    Root(ScopeChan<'s, T>),
}

impl<T> Clone for AnyChan<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for AnyChan<'_, T> {}

impl<'s, T> AnyChan<'s, T> {
    pub(crate) fn free(self) -> Option<&'s Chan<T>> {
        if let Self::Free(chan) = self { Some(chan) } else { None }
    }

    pub(crate) fn root(self) -> Option<ScopeChan<'s, T>> {
        if let Self::Root(chan) = self { Some(chan) } else { None }
    }

    pub(crate) fn close(self) -> bool {
        match self {
            Self::Free(chan) => chan.close(),
            Self::Root(chan) => chan.close(),
        }
    }

    pub(crate) fn inspect(self) -> ChanInfo {
        match self {
            Self::Free(chan) => chan.inspect(),
            Self::Root(chan) => chan.inspect(),
        }
    }
}

enum SendHalf<'s, T> {
    Free(Sender<T>),
    Root(ScopeSender<'s, T>),
}

enum RecvHalf<'s, T> {
    Free(Receiver<T>),
    Root(ScopeReceiver<'s, T>),
}

/// The halves a script holds, with the numbers of their channels, oldest first. It sends and receives through the oldest of the
/// channel, and where it holds none through the channel itself. At its end they go in the order of the fields.
pub(crate) struct Held<'s, T> {
    receivers: VecDeque<(usize, RecvHalf<'s, T>)>,
    senders: VecDeque<(usize, SendHalf<'s, T>)>,
}

/// Makes a call with the half that was found, or else with the channel.
macro_rules! with {
    ($half:expr, $of:ident, $chan:expr, $handle:ident => $call:expr) => {
        match ($half, $chan) {
            (Some($of::Free($handle)), _) => $call,
            (Some($of::Root($handle)), _) => $call,
            (None, AnyChan::Free($handle)) => $call,
            (None, AnyChan::Root($handle)) => $call,
        }
    };
}

impl<'s, T> Held<'s, T> {
    pub(crate) const fn new() -> Self {
        Self { receivers: VecDeque::new(), senders: VecDeque::new() }
    }

    /// Takes two more halves of channel `number`.
    pub(crate) fn split(&mut self, number: usize, chan: AnyChan<'s, T>) {
        let (sender, receiver) = match chan {
            AnyChan::Free(chan) => {
                let (sender, receiver) = chan.clone().split();
                (SendHalf::Free(sender), RecvHalf::Free(receiver))
            }
            AnyChan::Root(chan) => {
                let (sender, receiver) = chan.split();
                (SendHalf::Root(sender), RecvHalf::Root(receiver))
            }
        };
        self.senders.push_back((number, sender));
        self.receivers.push_back((number, receiver));
    }

    /// Drops the oldest sending half. `false`: there is none.
    pub(crate) fn drop_sender(&mut self) -> bool {
        self.senders.pop_front().is_some()
    }

    /// The same with a receiving half.
    pub(crate) fn drop_receiver(&mut self) -> bool {
        self.receivers.pop_front().is_some()
    }

    fn sender(&self, number: usize) -> Option<&SendHalf<'s, T>> {
        self.senders.iter().find(|half| half.0 == number).map(|half| &half.1)
    }

    fn receiver(&self, number: usize) -> Option<&RecvHalf<'s, T>> {
        self.receivers.iter().find(|half| half.0 == number).map(|half| &half.1)
    }

    pub(crate) fn send(&self, number: usize, chan: AnyChan<'s, T>, value: T) -> SendFuture<'_, T> {
        with!(self.sender(number), SendHalf, chan, handle => handle.send(value))
    }

    pub(crate) fn try_send(&self, number: usize, chan: AnyChan<'s, T>, value: T) -> Result<(), TrySendError<T>> {
        with!(self.sender(number), SendHalf, chan, handle => handle.try_send(value))
    }

    pub(crate) fn recv(&self, number: usize, chan: AnyChan<'s, T>) -> RecvFuture<'_, T> {
        with!(self.receiver(number), RecvHalf, chan, handle => handle.recv())
    }

    pub(crate) fn try_recv(&self, number: usize, chan: AnyChan<'s, T>) -> Result<T, TryRecvError> {
        with!(self.receiver(number), RecvHalf, chan, handle => handle.try_recv())
    }
}

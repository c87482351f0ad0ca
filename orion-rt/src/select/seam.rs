//! What `select!` expands to: the operand traits, constructors of arms, and the race.
//!
//! Not for direct use: it is public because macros expand in other crates, and may change with them. It is sound all the
//! same, whatever is done with it.

#![forbid(unsafe_code)]

use crate::chan::arm::Op;
use crate::chan::{Chan, ChanRef, Receiver, ScopeChan, ScopeReceiver, ScopeSender, SendError, Sender};
use std::pin::Pin;

pub use super::arms::{ArmRef, Chosen, Verdict};
pub use super::operand::{Expected, FutureOperand, expected, future_operand, send_value};
pub use super::race::Race;
pub use crate::chan::arm::{Port, RecvArm, SendArm};

/// What a `select!` can receive from: `Chan`, `Receiver`, those of a scope, and references to them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a channel that can be received from",
    label = "not a channel to receive from",
    note = "`<-` takes a `Chan`, `Receiver`, `ScopeChan` or `ScopeReceiver`, or a reference to one; a future is awaited with `pattern = future`"
)]
pub trait Receives {
    /// What it carries.
    type Item;

    /// The channel.
    fn core(&self) -> &ChanRef<Self::Item>;
}

/// What a `select!` can send to: `Chan`, `Sender`, those of a scope, and references to them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a channel that can be sent to",
    label = "not a channel to send to",
    note = "`channel <- value` takes a `Chan`, `Sender`, `ScopeChan` or `ScopeSender`, or a reference to one"
)]
pub trait Sends {
    /// What it carries.
    type Item;

    /// The channel.
    fn core(&self) -> &ChanRef<Self::Item>;
}

macro_rules! operand {
    ($([$($generics:tt)*] $role:ident for $handle:ty),* $(,)?) => {$(
        // The note of the trait lists the types better than the compiler does.
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $role for $handle {
            type Item = T;

            fn core(&self) -> &ChanRef<T> {
                self.as_ref()
            }
        }
    )*};
}
operand!(
    [T] Receives for Chan<T>,
    [T] Receives for Receiver<T>,
    [T] Receives for ScopeChan<'_, T>,
    [T] Receives for ScopeReceiver<'_, T>,
    [T] Sends for Chan<T>,
    [T] Sends for Sender<T>,
    [T] Sends for ScopeChan<'_, T>,
    [T] Sends for ScopeSender<'_, T>,
);

macro_rules! through_references {
    ($($role:ident for $reference:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<C: $role + ?Sized> $role for $reference {
            type Item = C::Item;

            fn core(&self) -> &ChanRef<C::Item> {
                (**self).core()
            }
        }
    )*};
}
through_references!(Receives for &C, Receives for &mut C, Sends for &C, Sends for &mut C);

/// `v = <-chan`
pub fn recv_arm<'a, C: Receives + ?Sized>(chan: &'a C) -> RecvArm<'a, C::Item> {
    RecvArm::new(chan.core(), Op::Recv)
}

/// `Some(v) = <-chan`
pub fn recv_some_arm<'a, C: Receives + ?Sized>(chan: &'a C) -> RecvArm<'a, C::Item> {
    RecvArm::new(chan.core(), Op::RecvSome)
}

/// `chan <- value`
pub fn send_arm<'a, C: Sends + ?Sized>(chan: &'a C, value: C::Item) -> SendArm<'a, C::Item> {
    SendArm::new(chan.core(), value)
}

/// `chan <- take slot`; `None`: the slot is empty, the arm disabled.
pub fn take_arm<'a, C: Sends + ?Sized>(chan: &'a C, slot: &'a mut Option<C::Item>) -> Option<SendArm<'a, C::Item>> {
    SendArm::take(chan.core(), slot)
}

impl<T> RecvArm<'_, T> {
    /// What the race sees of it.
    pub fn arm(self: Pin<&mut Self>) -> ArmRef<'_> {
        ArmRef::Channel(self.into_ref().port())
    }
}

impl<T> SendArm<'_, T> {
    /// What the race sees of it.
    pub fn arm(self: Pin<&mut Self>) -> ArmRef<'_> {
        ArmRef::Channel(self.into_ref().port())
    }
}

/// A send arm without a result has found its channel closed: panics, as Go does.
#[cold]
#[track_caller]
pub fn send_on_closed<T>(error: SendError<T>) -> ! {
    drop(error);
    panic!("send on closed channel");
}

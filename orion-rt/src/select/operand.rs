//! What `select!` asks of its operands: that the value sent has the channel's type, that a future arm is a future.
//!
//! Both are plain functions so that a wrong operand is refused at its own token, with the channel named, and so that a
//! value is coerced (`Box::new(..)` to `Box<dyn Trait>`) as it is in a call of `send`.

use std::future::IntoFuture;
use std::marker::PhantomData;

use super::seam::Sends;

/// The type of a channel's values, without a value.
pub struct Expected<T>(PhantomData<T>);

/// What `chan` carries.
pub fn expected<C: Sends + ?Sized>(chan: &C) -> Expected<C::Item> {
    let _ = chan;
    Expected(PhantomData)
}

/// `value`, checked and coerced as a value of the expected type.
pub fn send_value<T>(expected: Expected<T>, value: T) -> T {
    let _ = expected;
    value
}

/// The operand of a future arm: whatever `.await` takes, with the future it gives. A trait of its own to say what the arrow would
/// have made of an operand that is none; `Fut` is a parameter, because of a projection the compiler would report what is behind it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a future",
    label = "not a future",
    note = "`pattern = future` awaits; to receive from a channel write `pattern = <-channel`, to send to it `channel <- value`",
    note = "a task's handle in a loop: `_ = handle.finished()`, and after it `handle.join()`"
)]
pub trait FutureOperand<Fut> {
    /// Turns the operand into the future that the arm polls.
    fn into_operand(self) -> Fut;
}

// The note of the trait says more than that `IntoFuture` is not implemented.
#[diagnostic::do_not_recommend]
impl<F: IntoFuture<IntoFuture = Fut>, Fut: Future> FutureOperand<Fut> for F {
    fn into_operand(self) -> Fut {
        self.into_future()
    }
}

/// The future of a future arm.
pub fn future_operand<F: FutureOperand<Fut>, Fut>(operand: F) -> Fut {
    operand.into_operand()
}

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

/// The operand of a future arm: whatever `.await` takes. A trait of its own so that an operand that is none is reported
/// once: the compiler does not look for errors behind a projection that has failed.
pub trait FutureOperand {
    /// The future that the arm polls.
    type Future: Future;

    /// Turns the operand into that future.
    fn into_operand(self) -> Self::Future;
}

impl<F: IntoFuture> FutureOperand for F {
    type Future = F::IntoFuture;

    fn into_operand(self) -> F::IntoFuture {
        self.into_future()
    }
}

/// The future of a future arm.
pub fn future_operand<F: FutureOperand>(operand: F) -> F::Future {
    operand.into_operand()
}

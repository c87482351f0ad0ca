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

/// The future of a future arm.
pub fn future_operand<F: IntoFuture>(operand: F) -> F::IntoFuture {
    operand.into_future()
}

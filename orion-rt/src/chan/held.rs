//! What a stream or a sink has of its channel: a counted half, or nothing that would have to be given up.
//!
//! Invariant: a `Held` made by `half` or `scope_half` owns one count of its side, which it gives up when it is dropped.

use super::core::{Core, Side};
use std::ptr::NonNull;

pub(super) struct Held(What);

enum What {
    Nothing,
    Half(NonNull<Core>, Side),
    ScopeHalf(NonNull<Core>, Side),
}

// SAFETY: giving up a half may drop values of the channel; whoever has a `Held` has a future of the channel too, which is
// `Send` only if they are.
unsafe impl Send for Held {}

impl Held {
    /// The channel is borrowed, or lives as long as its scope.
    pub(super) const NONE: Self = Self(What::Nothing);

    /// A counted half.
    ///
    /// # Safety
    /// The half is counted and passes over.
    pub(super) unsafe fn half(core: NonNull<Core>, side: Side) -> Self {
        Self(What::Half(core, side))
    }

    /// A counted half of a channel that belongs to a root.
    ///
    /// # Safety
    /// As `half`, and it is dropped before the root has ended.
    pub(super) unsafe fn scope_half(core: NonNull<Core>, side: Side) -> Self {
        Self(What::ScopeHalf(core, side))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        match self.0 {
            What::Nothing => {}
            // SAFETY: counted until here.
            What::Half(core, side) => unsafe { Core::release(core, side) },
            What::ScopeHalf(core, side) => {
                // SAFETY: the root has not ended, so the core is alive.
                unsafe { core.as_ref() }.leave(side);
            }
        }
    }
}

//! Keeping a user's panic inside: destructors and wakers that run where nothing may unwind (P3).

use std::any::Any;

/// Runs `f`, which may run a user's destructor or waker where no panic may pass. The panic hook has seen whatever happens;
/// the payload is dropped unless its own destructor panics too.
pub(crate) fn contained(f: impl FnOnce()) {
    if let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) {
        discard(payload);
    }
}

/// As [`contained`], for a function that gives something when it does not panic.
pub(crate) fn contained_value<T>(f: impl FnOnce() -> Option<T>) -> Option<T> {
    let mut value = None;
    contained(|| value = f());
    value
}

/// Drops a payload nobody will raise.
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(payload))) {
        // A payload that panics while it is dropped cannot be dropped: leaking it is all that is left (P3).
        std::mem::forget(second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // P3: a payload whose destructor panics does not get out.
    #[test]
    fn a_payload_that_panics_in_drop_is_contained() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                std::panic::panic_any(7);
            }
        }
        contained(|| std::panic::panic_any(Bomb));
    }
}

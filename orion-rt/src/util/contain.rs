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

/// The first panic of several pieces of user code that all have to run (P3).
#[derive(Debug, Default)]
#[must_use = "a panic is resumed in the caller of the operation, or discarded where nothing may unwind"]
pub(crate) struct FirstPanic(Option<Box<dyn Any + Send>>);

impl FirstPanic {
    /// Runs `f`; keeps its panic if it is the first.
    pub(crate) fn catch(&mut self, f: impl FnOnce()) {
        if let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) {
            match self.0 {
                None => self.0 = Some(payload),
                Some(_) => discard(payload),
            }
        }
    }

    /// Goes on with the panic, if there was one; in a thread that unwinds already it is discarded.
    pub(crate) fn resume(self) {
        match self.0 {
            Some(payload) if !std::thread::panicking() => std::panic::resume_unwind(payload),
            Some(payload) => discard(payload),
            None => {}
        }
    }

    /// Drops it: where this is called nothing may unwind.
    pub(crate) fn discard(self) {
        if let Some(payload) = self.0 {
            discard(payload);
        }
    }
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

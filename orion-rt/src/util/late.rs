//! A box that is made when it is first needed, and then stays: one word while it is not there.
//!
//! ```text
//!   maker                          whoever raises a flag that concerns what is inside
//!   get_or_make: the box is there  raise the flag
//!   look at the flag               get_after_flag: the box?
//!                                  at least one of the two looks finds what the other side has done
//! ```
//!
//! Invariants
//! 1. The pointer is null, or that of a box made by `get_or_make`, freed by `drop` only.
//! 2. `get_or_make` and `get_after_flag` are read-modify-writes of the same word. If the look comes first, the maker acquires
//!    what was released with it, the flag; else the look finds the box.
//!
//! Rejected: `OnceLock` (two words, and a plain load cannot give (2) without a fence on each side).

use crate::sys::atomic::{AtomicPtr, Ordering};

/// See the module.
#[derive(Debug)]
pub(crate) struct Late<T>(AtomicPtr<T>, std::marker::PhantomData<Box<T>>);

impl<T> Late<T> {
    pub(crate) fn new() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()), std::marker::PhantomData)
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        // SAFETY: (1).
        unsafe { self.0.load(Ordering::Acquire).as_ref() }
    }

    /// As [`get`](Self::get), for who has just raised a flag: who makes the box later sees it (2).
    pub(crate) fn get_after_flag(&self) -> Option<&T> {
        let null = std::ptr::null_mut();
        let there =
            self.0.compare_exchange(null, null, Ordering::AcqRel, Ordering::Acquire).unwrap_or_else(|there| there);
        // SAFETY: (1).
        unsafe { there.as_ref() }
    }

    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(there) = self.get() {
            return there;
        }
        let fresh = Box::into_raw(Box::new(make()));
        let null = std::ptr::null_mut();
        let there = match self.0.compare_exchange(null, fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => fresh,
            Err(there) => {
                // SAFETY: made above, and nobody else has seen it.
                drop(unsafe { Box::from_raw(fresh) });
                there
            }
        };
        // SAFETY: (1).
        unsafe { &*there }
    }
}

impl<T> Drop for Late<T> {
    fn drop(&mut self) {
        let there = self.0.load(Ordering::Relaxed);
        if !there.is_null() {
            // SAFETY: (1).
            drop(unsafe { Box::from_raw(there) });
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn it_is_made_once_and_dropped_once() {
        let value = Rc::new(());
        let late = Late::new();
        assert!(late.get().is_none() && late.get_after_flag().is_none());
        let first: *const Rc<()> = late.get_or_make(|| value.clone());
        let second: *const Rc<()> = late.get_or_make(|| unreachable!());
        assert_eq!(first, second);
        assert!(late.get().is_some() && late.get_after_flag().is_some());
        drop(late);
        assert_eq!(Rc::strong_count(&value), 1);
    }
}

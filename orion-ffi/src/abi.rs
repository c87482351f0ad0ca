//! The plain data of the C ABI: status codes, opaque types and the layout of a frame's header.
//!
//! ```text
//!   frame:  +0 resume   null once at the final suspend
//!           +8 destroy  frees the frame
//!           16 rounded up to the promise's alignment: the promise
//! ```
//!
//! Invariants
//! 1. Nothing here is dereferenced without its caller's word: the functions are `unsafe` and say what they need.
//! 2. A status code never changes its number.

use std::ffi::c_void;
use std::ptr::NonNull;

/// The operation is complete.
pub const ORION_OK: i32 = 0;
/// The operation waits: suspend, and ask `orion_op_status` after the resumption.
pub const ORION_PENDING: i32 = 1;
/// The channel is closed (and, for a receive, drained).
pub const ORION_CLOSED: i32 = 2;
/// The task or scope was cancelled.
pub const ORION_CANCELLED: i32 = 3;
/// Nothing to receive now.
pub const ORION_EMPTY: i32 = 4;
/// No room to send now.
pub const ORION_FULL: i32 = 5;
/// The time is over.
pub const ORION_ELAPSED: i32 = 6;
/// A null, stale or foreign handle, a bad argument, or a call that is not allowed here.
pub const ORION_INVALID: i32 = 7;
/// The task has panicked.
pub const ORION_PANICKED: i32 = 8;
/// The operation can never complete.
pub const ORION_DEADLOCK: i32 = 9;

/// A channel, as a counted handle. Only `orion_` functions can look behind it.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Debug)]
pub struct orion_chan {
    _opaque: [u8; 0],
}

/// The version of this ABI: it stays while the ABI only grows.
#[unsafe(no_mangle)]
pub extern "C" fn orion_abi_version() -> u32 {
    1
}

/// A frame's entry point: `resume` or `destroy`.
pub(crate) type Entry = unsafe extern "C" fn(*mut c_void);

/// The two words every frame starts with.
#[repr(C)]
struct Header {
    resume: Option<Entry>,
    destroy: Entry,
}

/// How far behind a frame's start the header ends.
const PROMISE: usize = 16;

/// A frame nobody has looked into: the address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FramePtr(NonNull<c_void>);

impl FramePtr {
    /// `None`: null, or not aligned as a pointer has to be.
    pub(crate) fn new(frame: *mut c_void) -> Option<Self> {
        let frame = NonNull::new(frame)?;
        frame.cast::<Header>().is_aligned().then_some(Self(frame))
    }

    pub(crate) fn address(self) -> usize {
        self.0.as_ptr().addr()
    }

    pub(crate) fn as_ptr(self) -> *mut c_void {
        self.0.as_ptr()
    }

    /// The entry for the next resume; `None` at the final suspend.
    ///
    /// # Safety
    /// The frame exists, and no thread runs it.
    pub(crate) unsafe fn resume_entry(self) -> Option<Entry> {
        // SAFETY: (1) a live frame starts with a header, and nobody writes it while no thread runs the frame.
        unsafe { (*self.0.as_ptr().cast::<Header>()).resume }
    }

    /// Frees the frame, at any of its suspension points.
    ///
    /// # Safety
    /// The frame exists, is suspended and nobody's any more.
    pub(crate) unsafe fn destroy(self) {
        // SAFETY: (1) a live frame starts with a header.
        let destroy = unsafe { (*self.0.as_ptr().cast::<Header>()).destroy };
        // SAFETY: (1) `destroy` expects exactly this: its own suspended frame, once.
        unsafe { destroy(self.0.as_ptr()) }
    }

    /// Where a promise of type `T` lies.
    pub(crate) fn promise<T>(self) -> *const T {
        let offset = PROMISE.next_multiple_of(align_of::<T>());
        self.0.as_ptr().wrapping_byte_add(offset).cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_misaligned_pointers_are_no_frames() {
        assert_eq!(FramePtr::new(std::ptr::null_mut()), None);
        assert_eq!(FramePtr::new(std::ptr::without_provenance_mut(12)), None);
        assert!(FramePtr::new(std::ptr::without_provenance_mut(16)).is_some());
    }

    #[test]
    fn the_promise_follows_the_header_at_its_own_alignment() {
        #[repr(align(64))]
        struct Wide;
        let frame = FramePtr::new(std::ptr::without_provenance_mut(4096)).unwrap();
        assert_eq!(frame.promise::<u8>().addr(), 4096 + 16);
        assert_eq!(frame.promise::<u64>().addr(), 4096 + 16);
        assert_eq!(frame.promise::<Wide>().addr(), 4096 + 64);
    }
}

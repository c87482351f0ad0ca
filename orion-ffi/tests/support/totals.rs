//! The frame of `ll/totals.ll` as a Rust future: it receives the sizes of files and folds them into running totals.
//!
//! ```text
//!   Chan<u64> --share--> orion_totals_frame (LLVM coroutine) --promise--> Totals
//! ```
//!
//! On Linux the machine code is what LLVM made of `totals.ll`, assembled by the Rust compiler itself; elsewhere (and
//! under Miri) a frame of the same layout is written by hand below, so that no target needs more than Rust.

use orion_ffi::{Frame, orion_chan};
use orion_rt::Chan;

/// What the frame has counted: its promise.
#[repr(C, align(16))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// How many files were received.
    pub(crate) files: u64,
    /// The sum of their sizes.
    pub(crate) bytes: u64,
}

/// A coroutine that counts what arrives on `sizes` until that channel is closed and drained.
pub(crate) fn totals(sizes: &Chan<u64>) -> Frame<Totals> {
    // SAFETY: the handle is one of a channel of `u64`, and the frame takes over the reference `share` counted.
    let frame = unsafe { orion_totals_frame(orion_ffi::share(sizes)) };
    // SAFETY: the ramp gives a suspended frame nobody else knows, whose promise is a `Totals` aligned to 16, and which
    // may be resumed from any thread.
    unsafe { Frame::from_raw(frame) }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64", not(miri)))]
core::arch::global_asm!(include_str!("../ll/totals.x86_64.s"), options(att_syntax, raw));
#[cfg(all(target_os = "linux", target_arch = "aarch64", not(miri)))]
core::arch::global_asm!(include_str!("../ll/totals.aarch64.s"), options(raw));

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
unsafe extern "C" {
    fn orion_totals_frame(sizes: *mut orion_chan) -> *mut core::ffi::c_void;
}
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
use by_hand::orion_totals_frame;

/// The same coroutine for targets without assembly of their own.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
mod by_hand {
    use super::Totals;
    use core::ffi::c_void;
    use orion_ffi::{ORION_OK, ORION_PENDING, orion_chan, orion_chan_recv, orion_chan_release, orion_op_status};

    #[repr(C)]
    struct State {
        resume: Option<unsafe extern "C" fn(*mut State)>,
        destroy: unsafe extern "C" fn(*mut State),
        promise: Totals,
        value: u64,
        sizes: *mut orion_chan,
        parked: bool,
    }

    pub(super) unsafe fn orion_totals_frame(sizes: *mut orion_chan) -> *mut c_void {
        let promise = Totals::default();
        Box::into_raw(Box::new(State { resume: Some(resume), destroy, promise, value: 0, sizes, parked: false })).cast()
    }

    unsafe extern "C" fn resume(frame: *mut State) {
        // SAFETY: whoever resumes a frame has it to itself until this function returns.
        let state = unsafe { &mut *frame };
        let out = (&raw mut state.value).cast::<c_void>();
        loop {
            let status = if core::mem::take(&mut state.parked) {
                orion_op_status()
            } else {
                // SAFETY: `out` points into the frame, which outlives the wait, and is a `u64` as the channel's elements.
                unsafe { orion_chan_recv(state.sizes, out) }
            };
            match status {
                ORION_OK => {
                    state.promise.files += 1;
                    state.promise.bytes += state.value;
                }
                ORION_PENDING => {
                    state.parked = true;
                    return;
                }
                _ => {
                    state.resume = None;
                    return;
                }
            }
        }
    }

    unsafe extern "C" fn destroy(frame: *mut State) {
        // SAFETY: the frame came from `Box::into_raw` and is destroyed once.
        let state = unsafe { Box::from_raw(frame) };
        orion_chan_release(state.sizes);
    }
}

//! One channel, two languages: `Chan<T>` as `orion_chan*` and back (E4).

use crate::abi::orion_chan;
use crate::chan::{CHANNELS, look_up};
use orion_rt::__ffi::RawChan;
use orion_rt::Chan;

/// A handle by which C, C++ and frames use `chan`, with one reference: `orion_chan_release` gives it up.
///
/// It is the same channel: values, waiting tasks and `close` are seen on both sides. The handle counts as a sender and as a
/// receiver, so while it is held the channel does not close by itself; end a frame that receives by `close`.
///
/// # Examples
///
/// ```
/// use orion_ffi::{ORION_OK, orion_chan_release, orion_chan_send, share};
/// use orion_rt::Chan;
///
/// let chan = Chan::<u64>::new(1);
/// let handle = share(&chan);
/// let value = 7u64;
/// // SAFETY: the channel's elements are `u64`, and there is room.
/// assert_eq!(unsafe { orion_chan_send(handle, (&raw const value).cast()) }, ORION_OK);
/// assert_eq!(chan.try_recv(), Ok(7));
/// orion_chan_release(handle);
/// ```
#[must_use = "the handle holds a reference until `orion_chan_release`"]
pub fn share<T: Copy + Send + 'static>(chan: &Chan<T>) -> *mut orion_chan {
    CHANNELS.insert(RawChan::from_chan(chan)).cast()
}

/// The channel behind `chan` as one of `T`: one more handle of it; the reference of `chan` stays the caller's.
///
/// # Panics
///
/// If `chan` is no valid handle, or its elements have another size or alignment than `T`. See [`try_adopt`].
///
/// # Safety
///
/// Every value sent on the channel is a valid `T`, and dropping a `T` does what the channel's `drop_elem` does.
///
/// # Examples
///
/// ```
/// use orion_ffi::{adopt, share};
/// use orion_rt::Chan;
///
/// let chan = Chan::<u64>::new(0);
/// let handle = share(&chan);
/// // SAFETY: it is a channel of `u64`.
/// let again = unsafe { adopt::<u64>(handle) };
/// assert!(again.same_channel(&chan));
/// # orion_ffi::orion_chan_release(handle);
/// ```
#[must_use]
pub unsafe fn adopt<T: Send + 'static>(chan: *mut orion_chan) -> Chan<T> {
    // SAFETY: passed on.
    match unsafe { try_adopt(chan) } {
        Some(chan) => chan,
        None => panic!("adopt: no handle of a channel of {} bytes aligned to {}", size_of::<T>(), align_of::<T>()),
    }
}

/// As [`adopt`]; `None`: `chan` is no valid handle, or its elements have another size or alignment than `T`.
///
/// # Safety
///
/// As for [`adopt`].
#[must_use]
pub unsafe fn try_adopt<T: Send + 'static>(chan: *mut orion_chan) -> Option<Chan<T>> {
    let chan = look_up(chan)?;
    // SAFETY: the layout is compared, the rest is promised by the caller.
    unsafe { chan.into_chan() }.ok()
}

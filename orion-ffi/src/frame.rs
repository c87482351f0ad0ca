//! A coroutine frame as a Rust future.

use crate::abi::FramePtr;
use crate::coroutine::Coroutine;
use std::ffi::c_void;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A coroutine of another language (LLVM switched-resume, C++20) as a future that gives the frame's promise.
///
/// Spawn it like any other future: it has a name, is cancelled, and shows up in dumps as Rust tasks do (F5). Polling
/// resumes the frame. A frame that suspends with nothing arranged has yielded and goes behind the tasks that can run (F3);
/// one that has called an operation of `orion.h` which answered `ORION_PENDING` waits for that operation (E1). When the
/// frame is at its final suspend its promise is read, the frame is destroyed, and the future is ready.
///
/// Cancel safety: dropping an unfinished frame destroys it, which runs its own clean-up. The one exception is a frame
/// whose code is in the middle of a call to `orion_scheduler_run_until` or `orion_scheduler_run`: it is at no suspension
/// point, so it never runs again and its memory is not freed.
///
/// # Examples
///
/// A frame is two function pointers and a promise; here one is made by hand.
///
/// ```
/// use orion_ffi::Frame;
/// use std::ffi::c_void;
///
/// #[repr(C)]
/// struct Answer {
///     resume: Option<unsafe extern "C" fn(*mut c_void)>,
///     destroy: unsafe extern "C" fn(*mut c_void),
///     promise: u64,
/// }
/// unsafe extern "C" fn resume(frame: *mut c_void) {
///     let frame = frame.cast::<Answer>();
///     unsafe { (*frame).promise = 42 };
///     unsafe { (*frame).resume = None };
/// }
/// unsafe extern "C" fn destroy(frame: *mut c_void) {
///     drop(unsafe { Box::from_raw(frame.cast::<Answer>()) });
/// }
///
/// let frame = Box::into_raw(Box::new(Answer { resume: Some(resume), destroy, promise: 0 }));
/// // SAFETY: a suspended frame of the promised layout that nobody else uses.
/// let frame = unsafe { Frame::<u64>::from_raw(frame.cast()) };
/// let answer = orion_rt::run(async |s| s.spawn(frame).join().await.unwrap());
/// assert_eq!(answer, 42);
/// ```
#[must_use = "a frame does nothing until it is polled or spawned"]
pub struct Frame<T> {
    coroutine: Coroutine,
    // `Send` if the frame's result is: the coroutine itself may move (F4).
    promise: PhantomData<T>,
}

impl<T> Frame<T> {
    /// Takes over the frame at `frame`.
    ///
    /// # Panics
    ///
    /// If `frame` is null or not aligned as a pointer.
    ///
    /// # Safety
    ///
    /// - `frame` is a frame of the layout of ABI.md, section A: `resume` at +0, `destroy` at +8, the promise at 16 rounded
    ///   up to the alignment of `T`. It is suspended, and nobody else uses or frees it from now on.
    /// - At its final suspend the promise is a valid `T`, which may be moved out before `destroy` is called; `destroy` does
    ///   not drop it again.
    /// - If `T: Send`, then the frame may be resumed and destroyed on any thread; its `resume` and `destroy` do not unwind.
    pub unsafe fn from_raw(frame: *mut c_void) -> Self {
        let frame = FramePtr::new(frame).expect("a frame pointer is neither null nor misaligned");
        // SAFETY: exactly what the caller has promised.
        let coroutine = unsafe { Coroutine::new(frame) };
        Self { coroutine, promise: PhantomData }
    }
}

impl<T> Future for Frame<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let frame = self.coroutine.frame();
        // SAFETY: the coroutine is pinned with its owner.
        let coroutine = unsafe { self.map_unchecked_mut(|this| &mut this.coroutine) };
        if coroutine.poll(cx).is_pending() {
            return Poll::Pending;
        }
        // SAFETY: the frame is at its final suspend, where `from_raw`'s caller promises a `T` that may be moved out.
        let result = unsafe { frame.promise::<T>().read() };
        // SAFETY: a completed coroutine leaves its frame to the poller, which has read what it wanted.
        unsafe { frame.destroy() };
        Poll::Ready(result)
    }
}

impl<T> fmt::Debug for Frame<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("address", &format_args!("{:#x}", self.coroutine.frame().address())).finish()
    }
}

//! Frames made by hand: a closure behind the two function pointers, counted when it is destroyed.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one resume does.
pub(crate) enum Step<T> {
    /// Suspends.
    Suspend,
    /// Goes to the final suspend, with the promise written.
    Finish(T),
}

type Body<T> = Box<dyn FnMut() -> Step<T> + Send>;

#[repr(C)]
struct Memory<T> {
    resume: Option<unsafe extern "C" fn(*mut c_void)>,
    destroy: unsafe extern "C" fn(*mut c_void),
    promise: std::mem::MaybeUninit<T>,
    body: Body<T>,
    destroyed: Arc<AtomicUsize>,
}

/// How often the frame of this counter has been destroyed.
#[derive(Clone, Default)]
pub(crate) struct Destroyed(Arc<AtomicUsize>);

impl Destroyed {
    pub(crate) fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A suspended frame whose every resume calls `body`. `T` is aligned to at most 16, or by its own alignment.
pub(crate) fn frame<T>(destroyed: &Destroyed, body: impl FnMut() -> Step<T> + Send + 'static) -> *mut c_void {
    let memory = Memory {
        resume: Some(resume::<T>),
        destroy: destroy::<T>,
        promise: std::mem::MaybeUninit::uninit(),
        body: Box::new(body),
        destroyed: Arc::clone(&destroyed.0),
    };
    Box::into_raw(Box::new(memory)).cast()
}

unsafe extern "C" fn resume<T>(frame: *mut c_void) {
    // SAFETY: whoever resumes a frame has it to itself until this returns.
    let memory = unsafe { &mut *frame.cast::<Memory<T>>() };
    if let Step::Finish(value) = (memory.body)() {
        memory.promise.write(value);
        memory.resume = None;
    }
}

unsafe extern "C" fn destroy<T>(frame: *mut c_void) {
    // SAFETY: made by `Box::into_raw`, destroyed once. A promise that was written has been moved out.
    let memory = unsafe { Box::from_raw(frame.cast::<Memory<T>>()) };
    memory.destroyed.fetch_add(1, Ordering::SeqCst);
}

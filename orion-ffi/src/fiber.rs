//! Native stacks that frames run on, so that a frame can wait in the middle of a call.
//!
//! `orion_scheduler_run_until` is a plain call: when a frame makes it, what is between the frame's `resume` and the call
//! is on the native stack. So every `resume` runs on a fiber; a call that has to wait leaves the fiber aside, and the
//! worker goes on with other tasks on a fresh one (ABI.md, V3).
//!
//! ```text
//!              run(frame)                      finished
//!   [ idle ] ------------> [ in resume ] -------------------> [ idle ]   kept by the thread, the rest in the pool
//!                             |     ^
//!                    wait()   v     |  run on, perhaps by another thread
//!                          [ waiting ]  owned by the frame's task; dropped: the stack goes, nothing on it runs again
//! ```
//!
//! Invariants
//! 1. A fiber is run by one thread at a time: whoever owns the `Fiber`.
//! 2. When a fiber is not running, its stack holds nothing that needs a destructor: an idle one only the empty loop, a
//!    waiting one the frame's own code and the loop in `wait`, which owns nothing. So a stack may be thrown away.
//! 3. What is on a fiber's stack may continue on another thread. Code that runs there reads a thread-local only through a
//!    function that is not inlined, and not across `Yielder::suspend`.
//! 4. A thread keeps at most one idle fiber, in a thread-local without destructor; a thread other than main frees it at
//!    its end through a second one.
//!
//! Rejected: running the awaited task on the waiter's stack (livelock, unbounded depth); a thread for each blocked join
//! (thousands of them); a stack for each frame (a frame that never joins needs none of its own).

use crate::abi::{Entry, FramePtr};
use crate::diagnose;
use crate::sync::lock;
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::cell::Cell;
use std::convert::Infallible;
use std::ptr;
use std::sync::Mutex;

/// The size of a stack, of which only what is used takes memory. Enough for a frame's own calls, for a formatted print,
/// and for the report of a panic.
const STACK: usize = 256 * 1024;

/// How many idle fibers are kept beside the one of each thread.
const POOLED: usize = 256;

/// What a fiber is told when it is switched to.
#[derive(Clone, Copy)]
enum Command {
    /// Call this entry of this frame; the way back is to be put here.
    Resume(Entry, FramePtr, *const Cell<*const Port>),
    /// Look again at what you wait for.
    Continue,
}

/// Why a fiber has switched back.
#[derive(Clone, Copy)]
enum Event {
    Idle,
    Waits,
}

/// The inner end of a switch: how code that runs on a fiber leaves it.
#[repr(transparent)]
pub(crate) struct Port(Yielder<Command, Event>);

type Stack = Coroutine<Command, Event, Infallible, DefaultStack>;

/// A native stack, idle or with a frame's code waiting on it.
pub(crate) struct Fiber(Option<Box<Stack>>);

// SAFETY: (1), (2), (3): the owner alone runs it, and what is on the stack is the frame's code, which may move (F4).
unsafe impl Send for Fiber {}

/// How a switch to a fiber ended.
pub(crate) enum Switched {
    /// The frame's entry has returned.
    Returned,
    /// The frame's code waits; `Fiber::go_on` continues it.
    Waits(Fiber),
}

/// Calls `entry` of `frame` on a fiber. While it runs, `port` holds its way back.
///
/// # Safety
/// `frame` is suspended, nobody else runs it, `entry` is its `resume`, and `port` stays where it is until the entry has
/// returned or the fiber is dropped.
pub(crate) unsafe fn run(entry: Entry, frame: FramePtr, port: *const Cell<*const Port>) -> Switched {
    if cfg!(miri) {
        // Miri cannot switch stacks; frames that wait in the middle of a call are not for it.
        // SAFETY: promised by the caller.
        unsafe { entry(frame.as_ptr()) };
        return Switched::Returned;
    }
    idle().switch(Command::Resume(entry, frame, port))
}

impl Fiber {
    /// Continues a waiting fiber.
    pub(crate) fn go_on(self) -> Switched {
        self.switch(Command::Continue)
    }

    fn new() -> Self {
        match DefaultStack::new(STACK) {
            Ok(stack) => Self(Some(Box::new(Coroutine::with_stack(stack, serve)))),
            Err(error) => diagnose::exit(format_args!(
                "no stack for a task that waits in a call ({error}); on Linux the limit is vm.max_map_count, two maps each"
            )),
        }
    }

    fn switch(mut self, command: Command) -> Switched {
        let Some(stack) = &mut self.0 else { unreachable!("a fiber without its stack is being dropped") };
        let CoroutineResult::Yield(event) = stack.resume(command);
        match event {
            Event::Waits => Switched::Waits(self),
            Event::Idle => {
                keep(self);
                Switched::Returned
            }
        }
    }
}

impl Drop for Fiber {
    fn drop(&mut self) {
        if let Some(stack) = &mut self.0 {
            // SAFETY: (2) nothing on the stack needs a destructor.
            unsafe { stack.force_reset() };
        }
    }
}

impl Port {
    /// Leaves the fiber aside until its owner goes on with it, perhaps on another thread (3). Called on that fiber.
    pub(crate) fn wait(&self) {
        self.0.suspend(Event::Waits);
    }
}

/// What a fiber does: one job after the other.
fn serve(yielder: &Yielder<Command, Event>, mut command: Command) -> Infallible {
    loop {
        if let Command::Resume(entry, frame, port) = command {
            // SAFETY: `run`'s caller keeps `port` alive; nobody else uses it while this fiber runs.
            unsafe { (*port).set(ptr::from_ref(yielder).cast()) };
            // SAFETY: `run`'s caller has promised that the frame may be resumed, here.
            unsafe { entry(frame.as_ptr()) };
        }
        command = yielder.suspend(Event::Idle);
    }
}

static POOL: Mutex<Vec<Fiber>> = Mutex::new(Vec::new());

thread_local! {
    /// This thread's idle fiber (4).
    static IDLE: Cell<*mut Stack> = const { Cell::new(ptr::null_mut()) };
}

/// The idle fiber of this thread, one of the pool, or a new one.
#[inline(never)]
fn idle() -> Fiber {
    let own = IDLE.replace(ptr::null_mut());
    if own.is_null() {
        return lock(&POOL).pop().unwrap_or_else(Fiber::new);
    }
    // SAFETY: (4) what is in the thread-local came from `Box::into_raw` and is taken out once.
    Fiber(Some(unsafe { Box::from_raw(own) }))
}

/// Keeps an idle fiber for later.
#[inline(never)]
fn keep(mut fiber: Fiber) {
    if IDLE.get().is_null() {
        if let Some(stack) = fiber.0.take() {
            IDLE.set(Box::into_raw(stack));
            thread_end::watch();
        }
        return;
    }
    let mut pool = lock(&POOL);
    if pool.len() < POOLED {
        pool.push(fiber);
    }
}

/// Freeing a thread's idle fiber when the thread ends (4).
mod thread_end {
    use super::{IDLE, idle};
    use std::cell::Cell;

    thread_local! {
        static WATCHED: Cell<bool> = const { Cell::new(false) };
        static END: End = const { End };
    }

    struct End;

    impl Drop for End {
        fn drop(&mut self) {
            if !IDLE.get().is_null() {
                drop(idle());
            }
        }
    }

    /// Makes sure that the end of this thread is noticed, unless it is the main thread.
    pub(super) fn watch() {
        if !WATCHED.replace(true) && !is_main() {
            let _ = END.try_with(|_| ());
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn is_main() -> bool {
        // SAFETY: takes nothing and cannot fail.
        let thread = unsafe { libc::gettid() };
        // SAFETY: as above.
        thread == unsafe { libc::getpid() }
    }

    #[cfg(target_vendor = "apple")]
    fn is_main() -> bool {
        // SAFETY: takes nothing and cannot fail.
        unsafe { libc::pthread_main_np() == 1 }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn is_main() -> bool {
        false
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;
    use std::ffi::c_void;
    use std::thread;

    /// A frame's memory with a way back and a count; its entry waits `waits` times and then returns.
    struct Fake {
        port: Cell<*const Port>,
        waits: usize,
        done: usize,
    }

    unsafe extern "C" fn entry(frame: *mut c_void) {
        let fake = frame.cast::<Fake>();
        // SAFETY: the tests pass a `Fake` that nobody else uses while the entry runs.
        let waits = unsafe { (*fake).waits };
        for _ in 0..waits {
            // SAFETY: as above.
            let port = unsafe { (*fake).port.get() };
            // SAFETY: the port is that of the fiber this runs on.
            unsafe { &*port }.wait();
        }
        // SAFETY: as above.
        unsafe { (*fake).done += 1 };
    }

    fn start(fake: *mut Fake) -> Switched {
        let frame = FramePtr::new(fake.cast()).unwrap();
        // SAFETY: `entry` suits the fake, which outlives its use.
        let port = unsafe { &raw const (*fake).port };
        // SAFETY: as above.
        unsafe { run(entry, frame, port) }
    }

    // V3: a wait leaves the stack aside; the code goes on where it was, on another thread too.
    #[test]
    fn a_waiting_call_continues_on_another_thread() {
        let fake = Box::into_raw(Box::new(Fake { port: Cell::new(ptr::null()), waits: 3, done: 0 }));
        let mut switched = start(fake);
        let mut switches = 0;
        while let Switched::Waits(fiber) = switched {
            switches += 1;
            switched = thread::spawn(move || fiber.go_on()).join().unwrap();
        }
        // SAFETY: the entry has returned, so the box is this test's alone.
        let fake = unsafe { Box::from_raw(fake) };
        assert_eq!((switches, fake.done), (3, 1));
    }

    // V3: thousands wait at once; dropping them gives the stacks back and runs nothing.
    #[test]
    fn thousands_wait_at_once_and_are_thrown_away() {
        let mut fakes: Vec<Fake> =
            (0..2000).map(|_| Fake { port: Cell::new(ptr::null()), waits: 1, done: 0 }).collect();
        let waiting: Vec<Switched> = fakes.iter_mut().map(|fake| start(fake)).collect();
        assert!(waiting.iter().all(|switched| matches!(switched, Switched::Waits(_))));
        drop(waiting);
        assert!(fakes.iter().all(|fake| fake.done == 0));
    }

    #[test]
    fn a_call_that_does_not_wait_reuses_the_threads_fiber() {
        let mut fake = Fake { port: Cell::new(ptr::null()), waits: 0, done: 0 };
        assert!(matches!(start(&mut fake), Switched::Returned));
        let kept = IDLE.get();
        for _ in 0..1000 {
            assert!(matches!(start(&mut fake), Switched::Returned));
            assert_eq!(IDLE.get(), kept);
        }
        assert_eq!(fake.done, 1001);
    }
}

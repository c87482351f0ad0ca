//! The six functions that programs compiled by the Orion compiler call today (ABI.md, section B).
//!
//! Invariants
//! 1. Nothing here unwinds: a panic inside is reported and aborts, because the functions are `extern "C"`.
//! 2. While a frame waits, the stack between its `resume` and the wait holds nothing that needs a destructor (fiber.rs, 2).

use crate::abi::FramePtr;
use crate::runtime::{self, Mode};
use crate::{context, diagnose, wait};
use std::ffi::c_void;

/// Starts the process's runtime. Optional and idempotent: every other function starts it if need be.
///
/// Tasks run on one thread, the one that first calls the scheduler, while that thread waits in a call; with
/// `ORION_WORKERS=n` in the environment they run in parallel on n threads.
#[unsafe(no_mangle)]
pub extern "C" fn orion_scheduler_init() {
    let runtime = runtime::get();
    if let Mode::Local(home) = &runtime.mode {
        home.claim(&runtime);
    }
}

/// Ends the runtime: tasks that are not done are destroyed, threads are joined. A later call starts a new one. To be called
/// by no task, and while no thread waits for one.
#[unsafe(no_mangle)]
pub extern "C" fn orion_scheduler_shutdown() {
    runtime::shutdown();
}

/// Makes a task of `frame`. It runs once the caller waits (or at once, by a worker). Whoever joins it with
/// `orion_scheduler_run_until` reads its result and destroys it.
///
/// A null or misaligned pointer, or a frame that is a task already, is reported and aborts.
///
/// # Safety
///
/// `frame` is a suspended frame that nobody else resumes or frees before it is done, and it may be resumed on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orion_scheduler_spawn(frame: *mut c_void) {
    let frame = checked("orion_scheduler_spawn", frame);
    // SAFETY: promised by the caller.
    unsafe { runtime::of_caller().spawn(frame) };
}

/// Returns when `frame` is done. A task that waits here leaves the worker to others; a thread that waits runs tasks
/// meanwhile or blocks. A frame that was never spawned is run; one that is done already returns at once.
///
/// A null or misaligned pointer, a frame that two wait for at once, and a frame that waits for itself are reported and
/// abort. If nothing can run any more, a report goes to stderr and the process exits with status 2.
///
/// # Safety
///
/// `frame` is a frame that was spawned, or that may be spawned now, and that has not been destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn orion_scheduler_run_until(frame: *mut c_void) {
    let frame = checked("orion_scheduler_run_until", frame);
    let address = frame.address();
    if context::current(|context| context.is_some_and(|context| context.frame == address)) {
        diagnose::abort(format_args!("frame {address:#x} waits for itself (orion_scheduler_run_until)"));
    }
    // SAFETY: promised by the caller.
    unsafe { join(frame) }
}

/// Waits for the tasks that the calling task, or the calling thread, has spawned, directly or not.
///
/// If nothing can run any more, a report goes to stderr and the process exits with status 2.
#[unsafe(no_mangle)]
pub extern "C" fn orion_scheduler_run() {
    wait::for_tasks(runtime::of_caller(), None);
}

/// Lets other tasks run: a task goes behind all that can run now, a thread runs each of them once.
#[unsafe(no_mangle)]
pub extern "C" fn orion_scheduler_yield() {
    if context::current(|context| context.is_some()) {
        return context::yield_on_fiber();
    }
    let Some(runtime) = runtime::started() else { return };
    match &runtime.mode {
        Mode::Local(home) if home.is_owner() => home.turn(&runtime),
        Mode::Local(_) | Mode::Workers(_) => std::thread::yield_now(),
    }
}

/// # Safety
/// As for `orion_scheduler_run_until`.
unsafe fn join(frame: FramePtr) {
    let runtime = runtime::of_caller();
    let task = match runtime.registry.find(frame.address()) {
        Some(task) => task,
        // SAFETY: a frame that is no task is not running.
        None if unsafe { frame.resume_entry() }.is_none() => return,
        // SAFETY: promised by the caller.
        None => unsafe { runtime.spawn(frame) },
    };
    if !task.claim_join() {
        diagnose::abort(format_args!("frame {:#x} is joined by two at once", frame.address()));
    }
    wait::for_tasks(runtime, Some(task));
}

fn checked(function: &str, frame: *mut c_void) -> FramePtr {
    FramePtr::new(frame).unwrap_or_else(|| {
        diagnose::abort(format_args!("{function} was given {frame:p}, which is null or misaligned and no frame"))
    })
}

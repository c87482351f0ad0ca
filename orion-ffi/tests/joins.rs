//! The v1 functions called by frames that run among Rust tasks, and by several threads of one process: V1 to V5.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

#[path = "support/hand.rs"]
mod hand;

use orion_ffi::*;
use orion_rt::{Chan, Runtime, TaskError, yield_now};
use std::ffi::c_void;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(include_str!("ll/frames.x86_64.s"), options(att_syntax, raw));
#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(include_str!("ll/frames.aarch64.s"), options(raw));

unsafe extern "C" {
    fn frame_square(n: i64, yields: i64) -> *mut c_void;
    fn frame_nest(depth: i64) -> *mut c_void;
    fn frame_spread(n: i64, counter: *const AtomicI64) -> *mut c_void;
    fn frame_join(other: *const *mut c_void) -> *mut c_void;
    fn frame_first(chan: *mut orion_chan) -> *mut c_void;
}

fn make(frame: *mut c_void) -> Frame<i64> {
    // SAFETY: the ramps of `frames.ll` give suspended frames with an `i64` as promise.
    unsafe { Frame::from_raw(frame) }
}

fn nest(depth: i64) -> Frame<i64> {
    // SAFETY: a ramp takes anything.
    make(unsafe { frame_nest(depth) })
}

// V3, F5: a frame among Rust tasks joins frames of its own; they run on the same scheduler, and the others go on.
#[test]
fn a_frame_in_a_root_joins_frames_of_its_own() {
    let turns = orion_rt::run(async |s| {
        let deep = s.spawn(nest(1000));
        let turns = s.spawn(async {
            let mut turns = 0;
            while turns < 500 {
                turns += 1;
                yield_now().await;
            }
            turns
        });
        assert_eq!(deep.join().await.unwrap(), 1000);
        turns.join().await.unwrap()
    });
    assert_eq!(turns, 500);
}

// V2, V3: the same on workers, and `run` inside a task waits for that task's own.
#[test]
fn frames_on_workers_join_and_spread() {
    static COUNTER: AtomicI64 = AtomicI64::new(0);
    COUNTER.store(0, Ordering::SeqCst);
    let runtime = Runtime::builder().workers(4).build().unwrap();
    runtime.run(async |s| {
        let deep: Vec<_> = (0..10).map(|_| s.spawn(nest(100))).collect();
        // SAFETY: the counter is a static.
        let spread = s.spawn(make(unsafe { frame_spread(2000, &raw const COUNTER) }));
        for deep in deep {
            assert_eq!(deep.join().await.unwrap(), 100);
        }
        assert_eq!(spread.join().await.unwrap(), 2000);
    });
    assert_eq!(COUNTER.load(Ordering::SeqCst), 2000);
}

// X1: a frame that waits in the middle of a call is given up, its stack is thrown away, and what it waited for lives on.
#[test]
fn a_frame_cancelled_in_a_join_never_runs_again() {
    orion_tests::leaks_on_purpose("its memory is left alone, as it is at no suspension point");
    orion_rt::run(async |s| {
        let chan = Chan::<u64>::new(0);
        let handle = share(&chan);
        // SAFETY: a ramp takes anything.
        let awaited = unsafe { frame_first(handle) };
        let place = Box::leak(Box::new(awaited));
        // SAFETY: the place is leaked.
        let joiner = s.spawn(make(unsafe { frame_join(place) }));
        while chan.inspect().receivers_waiting == 0 {
            yield_now().await;
        }
        joiner.cancel();
        assert!(matches!(joiner.join().await, Err(TaskError::Cancelled)));
        assert_eq!(chan.inspect().receivers_waiting, 1);
        chan.send(3).await.unwrap();
        assert_eq!(orion_chan_release(handle), ORION_OK);
    });
}

/// The process's own runtime belongs to one test at a time.
static PROCESS: Mutex<()> = Mutex::new(());

fn result_of(frame: *mut c_void) -> i64 {
    // SAFETY: a finished frame of `frames.ll` has its promise, an `i64`, at +16.
    unsafe { frame.cast::<i64>().wrapping_add(2).read() }
}

fn destroy(frame: *mut c_void) {
    // SAFETY: a frame has its `destroy` at +8.
    let destroy = unsafe { frame.cast::<unsafe extern "C" fn(*mut c_void)>().wrapping_add(1).read() };
    // SAFETY: it is finished and nobody else's.
    unsafe { destroy(frame) }
}

// V1, E3: the thread that was first runs the tasks; others spawn, join and send, and block meanwhile.
#[test]
fn several_threads_use_one_runtime() {
    let _alone = PROCESS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    orion_scheduler_init();
    let chan = Chan::<u64>::new(0);
    let handle = share(&chan);
    // SAFETY: a ramp takes anything.
    let first = unsafe { frame_first(handle) };
    // SAFETY: suspended, and the process's from now on.
    unsafe { orion_scheduler_spawn(first) };
    let other = std::thread::spawn({
        let handle = handle as usize;
        move || {
            // SAFETY: a ramp takes anything.
            let square = unsafe { frame_square(12, 5) };
            // SAFETY: suspended, and the process's from now on.
            unsafe { orion_scheduler_spawn(square) };
            // SAFETY: it was spawned.
            unsafe { orion_scheduler_run_until(square) };
            let value = result_of(square) as u64;
            destroy(square);
            // SAFETY: a `u64`, valid until the call returns.
            unsafe { orion_chan_send(handle as *mut orion_chan, (&raw const value).cast()) }
        }
    });
    // SAFETY: it was spawned.
    unsafe { orion_scheduler_run_until(first) };
    assert_eq!(result_of(first), 144);
    destroy(first);
    assert_eq!(other.join().unwrap(), ORION_OK);
    assert_eq!(orion_chan_release(handle), ORION_OK);
    orion_scheduler_shutdown();
}

/// A frame that spawns `child` with the v1 function and then waits until `chan` is closed.
fn spawns(child: usize, chan: Chan<u64>, destroyed: &hand::Destroyed) -> Frame<()> {
    let handle = share(&chan) as usize;
    let mut spawned = false;
    let frame = hand::frame(destroyed, move || {
        if !std::mem::replace(&mut spawned, true) {
            // SAFETY: the test passes a suspended frame, which is the process's from now on.
            unsafe { orion_scheduler_spawn(child as *mut c_void) };
            let out = Box::leak(Box::new(0u64));
            // SAFETY: a leaked `u64` outlives the wait.
            let status = unsafe { orion_chan_recv(handle as *mut orion_chan, std::ptr::from_mut(out).cast()) };
            assert_eq!(status, ORION_PENDING);
            return hand::Step::Suspend;
        }
        assert_eq!(orion_op_status(), ORION_CLOSED);
        assert_eq!(orion_chan_release(handle as *mut orion_chan), ORION_OK);
        hand::Step::Finish(())
    });
    // SAFETY: suspended, with `()` as promise.
    unsafe { Frame::from_raw(frame) }
}

// E3, V4: a plain thread joins a frame that runs among the tasks of a root, on another thread.
#[test]
fn a_thread_joins_a_frame_of_a_root() {
    let _alone = PROCESS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    orion_scheduler_init();
    let (values, end) = (Chan::<u64>::new(0), Chan::<u64>::new(0));
    let destroyed = hand::Destroyed::default();
    let handle = share(&values);
    // SAFETY: a ramp takes anything.
    let child = unsafe { frame_first(handle) } as usize;
    let root = std::thread::spawn({
        let (values, end, destroyed) = (values.clone(), end.clone(), destroyed.clone());
        move || {
            orion_rt::run(async |s| {
                let parent = s.spawn(spawns(child, end.clone(), &destroyed));
                while values.inspect().receivers_waiting == 0 {
                    yield_now().await;
                }
                values.send(9).await.unwrap();
                parent.join().await.unwrap();
            });
        }
    });
    while values.inspect().received == 0 && values.inspect().receivers_waiting == 0 {
        std::thread::yield_now();
    }
    // SAFETY: it was spawned.
    unsafe { orion_scheduler_run_until(child as *mut c_void) };
    assert_eq!(result_of(child as *mut c_void), 9);
    destroy(child as *mut c_void);
    end.close();
    root.join().unwrap();
    assert_eq!(destroyed.times(), 1);
    assert_eq!(orion_chan_release(handle), ORION_OK);
    orion_scheduler_shutdown();
}

// V5: a shutdown destroys what is not done, a frame that waits on a channel included.
#[test]
fn a_shutdown_destroys_what_is_left() {
    let _alone = PROCESS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let chan = Chan::<u64>::new(0);
    let handle = share(&chan);
    for _ in 0..3 {
        // SAFETY: a ramp takes anything.
        let parked = unsafe { frame_first(handle) };
        // SAFETY: suspended, and the process's from now on.
        unsafe { orion_scheduler_spawn(parked) };
        orion_scheduler_yield();
        assert_eq!(chan.inspect().receivers_waiting, 1);
        orion_scheduler_shutdown();
        assert_eq!(chan.inspect().receivers_waiting, 0);
    }
    assert_eq!(orion_chan_release(handle), ORION_OK);
}

// V7: a waker that runs between two turns of tasks may not take down what runs it; it is told as a task is.
#[test]
fn a_shutdown_by_a_waker_is_diagnosed_and_aborts() {
    const CHILD: &str = "ORION_SHUTDOWN_BY_A_WAKER";
    if std::env::var_os(CHILD).is_some() {
        shut_down_by_a_waker();
    }
    for workers in ["1", "2"] {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["a_shutdown_by_a_waker_is_diagnosed_and_aborts", "--exact", "--nocapture"]).env(CHILD, "1");
        let ran = again.env("ORION_WORKERS", workers).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.signal(), Some(libc::SIGABRT), "{said}");
        assert!(said.contains("orion: orion_scheduler_shutdown was called while the runtime runs tasks"), "{said}");
    }
}

/// A frame asks to send, and before it suspends a receive waits there: so the send, and the wake-up, come after its turn.
fn shut_down_by_a_waker() -> ! {
    struct Shutdown;
    impl Wake for Shutdown {
        fn wake(self: Arc<Self>) {
            orion_scheduler_shutdown();
        }
    }
    static VALUE: u64 = 7;
    let chan: &'static Chan<u64> = Box::leak(Box::new(Chan::new(0)));
    let handle = share(chan) as usize;
    let mut recv = Box::pin(chan.recv());
    let frame = hand::frame(&hand::Destroyed::default(), move || {
        // SAFETY: a channel of `u64`; the value is a static.
        let asked = unsafe { orion_chan_send(handle as *mut orion_chan, (&raw const VALUE).cast()) };
        assert_eq!(asked, ORION_PENDING);
        let waker = Waker::from(Arc::new(Shutdown));
        assert!(recv.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        hand::Step::<()>::Suspend
    });
    // SAFETY: suspended, and the process's from now on.
    unsafe { orion_scheduler_spawn(frame) };
    loop {
        orion_scheduler_yield();
    }
}

// Y2: a Rust task that lets frames run in the middle of its turn has the budget of that turn before and after.
#[test]
fn y2_frames_run_inside_a_rust_task_leave_it_its_budget() {
    let _alone = PROCESS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    orion_scheduler_init();
    let chan = Chan::<u64>::new(0);
    let handle = share(&chan);
    // SAFETY: a ramp takes anything.
    let parked = unsafe { frame_first(handle) };
    // SAFETY: suspended, and the process's from now on. This thread becomes the owner.
    unsafe { orion_scheduler_spawn(parked) };
    orion_rt::run(async |s| {
        let turns = std::rc::Rc::new(std::cell::Cell::new(0));
        let seen = turns.clone();
        let other = s.spawn(async move {
            loop {
                turns.set(turns.get() + 1);
                yield_now().await;
            }
        });
        let ch = Chan::new(1);
        for _ in 0..1000 {
            orion_scheduler_yield();
            ch.send(()).await.unwrap();
            ch.recv().await;
        }
        assert!(seen.get() >= 2000 / 128, "the other had {} turns", seen.get());
        other.cancel();
        other.release();
    });
    orion_scheduler_shutdown();
    assert_eq!(orion_chan_release(handle), ORION_OK);
}

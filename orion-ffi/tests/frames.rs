//! Frames as Rust futures, among Rust tasks: F1 to F5 and E1 to E4 of ABI.md.
//!
//! The frame of `support/totals.rs` is what LLVM made of `ll/totals.ll`; the others are made by hand, to suspend and call
//! exactly where a test wants it.

#[path = "support/hand.rs"]
mod hand;
#[path = "support/totals.rs"]
mod totals;

use futures::executor::block_on;
use futures::task::noop_waker_ref;
use hand::{Destroyed, Step};
use orion_ffi::*;
use orion_rt::{Chan, Runtime, TaskError, yield_now};
use std::cell::RefCell;
use std::ffi::c_void;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use totals::{Totals, totals};

fn make<T>(frame: *mut c_void) -> Frame<T> {
    // SAFETY: the tests pass a suspended frame with a promise of this type, which nobody else has.
    unsafe { Frame::from_raw(frame) }
}

/// A handle that was sent as a number.
fn handle(address: usize) -> *mut orion_chan {
    std::ptr::without_provenance_mut(address)
}

fn poll_once<T>(frame: std::pin::Pin<&mut Frame<T>>) -> Poll<T> {
    frame.poll(&mut Context::from_waker(noop_waker_ref()))
}

// F1, F5, E1, E4: an LLVM coroutine receives from the channel that Rust tasks send on.
#[test]
fn an_llvm_frame_folds_what_rust_tasks_send() {
    let sum = orion_rt::run(async |s| {
        let sizes = Chan::new(3);
        let frame = s.task().name("totals").spawn(totals(&sizes));
        let senders: Vec<_> = (0..4u64)
            .map(|k| {
                let sizes = sizes.clone();
                s.spawn(async move {
                    for size in 0..250 {
                        sizes.send(k * 1000 + size).await.unwrap();
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().await.unwrap();
        }
        sizes.close();
        frame.join().await.unwrap()
    });
    assert_eq!(sum, Totals { files: 1000, bytes: (1000 + 2000 + 3000) * 250 + 4 * (249 * 250 / 2) });
}

// F4, F5, E4: the same on workers, with many frames and a rendezvous.
#[test]
#[cfg_attr(miri, ignore = "crossbeam-epoch fails under Stacked Borrows")]
fn llvm_frames_run_on_workers() {
    for workers in [1, 2, 8] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let sums = runtime.run(async |s| {
            let mut sums = Vec::new();
            for _ in 0..20 {
                let sizes = Chan::new(0);
                let frame = s.spawn(totals(&sizes));
                s.go(async move {
                    for size in 1..=50 {
                        sizes.send(size).await.unwrap();
                    }
                    sizes.close();
                });
                sums.push(frame);
            }
            let mut done = Vec::new();
            for sum in sums {
                done.push(sum.join().await.unwrap());
            }
            done
        });
        assert_eq!(sums, vec![Totals { files: 50, bytes: 51 * 25 }; 20], "{workers} workers");
    }
}

// F5, L7: a frame is a future for any executor.
#[test]
fn a_frame_runs_in_a_foreign_executor() {
    let sizes = Chan::unbounded();
    for size in 0..1000 {
        assert!(sizes.try_send(size).is_ok());
    }
    sizes.close();
    assert_eq!(block_on(totals(&sizes)), Totals { files: 1000, bytes: 999 * 500 });
}

// F3: a frame that suspends with nothing arranged goes behind the tasks that can run.
#[test]
fn a_yielding_frame_takes_turns_with_a_task() {
    let order = Arc::new(Mutex::new(Vec::new()));
    orion_rt::run(async |s| {
        let (mine, mut left) = (Arc::clone(&order), 3);
        let frame = hand::frame(&Destroyed::default(), move || {
            mine.lock().unwrap().push("frame");
            left -= 1;
            if left == 0 { Step::Finish(()) } else { Step::Suspend }
        });
        s.go(make::<()>(frame));
        let mine = Arc::clone(&order);
        s.go(async move {
            for _ in 0..3 {
                mine.lock().unwrap().push("task");
                yield_now().await;
            }
        });
    });
    assert_eq!(*order.lock().unwrap(), ["frame", "task", "frame", "task", "frame", "task"]);
}

// F4: a frame never runs on two threads at once, though it moves between them.
#[test]
#[cfg_attr(miri, ignore = "crossbeam-epoch fails under Stacked Borrows")]
fn a_frame_never_runs_twice_at_once() {
    let runtime = Runtime::builder().workers(8).build().unwrap();
    let resumes = Arc::new(AtomicUsize::new(0));
    runtime.run(async |s| {
        for _ in 0..200 {
            let (inside, resumes, mut left) = (AtomicBool::new(false), Arc::clone(&resumes), 50);
            let frame = hand::frame(&Destroyed::default(), move || {
                assert!(!inside.swap(true, Ordering::SeqCst));
                resumes.fetch_add(1, Ordering::SeqCst);
                left -= 1;
                inside.store(false, Ordering::SeqCst);
                if left == 0 { Step::Finish(()) } else { Step::Suspend }
            });
            s.go(make::<()>(frame));
        }
    });
    assert_eq!(resumes.load(Ordering::SeqCst), 200 * 50);
}

// F1: the promise lies at 16 rounded up to its alignment, and is moved out once.
#[test]
fn promises_of_any_shape_come_out() {
    #[repr(align(64))]
    #[derive(Debug, PartialEq)]
    struct Wide([u64; 9]);
    let destroyed = Destroyed::default();
    let mut wide = Some(Wide([7; 9]));
    let frame = hand::frame(&destroyed, move || Step::Finish(wide.take().unwrap()));
    assert_eq!(block_on(make::<Wide>(frame)), Wide([7; 9]));
    let frame = hand::frame(&destroyed, || Step::Finish(String::from("owned")));
    assert_eq!(block_on(make::<String>(frame)), "owned");
    let frame = hand::frame(&destroyed, || Step::Finish(()));
    block_on(make::<()>(frame));
    assert_eq!(destroyed.times(), 3);
}

// F5: dropping an unfinished frame destroys it, whether it has run or not.
#[test]
fn an_unfinished_frame_is_destroyed_once() {
    let destroyed = Destroyed::default();
    drop(make::<()>(hand::frame(&destroyed, || Step::<()>::Suspend)));
    assert_eq!(destroyed.times(), 1);
    {
        let mut frame = pin!(make::<()>(hand::frame(&destroyed, || Step::<()>::Suspend)));
        assert!(poll_once(frame.as_mut()).is_pending());
    }
    assert_eq!(destroyed.times(), 2);
}

// F5, X1: cancelling a frame's task destroys the frame instead of resuming it.
#[test]
fn a_cancelled_frame_is_destroyed() {
    let destroyed = Destroyed::default();
    let inner = destroyed.clone();
    orion_rt::run(async |s| {
        let never = Chan::<u64>::new(0);
        let parked = s.spawn(totals(&never));
        let yielding = s.spawn(make::<()>(hand::frame(&inner, || Step::<()>::Suspend)));
        yield_now().await;
        parked.cancel();
        yielding.cancel();
        assert!(matches!(parked.join().await, Err(TaskError::Cancelled)));
        assert!(matches!(yielding.join().await, Err(TaskError::Cancelled)));
        assert_eq!(never.inspect().receivers_waiting, 0);
    });
    assert_eq!(destroyed.times(), 1);
}

// E2, X5: a value handed to a frame that is then destroyed is not lost.
#[test]
fn a_value_handed_to_a_destroyed_frame_comes_back() {
    let sizes = Chan::new(0);
    {
        let mut frame = pin!(totals(&sizes));
        assert!(poll_once(frame.as_mut()).is_pending());
        assert!(sizes.try_send(7).is_ok(), "the frame waits");
    }
    assert_eq!(sizes.try_recv(), Ok(7));
}

/// A frame that receives one `u64` from `chan`, calling `meanwhile` between the intent and its suspension.
fn receives(chan: usize, meanwhile: impl Fn() + Send + 'static) -> Frame<(i32, u64)> {
    // The value lies behind a pointer of its own: the frame's memory is what the runtime writes to, not this closure's.
    let (value, mut asked) = (Box::into_raw(Box::new(0u64)) as usize, false);
    make(hand::frame(&Destroyed::default(), move || {
        let out = std::ptr::with_exposed_provenance_mut::<u64>(value);
        if !asked {
            asked = true;
            // SAFETY: the memory at `out` is a `u64` that is never freed before the frame has ended.
            let now = unsafe { orion_chan_recv(handle(chan), out.cast()) };
            if now == ORION_PENDING {
                meanwhile();
                return Step::Suspend;
            }
            // SAFETY: no operation uses it.
            return Step::Finish((now, unsafe { *Box::from_raw(out) }));
        }
        let status = orion_op_status();
        assert_eq!(orion_op_status(), status, "asking again gives the same answer");
        // SAFETY: the operation is over.
        Step::Finish((status, unsafe { *Box::from_raw(out) }))
    }))
}

// E1: a value that comes between the intent and the commit is received at the commit.
#[test]
fn what_arrives_before_the_suspension_is_received() {
    let chan = Chan::new(1);
    let handle = share(&chan);
    let sender = chan.clone();
    let frame = receives(handle as usize, move || assert!(sender.try_send(5).is_ok()));
    let mut frame = pin!(frame);
    assert!(poll_once(frame.as_mut()).is_pending());
    assert_eq!(chan.len(), 0, "taken at the commit");
    assert_eq!(poll_once(frame.as_mut()), Poll::Ready((ORION_OK, 5)));
    assert_eq!(orion_chan_release(handle), ORION_OK);
}

// E1: nothing is registered before `resume` has returned.
#[test]
fn the_wait_begins_after_the_suspension() {
    let chan = Chan::<u64>::new(0);
    let handle = share(&chan);
    let seen = chan.clone();
    let frame = receives(handle as usize, move || assert_eq!(seen.inspect().receivers_waiting, 0));
    let mut frame = pin!(frame);
    assert!(poll_once(frame.as_mut()).is_pending());
    assert_eq!(chan.inspect().receivers_waiting, 1);
    chan.close();
    assert_eq!(poll_once(frame.as_mut()), Poll::Ready((ORION_CLOSED, 0)));
    assert_eq!(orion_chan_release(handle), ORION_OK);
}

// E1: a second waiting call before the suspension is invalid, and the first stands.
#[test]
fn a_second_intent_is_refused() {
    let (first, second) = (Chan::<u64>::new(0), Chan::<u64>::new(0));
    let (one, two) = (share(&first), share(&second));
    let address = two as usize;
    let frame = receives(one as usize, move || {
        let mut other = 0u64;
        // SAFETY: a `u64`; the call does not wait.
        let status = unsafe { orion_chan_recv(handle(address), (&raw mut other).cast()) };
        assert_eq!(status, ORION_INVALID);
    });
    let mut frame = pin!(frame);
    assert!(poll_once(frame.as_mut()).is_pending());
    assert!(second.try_send(1).is_err());
    assert!(first.try_send(2).is_ok());
    assert_eq!(poll_once(frame.as_mut()), Poll::Ready((ORION_OK, 2)));
    assert_eq!((orion_chan_release(one), orion_chan_release(two)), (ORION_OK, ORION_OK));
}

// E1: outside a frame there is no operation to ask about.
#[test]
fn a_thread_has_no_operation_status() {
    assert_eq!(orion_op_status(), ORION_INVALID);
}

static DROPPED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn count_drop(element: *mut c_void) {
    // SAFETY: the channel passes an element, which is a `u64`.
    DROPPED.fetch_add(unsafe { *element.cast::<u64>() } as usize, Ordering::SeqCst);
}

// E2: what a destroyed frame was sending is dropped by the channel's function, and so is what stays in the buffer.
#[test]
fn unsent_and_unreceived_elements_are_dropped() {
    DROPPED.store(0, Ordering::SeqCst);
    let mut chan = std::ptr::null_mut();
    // SAFETY: `chan` may be written, and the elements are plain.
    assert_eq!(unsafe { orion_chan_new(8, 8, 1, Some(count_drop), &raw mut chan) }, ORION_OK);
    let (address, destroyed) = (chan as usize, Destroyed::default());
    {
        static VALUES: [u64; 2] = [20, 100];
        let mut values = VALUES.iter();
        let body = move || {
            for value in values.by_ref() {
                // SAFETY: a static outlives the operation, and moving a `u64` out leaves it as it is.
                let status = unsafe { orion_chan_send(handle(address), std::ptr::from_ref(value).cast()) };
                if status == ORION_PENDING {
                    return Step::Suspend;
                }
            }
            Step::Finish(())
        };
        let mut frame = pin!(make::<()>(hand::frame(&destroyed, body)));
        assert!(poll_once(frame.as_mut()).is_pending());
    }
    assert_eq!((destroyed.times(), DROPPED.load(Ordering::SeqCst)), (1, 100));
    assert_eq!(orion_chan_release(chan), ORION_OK);
    assert_eq!(DROPPED.load(Ordering::SeqCst), 120);
}

// E3: from a plain thread the same functions block.
#[test]
#[cfg_attr(miri, ignore = "crossbeam-epoch fails under Stacked Borrows")]
fn a_plain_thread_blocks() {
    let runtime = Runtime::builder().workers(2).build().unwrap();
    let chan = Chan::new(0);
    let address = share(&chan) as usize;
    let sender = std::thread::spawn(move || {
        let chan = handle(address);
        for size in 1..=100u64 {
            // SAFETY: a `u64`, valid until the call returns.
            assert_eq!(unsafe { orion_chan_send(chan, (&raw const size).cast()) }, ORION_OK);
        }
        assert_eq!(orion_chan_close(chan), ORION_OK);
        orion_chan_release(chan)
    });
    let sum = runtime.run(async |s| s.spawn(totals(&chan)).join().await.unwrap());
    assert_eq!(sum, Totals { files: 100, bytes: 5050 });
    assert_eq!(sender.join().unwrap(), ORION_OK);
}

// E4: one channel, two views; the layout is checked, and a stale handle is told.
#[test]
fn share_and_adopt_are_one_channel() {
    let chan = Chan::new(2);
    let handle = share(&chan);
    // SAFETY: it is a channel of `u32`.
    let again = unsafe { adopt::<u32>(handle) };
    assert!(again.same_channel(&chan));
    assert!(chan.try_send(3u32).is_ok());
    assert_eq!(again.try_recv(), Ok(3));
    // SAFETY: refused, since the sizes or alignments differ.
    assert!(unsafe { try_adopt::<u64>(handle) }.is_none());
    // SAFETY: as above.
    assert!(unsafe { try_adopt::<[u8; 4]>(handle) }.is_none());
    assert!(!orion_chan_is_closed(handle));
    assert_eq!((orion_chan_close(handle), orion_chan_close(handle)), (ORION_OK, ORION_CLOSED));
    assert!(chan.is_closed() && orion_chan_is_closed(handle));
    assert_eq!((orion_chan_retain(handle), orion_chan_release(handle)), (ORION_OK, ORION_OK));
    assert_eq!((orion_chan_release(handle), orion_chan_release(handle)), (ORION_OK, ORION_INVALID));
    // SAFETY: refused, since the handle is stale.
    assert!(unsafe { try_adopt::<u32>(handle) }.is_none());
}

// E4: what C sees of a channel that Rust has made and named.
#[test]
fn inspect_describes_the_channel() {
    let chan = Chan::<u64>::new(4);
    let handle = share(&chan);
    assert!(chan.try_send(1).is_ok() && chan.try_send(2).is_ok() && chan.try_recv().is_ok());
    let mut info = std::mem::MaybeUninit::<orion_chan_info>::uninit();
    // SAFETY: `info` may be written.
    assert_eq!(unsafe { orion_chan_inspect(handle, info.as_mut_ptr()) }, ORION_OK);
    // SAFETY: written.
    let info = unsafe { info.assume_init() };
    assert_eq!((info.id, info.capacity, info.len), (chan.inspect().id, 4, 1));
    assert_eq!((info.sent, info.received, info.closed), (2, 1, false));
    let name = "sizes";
    // SAFETY: the bytes of a string.
    assert_eq!(unsafe { orion_chan_set_name(handle, name.as_ptr().cast(), name.len()) }, ORION_OK);
    assert_eq!(chan.inspect().name.as_deref(), Some("sizes"));
    assert_eq!(orion_chan_release(handle), ORION_OK);
}

// C10, Y2: a frame that always finds its channel ready still shares the thread.
#[test]
fn a_busy_frame_shares_the_thread() {
    let ticks = orion_rt::run(async |s| {
        let sizes = Chan::unbounded();
        let many = if cfg!(miri) { 2_000 } else { 10_000 };
        for size in 0..many {
            assert!(sizes.try_send(size).is_ok());
        }
        sizes.close();
        let (done, ticks) = (Rc::new(RefCell::new(false)), Rc::new(RefCell::new(0)));
        let frame = s.spawn(totals(&sizes));
        let (seen, count) = (Rc::clone(&done), Rc::clone(&ticks));
        s.go(async move {
            while !*seen.borrow() {
                *count.borrow_mut() += 1;
                yield_now().await;
            }
        });
        assert_eq!(frame.join().await.unwrap().files, many);
        *done.borrow_mut() = true;
        *ticks.borrow()
    });
    assert!(ticks > 10, "the other task ran {ticks} times");
}

#[test]
#[should_panic(expected = "neither null nor misaligned")]
fn a_null_frame_is_refused() {
    drop(make::<()>(std::ptr::null_mut()));
}

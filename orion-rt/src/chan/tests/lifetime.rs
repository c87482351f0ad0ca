//! C7, C8, C11, P3: element layouts, destructors, wakers that misbehave, and the untyped view.

use super::{Count, Counted, drain, fresh, now, parked};
use crate::Chan;
use crate::chan::erased::{RawChan, RawReceived, RawSent, RawTryReceived, RawTrySent};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

// C8: zero-sized, over-aligned and unpinnable elements; capacities 0, 1, usize::MAX.
#[test]
fn elements_of_every_layout() {
    #[repr(align(128))]
    #[derive(Debug, PartialEq, Clone, Copy)]
    struct Wide(u8);
    #[repr(align(64))]
    #[derive(Debug, PartialEq, Clone, Copy)]
    struct AlignedNothing;
    fn exercise<T: Clone + PartialEq + std::fmt::Debug>(value: T) {
        for chan in [Chan::new(0), Chan::new(1), Chan::new(usize::MAX), Chan::unbounded()] {
            let mut sends: Vec<_> = (0..9).map(|_| fresh(chan.send(value.clone()))).collect();
            for send in &mut sends {
                let _ = send.poll();
            }
            chan.inspect_with(|values| values.for_each(|v| assert_eq!(*v, value)));
            assert_eq!(drain(&chan).len(), 9);
            let mut recv = parked(chan.recv());
            chan.try_send(value.clone()).unwrap();
            assert_eq!(recv.poll(), Poll::Ready(Some(value.clone())));
            let recv = parked(chan.recv());
            chan.try_send(value.clone()).unwrap();
            drop(recv);
            assert_eq!(chan.try_recv().as_ref(), Ok(&value));
        }
    }
    exercise(());
    exercise(AlignedNothing);
    exercise(Wide(3));
    exercise([7_u16; 33]);
    exercise(String::from("text"));
    exercise((std::marker::PhantomPinned, 1_u64));
}

// C8: a destructor may use the channel its value was in; it does not run under the lock.
#[test]
fn a_destructor_may_use_the_channel() {
    struct Reenter(Chan<Option<Reenter>>);
    impl Drop for Reenter {
        fn drop(&mut self) {
            assert!(self.0.is_closed());
            assert!(self.0.try_send(None).is_err());
        }
    }
    let ch = Chan::new(2);
    let (tx, rx) = ch.clone().split();
    assert!(tx.try_send(Some(Reenter(ch.clone()))).is_ok());
    ch.close();
    drop((tx, rx));
    drop(drain(&ch));
}

// C7: the rest of the buffer is dropped although one destructor panics.
#[test]
fn a_panicking_destructor_does_not_keep_the_others() {
    struct Bomb(Counted);
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(self.0.0 != 1, "one destructor panics");
        }
    }
    let dropped = Arc::default();
    let ch = Chan::new(4);
    for i in 0..4 {
        assert!(ch.try_send(Bomb(Counted(i, Arc::clone(&dropped)))).is_ok());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(ch))).is_err());
    assert_eq!(dropped.get(), 4);
}

struct Panics;
impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker panics");
    }
}

// P3: all other wakers are still woken, then the panic resumes in the caller; in a destructor it is discarded.
#[test]
fn a_panicking_waker_does_not_keep_the_others() {
    let ch = Chan::<Counted>::new(0);
    let waker = Waker::from(Arc::new(Panics));
    let mut bad = Box::pin(ch.recv());
    assert!(bad.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let mut good = parked(ch.recv());
    assert!(catch_unwind(AssertUnwindSafe(|| ch.close())).is_err());
    assert!(matches!(good.poll(), Poll::Ready(None)));
    assert_eq!(good.wakes.get(), 1);

    // The value that was handed over is neither lost nor dropped twice.
    let dropped: Arc<Count> = Arc::default();
    let ch = Chan::new(0);
    let mut bad = Box::pin(ch.recv());
    assert!(bad.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| ch.try_send(Counted(1, dropped.clone())))).is_err());
    drop(bad);
    assert_eq!((ch.len(), dropped.get()), (1, 0));
    drop(ch);
    assert_eq!(dropped.get(), 1);

    // A receive whose partner's waker panics gives its value back when it is dropped.
    let ch = Chan::new(0);
    let mut send = Box::pin(ch.send(5));
    assert!(send.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let mut recv = fresh(ch.recv());
    assert!(catch_unwind(AssertUnwindSafe(|| recv.poll())).is_err());
    drop(recv);
    assert_eq!(drain(&ch), [5]);
}

// P3, C7: nor does `try_recv` lose a value to its partner's waker: it is received first by the next, whoever was served meanwhile.
#[test]
fn a_panicking_waker_does_not_lose_the_value_of_try_recv() {
    let waker = Waker::from(Arc::new(Panics));
    for capacity in [0, 1] {
        let dropped: Arc<Count> = Arc::default();
        let ch = Chan::new(capacity);
        for i in 0..capacity {
            ch.try_send(Counted(i as u32, dropped.clone())).unwrap();
        }
        let mut send = Box::pin(ch.send(Counted(capacity as u32, dropped.clone())));
        assert!(send.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(catch_unwind(AssertUnwindSafe(|| ch.try_recv())).is_err());
        assert_eq!((ch.len(), dropped.get()), (capacity + 1, 0));
        let left: Vec<_> = drain(&ch).into_iter().map(|value| value.0).collect();
        assert!(left.into_iter().eq(0..=capacity as u32));
        assert_eq!(ch.inspect().received, capacity as u64 + 1);
    }
}

// C11: the buffer keeps its high-water mark; a cycle through it does not grow it.
#[test]
fn steady_state_wraps_around() {
    let ch = Chan::new(5);
    for i in 0..40_u32 {
        ch.try_send(i).unwrap();
        if i >= 4 {
            assert_eq!(ch.try_recv(), Ok(i - 4));
        }
    }
}

// E4: a Chan and a raw channel are one object, checked by layout.
#[test]
fn typed_and_untyped_are_one_channel() {
    let ch = Chan::<u64>::new(0);
    let raw = RawChan::from_chan(&ch);
    assert_eq!((raw.elem_size(), raw.elem_align()), (8, 8));
    let mut out = 0_u64;
    // SAFETY: `out` outlives the operation.
    let mut recv = parked(unsafe { raw.recv((&raw mut out).cast()) });
    assert_eq!(now(ch.send(41)), Ok(()));
    assert_eq!(recv.poll(), Poll::Ready(RawReceived::Received));
    drop(recv);
    assert_eq!(out, 41);
    let value = 42_u64;
    // SAFETY: `value` outlives the operation.
    let mut send = parked(unsafe { raw.send((&raw const value).cast()) });
    assert_eq!(now(ch.recv()), Some(42));
    assert_eq!(send.poll(), Poll::Ready(RawSent::Sent));
    drop(send);
    // SAFETY: the element is a u64.
    let raw = unsafe { raw.into_chan::<u32>() }.unwrap_err();
    // SAFETY: the element is a u64.
    let again = unsafe { raw.into_chan::<u64>() }.unwrap();
    assert!(again.same_channel(&ch));
    drop(again);
    assert!(!ch.is_closed());
}

// E2, X5: a raw operation that is dropped gives back what it was handed, or drops what it was to send.
#[test]
fn raw_operations_are_cancel_safe() {
    unsafe extern "C-unwind" fn drop_counted(at: *mut u8) {
        // SAFETY: the elements of this test's channel are `Counted`.
        unsafe { std::ptr::drop_in_place(at.cast::<Counted>()) }
    }
    let dropped: Arc<Count> = Arc::default();
    let make = |i| std::mem::ManuallyDrop::new(Counted(i, dropped.clone()));
    // SAFETY: `drop_counted` is the destructor of the values sent.
    let raw = unsafe { RawChan::new(size_of::<Counted>(), align_of::<Counted>(), Some(0), Some(drop_counted)) };
    let raw = raw.unwrap();
    let mut out = std::mem::MaybeUninit::<Counted>::uninit();
    // SAFETY: `out` outlives the operation.
    let recv = parked(unsafe { raw.recv(out.as_mut_ptr().cast()) });
    let value = make(1);
    // SAFETY: a valid value, not used again.
    assert_eq!(unsafe { raw.try_send((&raw const value).cast()) }, RawTrySent::Sent);
    drop(recv);
    assert_eq!((raw.inspect().len, dropped.get()), (1, 0));
    // SAFETY: room for a value.
    assert_eq!(unsafe { raw.try_recv(out.as_mut_ptr().cast()) }, RawTryReceived::Received);
    // SAFETY: received above.
    assert_eq!(unsafe { out.assume_init_ref() }.0, 1);
    // SAFETY: received above, and not used again.
    unsafe { out.assume_init_drop() };
    let mut value = make(2);
    // SAFETY: a valid value, owned by the operation.
    drop(parked(unsafe { raw.send((&raw mut value).cast()) }));
    assert_eq!(dropped.get(), 2);
    let value = make(3);
    // SAFETY: a valid value; room for a value.
    let mut send = parked(unsafe { raw.send((&raw const value).cast()) });
    assert!(raw.close() && raw.is_closed());
    assert_eq!(send.poll(), Poll::Ready(RawSent::Closed));
    drop(send);
    assert_eq!(dropped.get(), 2);
    drop(std::mem::ManuallyDrop::into_inner(value));
    // SAFETY: not aligned: no such element.
    assert!(unsafe { RawChan::new(3, 2, None, None) }.is_none());
}

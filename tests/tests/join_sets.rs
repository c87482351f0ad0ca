//! Tasks joined in the order in which they complete: rules S3, J1, J3 to J6, X2 for `JoinSet`.

use std::mem::ManuallyDrop;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};

use futures::{FutureExt, StreamExt};
use orion_rt::{Chan, JoinSet, Kind, Local, Multi, TaskError, run, yield_now};
use orion_tests::{Count, begin, for_ever, on_every_kind, panic_message, poll_once, watched, workers};

/// Opens gates in some order; a task spawned behind the one that goes through is joined before the next is opened.
macro_rules! completes_in_order {
    () => {
        async |s| {
            let gates: Vec<_> = (0..5).map(|_| Chan::<()>::new(0)).collect();
            let mut set = s.join_set();
            for (i, gate) in gates.iter().enumerate() {
                let gate = gate.clone();
                set.spawn(async move {
                    gate.recv().await;
                    i
                });
            }
            let order = [3, 1, 4, 0, 2];
            for i in order {
                yield_now().await;
                s.spawn(async {}).await.unwrap();
                gates[i].close();
                s.spawn(async {}).await.unwrap();
            }
            for i in order {
                assert_eq!(set.next().await.unwrap().unwrap(), i);
            }
        }
    };
}

// The order is that of completion, though nobody is waiting then.
#[test]
fn the_order_of_completion_is_kept() {
    watched(|| {
        run(completes_in_order!());
        // One worker: what was queued before a task that is over is over.
        workers(1).run(completes_in_order!());
    });
}

// Each task comes once, when it is over; the set may be filled while it is emptied.
on_every_kind!(j1_each_task_comes_once, async |s| {
    let mut set = s.join_set();
    assert!(set.is_empty() && set.next().await.is_none());
    for i in 0..10 {
        set.spawn(async move {
            yield_now().await;
            i
        });
    }
    assert_eq!(set.len(), 10);
    let mut seen = Vec::new();
    while let Some(i) = set.next().await {
        let i = i.unwrap();
        seen.push(i);
        if i % 3 == 0 && i < 30 {
            set.spawn(async move { i + 100 });
        }
    }
    assert!(set.is_empty());
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 103, 106, 109]);
});

// S3: a task comes when its descendants are gone too, not when its future has returned.
on_every_kind!(s3_a_task_comes_with_its_descendants, async |s| {
    let gate = Chan::<()>::new(0);
    let mut set = s.join_set();
    let wait = gate.clone();
    set.spawn(async move {
        let mut group = Box::pin(s.group(async move |g| {
            g.go(async move { assert_eq!(wait.recv().await, None) });
            for_ever().await;
        }));
        begin(group.as_mut()).await;
        // Forgotten, so that its task is not cancelled: the task that opened it waits all the same.
        orion_tests::leaks_on_purpose("forgets a group's future");
        std::mem::forget(group);
        "first"
    });
    set.spawn(async move {
        for _ in 0..50 {
            yield_now().await;
        }
        "second"
    });
    assert_eq!(set.next().await.unwrap().unwrap(), "second");
    gate.close();
    assert_eq!(set.next().await.unwrap().unwrap(), "first");
});

// C6's promise for `next`: one that is dropped half-way has taken nothing; it wakes whoever waits last.
on_every_kind!(next_is_cancel_safe, async |s| {
    let gate = Chan::<()>::new(0);
    let mut set = s.join_set();
    let wait = gate.clone();
    set.spawn(async move {
        wait.recv().await;
        7
    });
    let forgotten = Count::default();
    assert!(poll_once(pin!(set.next()), &forgotten).is_pending());
    begin(pin!(set.next())).await;
    gate.close();
    assert_eq!(set.next().await.unwrap().unwrap(), 7);
    assert_eq!(forgotten.get(), 0, "another waker has taken its place");
});

// J3: dropping the set neither stops nor detaches. J6: results that were not taken are dropped once.
on_every_kind!(j3_a_dropped_set_leaves_its_tasks_running, async |s| {
    let (n, done) = (Count::default(), Chan::new(4));
    let mut set = s.join_set();
    for i in 0..4 {
        let (counted, done, gate) = (n.on_drop(), done.clone(), i < 2);
        set.spawn(async move {
            if gate {
                for _ in 0..20 {
                    yield_now().await;
                }
            }
            done.send(i).await.unwrap();
            counted
        });
    }
    drop(set);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(done.recv().await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2, 3]);
    while n.get() < 4 {
        yield_now().await;
    }
    assert_eq!(n.get(), 4);
});

// X2, J5: `cancel` asks all, they come as cancelled. S5: so does one that the scope refuses, and it comes in its turn.
on_every_kind!(x2_cancel_reaches_all_tasks_of_the_set, async |s| {
    let n = Count::default();
    let mut set = s.join_set();
    for _ in 0..3 {
        let counted = n.on_drop();
        set.spawn(async move {
            let _counted = counted;
            for_ever().await;
        });
    }
    set.cancel();
    while let Some(result) = set.next().await {
        assert!(matches!(result, Err(TaskError::Cancelled)));
    }
    assert_eq!(n.get(), 3);
    s.group(async |g| {
        let mut set = g.join_set();
        set.spawn(async { 1 });
        assert_eq!(set.next().await.unwrap().unwrap(), 1);
        g.cancel();
        set.spawn(async { 2 });
        set.spawn(async { 3 });
        assert_eq!(set.len(), 2);
        assert!(matches!(set.next().await, Some(Err(TaskError::Cancelled))));
        assert!(matches!(set.next().await, Some(Err(TaskError::Cancelled))));
        assert!(set.next().await.is_none());
    })
    .await;
});

// J4: a task that waits for the rest of a set which is itself gets a panic; with others left it does not.
on_every_kind!(j4_a_task_in_its_own_set, async |s| {
    let group = s.group(async |g| {
        let (give, own) = Chan::new(1).split();
        let mut set = g.join_set();
        set.spawn(async {});
        set.spawn(async move {
            let mut own: JoinSet<'_, (), _> = own.recv().await.unwrap();
            own.next().await.unwrap().unwrap();
            let _ = own.next().await;
        });
        assert!(give.send(set).await.is_ok());
    });
    let message = panic_message(AssertUnwindSafe(group).catch_unwind().await);
    assert!(message.contains("cannot join itself") && message.contains("nothing else is left"), "{message}");
});

// A set is a stream of results.
on_every_kind!(a_set_is_a_stream, async |s| {
    let mut set = s.join_set();
    for i in 0..6_u64 {
        set.spawn(async move { i });
    }
    let sum = (&mut set).map(Result::unwrap).fold(0, async |sum, i| sum + i).await;
    assert_eq!(sum, 15);
    set.spawn(async { 1 });
    assert_eq!(StreamExt::next(&mut set).await.unwrap().unwrap(), 1);
});

// Y2: taking results that are ready costs budget: a loop over them lets others run.
#[test]
fn y2_next_takes_from_the_budget() {
    let runtime = orion_rt::Runtime::builder().yield_budget(4).build_local().unwrap();
    runtime.run(async |s| {
        let mut set = s.join_set();
        for _ in 0..20 {
            set.spawn(async {});
        }
        for _ in 0..20 {
            yield_now().await;
        }
        let seen = Mutex::new(0);
        let left = s.spawn(async {
            yield_now().await;
            0
        });
        while let Some(result) = set.next().await {
            result.unwrap();
            if !left.is_finished() {
                *seen.lock().unwrap() += 1;
            }
        }
        assert!(*seen.lock().unwrap() < 20);
        left.await.unwrap();
    });
}

/// Any number of tasks, from several threads' tasks: nothing is lost.
#[test]
fn a_stream_of_tasks_from_many_workers() {
    watched(|| {
        let runtime = workers(4);
        let n = if cfg!(miri) { 20 } else { 20_000 };
        let sum: u64 = runtime.run(async |s| {
            let mut set = s.join_set();
            let (mut sum, mut started) = (0, 0);
            loop {
                while started < n && set.len() < 100 {
                    set.spawn(async move { started });
                    started += 1;
                }
                match set.next().await {
                    Some(i) => sum += i.unwrap(),
                    None => return sum,
                }
            }
        });
        assert_eq!(sum, n * (n - 1) / 2);
    });
}

/// R1, R2: a set is `Send` where its tasks are.
#[expect(dead_code, reason = "that it compiles is the test")]
fn send_where_it_should_be(mut set: JoinSet<'_, u8>, local: &JoinSet<'_, std::rc::Rc<u8>, Local>) {
    fn is_send<T: Send>(_: T) {}
    fn any_kind<K: Kind>(_: &JoinSet<'_, std::rc::Rc<u8>, K>) {}
    fn is_multi(_: &JoinSet<'_, u8, Multi>) {}
    any_kind(local);
    is_multi(&set);
    is_send(set.next());
    is_send(set);
}

/// A waker that panics.
struct Bomb;

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        panic!("waker");
    }
}

// P3, X2: a foreign waker that panics in one task's cancellation keeps no other task of the set from being asked; then it goes on in
// the caller.
on_every_kind!(p3_a_waker_that_panics_in_the_sets_cancel, async |s| {
    let mut set = s.join_set();
    let (tell, waits) = Chan::new(2).split();
    for _ in 0..2 {
        let tell = tell.clone();
        set.spawn(async move {
            let mut bombed = Box::pin(orion_rt::cancelled());
            assert!(bombed.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Bomb)))).is_pending());
            // Out of the task, which may be gone before the waker's turn comes.
            tell.send(bombed).await.unwrap();
            for_ever().await;
        });
    }
    set.spawn(for_ever());
    let _bombed = [waits.recv().await.unwrap(), waits.recv().await.unwrap()];
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| set.cancel()));
    assert_eq!(panic_message(caught), "waker");
    for _ in 0..3 {
        assert!(matches!(set.next().await, Some(Err(TaskError::Cancelled))));
    }
});

/// What a foreign waker does when it is cloned; a clone panics when it is dropped.
struct OnClone<'a>(&'a (dyn Fn() + Sync));

impl OnClone<'_> {
    const TABLE: RawWakerVTable = RawWakerVTable::new(Self::clone, |_| {}, |_| {}, |_| {});
    const CLONED: RawWakerVTable =
        RawWakerVTable::new(Self::clone, |_| {}, |_| {}, |_| panic!("the waker's destructor"));

    unsafe fn clone(this: *const ()) -> RawWaker {
        // SAFETY: the pointer is that of `waker`, whose clones do not outlive the test's poll.
        unsafe { &*this.cast::<Self>() }.0();
        RawWaker::new(this, &Self::CLONED)
    }

    fn waker(&self) -> ManuallyDrop<Waker> {
        let raw = RawWaker::new(std::ptr::from_ref(self).cast(), &Self::TABLE);
        // SAFETY: what is behind the pointer is `Sync` and outlives the waker, which counts nothing.
        ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
    }
}

// P3, S3: a task completes while a foreign waker is cloned to wait for it, and that clone panics when it is dropped unused: the
// task comes out all the same.
#[test]
fn p3_a_wakers_panic_takes_no_task_along() {
    watched(|| {
        workers(1).run(async |s| {
            let gate = Chan::<()>::new(0);
            let (tell, done) = std::sync::mpsc::channel();
            let mut set = s.join_set();
            let wait = gate.clone();
            set.spawn(async move {
                wait.recv().await;
            });
            let wait = gate.clone();
            // On the one worker it comes behind the first, which is over then.
            s.go(async move {
                wait.recv().await;
                tell.send(()).unwrap();
            });
            while gate.inspect().receivers_waiting < 2 {
                yield_now().await;
            }
            let done = Mutex::new(done);
            let complete = || {
                gate.close();
                done.lock().unwrap().recv().unwrap();
            };
            let on_clone = OnClone(&complete);
            let waker = on_clone.waker();
            let next = pin!(set.next());
            let polled = std::panic::catch_unwind(AssertUnwindSafe(|| next.poll(&mut Context::from_waker(&waker))));
            assert!(matches!(polled.unwrap(), Poll::Ready(Some(Ok(())))));
            assert!(set.is_empty());
        });
    });
}

//! What is none: somebody outside the root may wake a task.

use super::*;

// D1: never where somebody else may wake a task: another thread, a timer, a blocking call, another root.
#[test]
fn d1_never_where_somebody_may_come() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Panic);
        let runtime = builder.build_local().unwrap();
        // A foreign waker.
        let (later, waits) = futures::channel::oneshot::channel();
        let thread = std::thread::spawn(move || {
            std::thread::park_timeout(Duration::from_millis(40));
            later.send(7).unwrap();
        });
        assert_eq!(runtime.run(async |s| s.spawn(waits).await.unwrap()), Ok(7));
        thread.join().unwrap();
        // A timer.
        runtime.run(async |s| {
            let channel = s.chan(0);
            s.go(async move {
                sleep(Duration::from_millis(40)).await;
                channel.send(()).await.unwrap();
            });
            channel.recv().await.unwrap();
        });
        // A scope's deadline.
        runtime.run(async |s| {
            s.go(pending());
            s.cancel_after(Duration::from_millis(40));
        });
        // A blocking call, and a root in it that serves a channel of the one outside.
        runtime.run(async |s| {
            let (channel, answer) = (s.chan(0), s.chan(0));
            let (go_on, waits) = mpsc::channel();
            let call = s.spawn_blocking(move || {
                run(async |_| {
                    let value: u8 = channel.recv().await.unwrap();
                    answer.send(value + 1).await.unwrap();
                });
                waits.recv().unwrap();
            });
            sleep(Duration::from_millis(40)).await;
            channel.send(1).await.unwrap();
            assert_eq!(answer.recv().await, Some(2));
            go_on.send(()).unwrap();
            call.await.unwrap();
        });
        assert!(told.lock().unwrap().is_empty());
    });
}

// D1, I1: never where somebody else may wake a child, in whichever task its group is polled; nor where another thread may join one.
#[test]
fn d1_children_that_somebody_may_wake() {
    fn later() -> (std::thread::JoinHandle<()>, futures::channel::oneshot::Receiver<u8>) {
        let (later, waits) = futures::channel::oneshot::channel();
        let thread = std::thread::spawn(move || {
            std::thread::park_timeout(Duration::from_millis(40));
            later.send(7).unwrap();
        });
        (thread, waits)
    }
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Panic);
        let runtime = builder.build_local().unwrap();
        let (thread, waits) = later();
        runtime.run(async |s| {
            s.local(async |g| assert_eq!(g.spawn(waits).await.unwrap(), Ok(7))).await;
        });
        thread.join().unwrap();
        // The group is polled first by a task that is over soon, and then by another: who counts its children's wakers is gone.
        let (thread, waits) = later();
        runtime.run(async |s| {
            let mut group = Box::pin(s.local(async |g| assert_eq!(g.spawn(waits).await.unwrap(), Ok(7))));
            let begins = s.spawn(async move {
                assert!(timeout(Duration::from_millis(1), &mut group).await.is_err());
                [group]
            });
            let [group] = begins.await.unwrap();
            s.spawn(group).await.unwrap();
        });
        thread.join().unwrap();
        // A timer.
        runtime.run(async |s| s.local(async |g| g.go(sleep(Duration::from_millis(40)))).await);
        assert!(told.lock().unwrap().is_empty());
    });
}

// D1: roots in blocking calls wait for a task, at a group, and for a task of a set of the one outside; and a deadline, where no worker has
// anything to do. All of it for longer than the monitor leaves any root alone.
#[test]
fn d1_roots_inside_wait_for_the_one_outside() {
    const LONG: Duration = Duration::from_millis(1300);
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Panic);
        let runtime = &builder.workers(2).build().unwrap();
        runtime.run(async |s| {
            let sleeps = s.spawn(sleep(LONG));
            let (outer, other) = ((**s).clone(), (**s).clone());
            let calls = [
                s.spawn_blocking(move || runtime.run(async |_| sleeps.await.unwrap())),
                s.spawn_blocking(move || runtime.run(async |_| outer.group(async |g| g.go(sleep(LONG))).await)),
                s.spawn_blocking(move || {
                    runtime.run(async |_| {
                        let mut set = other.join_set();
                        set.spawn(sleep(LONG));
                        set.next().await.unwrap().unwrap();
                    });
                }),
            ];
            for call in calls {
                call.await.unwrap();
            }
            s.group(async |g| {
                g.go(pending());
                g.cancel_after(LONG);
            })
            .await;
        });
        assert!(told.lock().unwrap().is_empty());
    });
}

// D1, D2: what one child waits on still counts when another has had a turn since.
#[test]
fn d1_what_a_child_waits_on_is_remembered() {
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Panic);
        let runtime = builder.build_local().unwrap();
        let jobs = Chan::<u8>::new(1);
        jobs.try_send(1).unwrap();
        let thread = sends_late(&jobs, 2, Duration::from_millis(60));
        runtime.run(async |s| {
            s.local(async |g| {
                g.go(async {
                    assert_eq!(jobs.recv().await, Some(1));
                    assert_eq!(jobs.recv().await, Some(2));
                });
                // The task's next turn begins, in which nothing of this child has a part.
                yield_now().await;
            })
            .await;
        });
        thread.join().unwrap();
        assert!(told.lock().unwrap().is_empty());
    });
}

// D1, C6: a select that somebody else has begun still waits at its channels: one polled with a waker of nobody, one that another task has polled.
#[test]
fn d1_a_select_goes_on_elsewhere() {
    use futures::FutureExt as _;
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Off);
        let runtime = builder.build_local().unwrap();
        let jobs = Chan::<u8>::new(0);
        for begun_by_a_task in [false, true] {
            let thread = sends_late(&jobs, 1, Duration::from_millis(60));
            let received = runtime.run(async |s| {
                let quit = s.chan::<u8>(0);
                let jobs = &jobs;
                let mut waits = Box::pin(async move {
                    select! { value = <-jobs => value, value = <-quit => value }
                });
                if begun_by_a_task {
                    let begins = s.spawn(async move {
                        assert!(timeout(Duration::from_millis(1), &mut waits).await.is_err());
                        [waits]
                    });
                    [waits] = begins.await.unwrap();
                } else {
                    assert_eq!((&mut waits).now_or_never(), None);
                    yield_now().await;
                }
                waits.await
            });
            assert_eq!(received, Some(1));
            thread.join().unwrap();
        }
        assert!(told.lock().unwrap().is_empty());
    });
}

// D1, X2: a local group on a scope of another root ends when that is cancelled.
#[test]
fn d1_a_local_group_on_a_scope_of_another_root() {
    watched(|| {
        workers(1).run(async |s| {
            s.group(async |g| {
                let outer = g.clone();
                let call = s.spawn_blocking(move || {
                    let (builder, _) = telling(DeadlockPolicy::Off);
                    let inner = builder.build_local().unwrap();
                    inner.try_run(async |_| outer.local(async |l| l.go(pending())).await)
                });
                sleep(Duration::from_millis(40)).await;
                g.cancel();
                call.await.unwrap().unwrap();
            })
            .await;
        });
    });
}

// D1, S11: a deadline that is firing: who waits for the cancellation may not have been woken yet.
#[test]
fn d1_a_deadline_that_is_firing() {
    struct Slow;
    impl std::task::Wake for Slow {
        fn wake(self: Arc<Self>) {
            std::thread::park_timeout(Duration::from_millis(500));
        }
    }
    watched(|| {
        let (builder, told) = telling(DeadlockPolicy::Off);
        let runtime = builder.workers(1).build().unwrap();
        runtime.run(async |s| {
            s.group(async |g| {
                let mut first = Box::pin(g.cancelled());
                let slow = std::task::Waker::from(Arc::new(Slow));
                assert!(first.as_mut().poll(&mut std::task::Context::from_waker(&slow)).is_pending());
                g.cancel_after(Duration::from_millis(20));
                g.cancelled().await;
            })
            .await;
        });
        assert!(told.lock().unwrap().is_empty());
    });
}

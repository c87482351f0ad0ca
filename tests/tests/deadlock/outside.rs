//! What comes from outside a root, or is left from an earlier one: groups, handles, requests to stop, channels.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use orion_rt::{Group, LocalGroup, Multi, cancelled};

use super::*;

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Longer than the monitor leaves a root alone that has just come to rest.
const LATE: Duration = Duration::from_millis(300);

/// A runtime of two workers that tells of proven deadlocks only.
fn telling_of_proofs() -> (Runtime, Arc<Mutex<Vec<Deadlock>>>) {
    let (builder, told) = telling(DeadlockPolicy::Off);
    (builder.workers(2).build().unwrap(), told)
}

// D1: a request to stop that is on its way, from a thread outside, has not woken yet whom it will.
#[test]
fn d1_a_root_that_is_being_cancelled_is_not_stuck() {
    struct Slow;
    impl Wake for Slow {
        fn wake(self: Arc<Self>) {
            thread::park_timeout(LATE);
        }
    }
    watched(|| {
        let (runtime, told) = telling_of_proofs();
        let (out, group) = mpsc::channel();
        let root = runtime.start(async move |g: Group<'static>| {
            let (inner, ready) = (g.clone(), Chan::new(0));
            let waits = ready.clone();
            g.go(async move {
                // The first to be woken by the request.
                let mut asked = pin!(inner.cancelled());
                let slow = Waker::from(Arc::new(Slow));
                assert!(asked.as_mut().poll(&mut Context::from_waker(&slow)).is_pending());
                ready.send(()).await.unwrap();
                pending().await
            });
            waits.recv().await.unwrap();
            out.send(g.clone()).unwrap();
            g.cancelled().await;
            "in order"
        });
        let group: Group<'static> = group.recv().unwrap();
        thread::park_timeout(Duration::from_millis(50));
        group.cancel();
        assert_eq!(futures::executor::block_on(root).unwrap(), "in order");
        assert!(told.lock().unwrap().is_empty());
    });
}

// D1: a cancelled group is not all of a started root: its body goes on, and whoever has the `Root` may ask it to stop.
#[test]
fn d1_the_body_of_a_cancelled_root_may_be_asked_still() {
    watched(|| {
        let (runtime, told) = telling_of_proofs();
        let (out, group) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let root = runtime.start(async move |g: Group<'static>| {
            g.go(pending());
            out.send(g).unwrap();
            shield(cancelled()).await;
            done.send(()).unwrap();
        });
        let group: Group<'static> = group.recv().unwrap();
        group.cancel();
        assert!(is_done.recv_timeout(LATE).is_err() && told.lock().unwrap().is_empty());
        drop(root);
        is_done.recv().unwrap();
        drop(runtime);
        assert!(told.lock().unwrap().is_empty());
    });
}

/// A local group on the scope of a started root, polled once where this is called; then a thread drives it, late. Gives the handle of its child.
async fn driven_elsewhere(scope: Group<'static>, to: mpsc::Sender<Boxed>) -> JoinHandle<'static, u8> {
    let handle = Arc::new(OnceLock::new());
    let set = Arc::clone(&handle);
    let mut group: Boxed = Box::pin(scope.local(async move |children: LocalGroup<'static, Multi>| {
        set.set(children.spawn(async {
            yield_now().await;
            9
        }))
        .unwrap();
    }));
    poll_fn(|cx| {
        assert!(group.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    to.send(group).unwrap();
    Arc::into_inner(handle).expect("the body is gone").into_inner().unwrap()
}

// D1: who joins a child waits for whoever polls its group, and that may be anybody where the group is of a started root; be it that the root in
// which it was polled first is over.
#[test]
fn d1_a_child_may_be_driven_from_outside() {
    watched(|| {
        let (runtime, told) = telling_of_proofs();
        let (out, group) = mpsc::channel();
        let (stop, stopped) = Chan::<()>::new(0).split();
        let root = runtime.start(async move |g: Group<'static>| {
            out.send(g).unwrap();
            stopped.recv().await;
        });
        let scope = group.recv().unwrap();
        for in_one_root in [true, false] {
            let (to, group) = mpsc::channel::<Boxed>();
            let driver = thread::spawn(move || {
                let group = group.recv().unwrap();
                thread::park_timeout(LATE);
                futures::executor::block_on(group);
            });
            let child = driven_elsewhere(scope.clone(), to);
            let value = if in_one_root {
                runtime.try_run(async |s| s.spawn(child).await.unwrap().await.unwrap())
            } else {
                let child = runtime.run(async |_| child.await);
                runtime.try_run(async |_| child.await.unwrap())
            };
            assert_eq!(value.unwrap(), 9);
            driver.join().unwrap();
        }
        drop(stop);
        futures::executor::block_on(root).unwrap();
        assert!(told.lock().unwrap().is_empty());
    });
}

// D1, X3: nor is a task of the started root itself stuck that joins such a child, in a shield, when all of the root was asked to stop.
#[test]
fn d1_a_child_that_is_driven_from_outside_keeps_a_shield() {
    watched(|| {
        let (runtime, told) = telling_of_proofs();
        let (to, group) = mpsc::channel::<Boxed>();
        let (done, is_done) = mpsc::channel();
        let root = runtime.start(async move |g: Group<'static>| {
            shield(async move {
                let child = driven_elsewhere(g, to).await;
                let _ = child.await;
                done.send(()).unwrap();
            })
            .await;
        });
        let group = group.recv().unwrap();
        drop(root);
        assert_eq!(is_done.recv_timeout(LATE), Err(mpsc::RecvTimeoutError::Timeout));
        futures::executor::block_on(group);
        is_done.recv().unwrap();
        drop(runtime);
        assert!(told.lock().unwrap().is_empty());
    });
}

/// Longer than a suspicion lasts until it is acted on.
const VERY_LATE: Duration = Duration::from_millis(1400);

// D2: a channel that a thread begins to use when tasks wait at it already, by themselves, in a select, as children.
#[test]
fn d2_a_thread_comes_to_a_channel_that_tasks_wait_at() {
    async fn receive(jobs: &Chan<u8>) {
        assert!(jobs.recv().await.is_some());
    }
    async fn select(jobs: &Chan<u8>) {
        let never = Chan::<u8>::new(0);
        select! {
            job = <-jobs => assert!(job.is_some()),
            <-never => unreachable!(),
        }
    }
    watched(|| {
        let check = |consume: &mut dyn FnMut(&Chan<u8>)| {
            let jobs = Chan::<u8>::new(0);
            let other = jobs.clone();
            let consumer = thread::spawn(move || {
                thread::park_timeout(Duration::from_millis(100));
                assert!(other.recv_blocking().is_some());
            });
            let producers = [1, 2].map(|n| sends_late(&jobs, n, VERY_LATE));
            consume(&jobs);
            consumer.join().unwrap();
            producers.into_iter().for_each(|producer| producer.join().unwrap());
        };
        let (builder, told) = telling(DeadlockPolicy::Panic);
        let runtime = builder.build_local().unwrap();
        check(&mut |jobs| runtime.run(async |_| receive(jobs).await));
        check(&mut |jobs| runtime.run(async |_| select(jobs).await));
        check(&mut |jobs| runtime.run(async |s| s.local(async |g| g.go(receive(jobs))).await));
        let runtime = Runtime::builder().workers(1).deadlock(DeadlockPolicy::Panic).build().unwrap();
        check(&mut |jobs| runtime.run(async |s| s.spawn(select(jobs)).await.unwrap()));
        assert!(told.lock().unwrap().is_empty());
    });
}

// D2: of many children each is asked, at whichever channel it waits.
#[test]
fn d2_a_thread_comes_to_the_channel_of_the_last_child() {
    const CHILDREN: usize = 100;
    watched(|| {
        for n in [0, 1] {
            let jobs: Vec<_> = (0..CHILDREN).map(|_| Chan::<u8>::new(0)).collect();
            let last = jobs[CHILDREN - 1].clone();
            let consumer = thread::spawn(move || {
                thread::park_timeout(Duration::from_millis(100));
                assert!(last.recv_blocking().is_some());
            });
            let producers = jobs.clone();
            let producer = thread::spawn(move || {
                thread::park_timeout(VERY_LATE);
                for jobs in producers.iter().rev().take(1).chain(&producers) {
                    jobs.send_blocking(7).unwrap();
                }
            });
            let builder = Runtime::builder().deadlock(DeadlockPolicy::Panic);
            let jobs = &jobs;
            macro_rules! children {
                () => {
                    async |s| {
                        s.local(async |g| {
                            for jobs in jobs {
                                g.go(async { assert_eq!(jobs.recv().await, Some(7)) });
                            }
                        })
                        .await
                    }
                };
            }
            match n {
                0 => builder.build_local().unwrap().run(children!()),
                _ => builder.workers(n).build().unwrap().run(children!()),
            }
            consumer.join().unwrap();
            producer.join().unwrap();
        }
    });
}

// D2: one question is enough, however many children answer.
#[test]
fn d2_one_question_is_enough() {
    const CHILDREN: u32 = 100;
    watched(|| {
        let jobs = Chan::<u8>::new(0);
        let closes = jobs.clone();
        let runtime = Runtime::builder().deterministic(true).on_deadlock(move |_| assert!(closes.close()));
        let polls = Cell::new(0);
        runtime.build_local().unwrap().run(async |s| {
            s.local(async |g| {
                for _ in 0..CHILDREN {
                    g.go(async {
                        let mut waits = pin!(jobs.recv());
                        let waits = poll_fn(|cx| {
                            polls.set(polls.get() + 1);
                            waits.as_mut().poll(cx)
                        });
                        assert_eq!(waits.await, None);
                    });
                }
            })
            .await;
        });
        assert_eq!(polls.get(), 3 * CHILDREN, "each came to wait, answered, and found the channel closed");
    });
}

// D2: who goes on when it is asked, and waits elsewhere, has been quiet from then on only.
#[test]
fn d2_who_goes_on_when_asked_is_given_another_second() {
    async fn goes_on_at_the_second_poll(jobs: &Chan<u8>) {
        let never = Chan::<u8>::new(0);
        let mut waits = Box::pin(never.recv());
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            if polls == 1 { waits.as_mut().poll(cx).map(|_| ()) } else { Poll::Ready(()) }
        })
        .await;
        assert_eq!(jobs.recv().await, Some(7));
    }
    watched(|| {
        let builder = || Runtime::builder().deadlock(DeadlockPolicy::Panic);
        for budget in [0, 128] {
            let jobs = Chan::<u8>::new(0);
            let thread = sends_late(&jobs, 7, VERY_LATE);
            let runtime = builder().yield_budget(budget).build_local().unwrap();
            runtime.run(async |_| goes_on_at_the_second_poll(&jobs).await);
            thread.join().unwrap();
        }
    });
}

// D2: a root is not taken for an earlier one of the same runtime, which has used the channel as well.
#[test]
fn d2_an_earlier_root_is_another() {
    watched(|| {
        let check = |run: &dyn Fn(&Chan<u8>, &[u8])| {
            let jobs = Chan::<u8>::new(1);
            let sender = jobs.clone();
            run(&sender, &[1]);
            let thread = sends_late(&jobs, 2, VERY_LATE);
            run(&jobs, &[]);
            thread.join().unwrap();
        };
        async fn round(jobs: &Chan<u8>, sent: &[u8]) {
            for job in sent {
                jobs.send(*job).await.unwrap();
            }
            assert!(jobs.recv().await.is_some());
        }
        let builder = || Runtime::builder().deadlock(DeadlockPolicy::Panic);
        let local = builder().build_local().unwrap();
        check(&|jobs, sent| local.run(async |_| round(jobs, sent).await));
        let runtime = builder().workers(1).build().unwrap();
        check(&|jobs, sent| runtime.run(async |_| round(jobs, sent).await));
    });
}

// D1, P1: a deadlock that is raised in a root but is another's is a panic like any other.
#[test]
fn d1_try_run_returns_deadlocks_of_its_own_only() {
    watched(|| {
        let stuck = || run(async |s| s.chan::<u8>(0).recv().await);
        let runtime = Runtime::builder().build_local().unwrap();
        let raised = catch_unwind(AssertUnwindSafe(|| runtime.try_run(async |s| s.spawn_blocking(stuck).get().await)));
        assert!(raised.unwrap_err().is::<Deadlock>());
    });
}

//! Task-local values: set for a future, inherited at the spawn, never seen by anybody else.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use orion_rt::{Chan, Group, TaskError, run, select, task_local, yield_now};
use orion_tests::{Count, OnDrop, Then, for_ever, now, on_every_kind, panic_message, poll_once, watched, workers};

task_local! {
    /// Which request a task works for.
    static REQUEST_ID: u64;
    static USER: String;
    static GUARD: Arc<OnDrop>;
}

mod elsewhere {
    orion_rt::task_local! {
        #[allow(dead_code)]
        pub static EXPORTED: (u8, &'static str);
        pub(crate) static LAST: Option<u8>
    }
}

// Set for the future and for what it spawns, whenever that runs; not for anybody else.
on_every_kind!(children_inherit_at_their_spawn, async |s| {
    assert_eq!(REQUEST_ID.try_get(), None);
    let before = s.spawn(async {
        yield_now().await;
        REQUEST_ID.try_get()
    });
    let child = REQUEST_ID
        .scope(7, async {
            assert_eq!((REQUEST_ID.get(), USER.try_get()), (7, None));
            let child = s.spawn(async {
                yield_now().await;
                REQUEST_ID.get()
            });
            yield_now().await;
            assert_eq!(REQUEST_ID.with(|id| *id), 7);
            child
        })
        .await;
    assert_eq!(REQUEST_ID.try_get(), None);
    assert_eq!((before.await.unwrap(), child.await.unwrap()), (None, 7));
    assert_eq!(s.spawn(async { REQUEST_ID.try_get() }).await.unwrap(), None);
});

// In groups and grandchildren, too; and a child's own value is not its parent's.
on_every_kind!(groups_and_grandchildren_inherit, async |s| {
    let g = Group::clone(s);
    let user = String::from("ann");
    let task = USER.scope(user, async {
        s.spawn(async move {
            let inner = g.group(async |h| {
                let grandchild = h.clone();
                let child =
                    h.spawn(USER.scope(String::from("bob"), async move {
                        grandchild.spawn(async { USER.get() }).await.unwrap()
                    }));
                let other = h.task().name("other").spawn(async { USER.get() });
                (child.await.unwrap(), other.await.unwrap())
            });
            let inner = inner.await;
            (inner, USER.get())
        })
    });
    let (inner, own) = task.await.await.unwrap();
    assert_eq!((inner.0.as_str(), inner.1.as_str(), own.as_str()), ("bob", "ann", "ann"));
});

// Many tasks take turns on the same threads; each has its own value.
on_every_kind!(tasks_do_not_see_each_others_values, async |s| {
    let mut tasks = Vec::new();
    for id in 0..100 {
        tasks.push(s.spawn(async move {
            yield_now().await;
            if id % 3 == 0 {
                assert_eq!(REQUEST_ID.try_get(), None);
                return;
            }
            REQUEST_ID
                .scope(id, async {
                    for _ in 0..10 {
                        assert_eq!(REQUEST_ID.get(), id);
                        yield_now().await;
                    }
                })
                .await;
            assert_eq!(REQUEST_ID.try_get(), None);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
});

// The future of a cancelled task is dropped with its values: one that was suspended, one that never ran, one that was refused.
on_every_kind!(destructors_see_the_values, async |s| {
    let seen = Arc::new(Mutex::new(Vec::new()));
    REQUEST_ID
        .scope(1, async {
            s.group(async |g| {
                for id in 2..5 {
                    let seen = Arc::clone(&seen);
                    let told = Then(move || seen.lock().unwrap().push((id, REQUEST_ID.try_get())));
                    if id == 4 {
                        g.cancel();
                    }
                    let task = g.spawn(REQUEST_ID.scope(id, async move {
                        let _told = told;
                        for_ever().await;
                    }));
                    if id == 2 {
                        yield_now().await;
                    }
                    drop(task);
                }
            })
            .await;
        })
        .await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, [(2, Some(2)), (3, Some(3)), (4, Some(4))]);
});

// The same for values that were inherited.
on_every_kind!(destructors_see_inherited_values, async |s| {
    let seen = Arc::new(Mutex::new(Vec::new()));
    REQUEST_ID
        .scope(9, async {
            s.group(async |g| {
                for _ in 0..3 {
                    let seen = Arc::clone(&seen);
                    let told = Then(move || seen.lock().unwrap().push(REQUEST_ID.try_get()));
                    g.go(async move {
                        let _told = told;
                        for_ever().await;
                    });
                }
                yield_now().await;
                g.cancel();
            })
            .await;
        })
        .await;
    assert_eq!(*seen.lock().unwrap(), [Some(9); 3]);
});

// A value goes with the last task that has it, whatever becomes of handles and wakers.
on_every_kind!(values_go_with_their_tasks, async |s| {
    let drops = Count::default();
    let wakers = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&wakers);
    let guard = Arc::new(drops.on_drop());
    let mut task = GUARD
        .scope(guard, async {
            s.spawn(async move {
                std::future::poll_fn(move |cx| {
                    keep.lock().unwrap().push(cx.waker().clone());
                    std::task::Poll::Ready(())
                })
                .await;
            })
        })
        .await;
    task.finished().await;
    assert_eq!(drops.get(), 1);
    task.await.unwrap();
    drop(wakers);
});

// A panic leaves the thread as it was; a task that catches it has its other values.
on_every_kind!(a_panic_restores, async |_| {
    let outer = REQUEST_ID.scope(1, async {
        let inner = AssertUnwindSafe(REQUEST_ID.scope(2, async { panic!("inside {}", REQUEST_ID.get()) }));
        assert!(inner.catch_unwind().await.is_err());
        assert_eq!(REQUEST_ID.get(), 1);
        let inside_with = catch_unwind(|| USER.with(|_| ()));
        assert!(panic_message(inside_with).contains("USER"));
        REQUEST_ID.get()
    });
    assert_eq!(outer.await, 1);
    assert_eq!(REQUEST_ID.try_get(), None);
});

// A scoped future that is moved between tasks has its own value and the other values of the task that polls it.
on_every_kind!(a_scoped_future_moves_between_tasks, async |s| {
    let (chan, back) = (Chan::new(1), Chan::new(1));
    type Boxed = Pin<Box<dyn Future<Output = (u64, String)> + Send>>;
    let mut scoped: Boxed = Box::pin(REQUEST_ID.scope(5, async {
        let mut seen = format!("{:?} ", USER.try_get());
        yield_now().await;
        seen.push_str(&format!("{:?} ", USER.try_get()));
        yield_now().await;
        seen.push_str(&format!("{:?}", USER.try_get()));
        (REQUEST_ID.get(), seen)
    }));
    assert!(futures::poll!(scoped.as_mut()).is_pending());
    chan.send(scoped).await.unwrap();
    let answer = back.clone();
    s.go(USER.scope("ann".into(), async move {
        let mut scoped: Boxed = chan.recv().await.unwrap();
        assert!(futures::poll!(scoped.as_mut()).is_pending());
        answer.send(scoped).await.unwrap();
    }));
    let scoped = back.recv().await.unwrap();
    assert_eq!(scoped.await, (5, "None Some(\"ann\") None".to_owned()));
});

// A group's body is polled with the values of the task that polls it; what it has spawned keeps what it inherited.
on_every_kind!(a_group_future_moves_between_tasks, async |s| {
    let g = Group::clone(s);
    s.spawn(async move {
        let ready = Chan::new(1);
        let (go, wait) = (ready.clone(), ready.clone());
        let mut group = Box::pin(g.group(async move |h| {
            let child = h.spawn(async move {
                wait.recv().await;
                REQUEST_ID.try_get()
            });
            yield_now().await;
            (REQUEST_ID.try_get(), child.await.unwrap())
        }));
        let first = REQUEST_ID.scope(1, async { futures::poll!(group.as_mut()) });
        assert!(first.await.is_pending());
        let rest = REQUEST_ID.scope(2, async {
            go.send(()).await.unwrap();
            group.await
        });
        assert_eq!(rest.await, (Some(2), Some(1)));
    })
    .await
    .unwrap();
});

// Scopes nest by key, and in a `select!` a losing scoped future is dropped with its value.
on_every_kind!(scopes_nest, async |_| {
    let seen = Arc::new(Mutex::new(None));
    let tell = Arc::clone(&seen);
    let nested = REQUEST_ID.scope(
        1,
        USER.scope("ann".into(), async move {
            let told = Then(move || *tell.lock().unwrap() = Some((REQUEST_ID.get(), USER.get())));
            let losing = REQUEST_ID.scope(2, async move {
                let _told = told;
                for_ever().await;
            });
            select! {
                biased;
                _ = losing => unreachable!(),
                _ = yield_now() => {}
            }
            (REQUEST_ID.get(), USER.get())
        }),
    );
    assert_eq!(nested.await, (1, "ann".to_owned()));
    assert_eq!(*seen.lock().unwrap(), Some((2, "ann".to_owned())));
});

// A root that is opened where a value is set inherits it, and its tasks do not see what the thread has otherwise.
#[test]
fn a_root_inherits_like_a_task() {
    watched(|| {
        let inside = || {
            run(async |s| (REQUEST_ID.try_get(), s.spawn(async { REQUEST_ID.try_get() }).await.unwrap()));
            workers(1).run(async |s| (REQUEST_ID.try_get(), s.spawn(async { REQUEST_ID.try_get() }).await.unwrap()))
        };
        assert_eq!(now(REQUEST_ID.scope(3, async { inside() })), (Some(3), Some(3)));
        assert_eq!(inside(), (None, None));
    });
}

// Any executor polls a scoped future.
#[test]
fn scopes_work_without_a_runtime() {
    let scoped = REQUEST_ID.scope(4, async { REQUEST_ID.get() });
    assert_eq!(futures::executor::block_on(scoped), 4);
    let wakes = Count::default();
    let mut pending = pin!(REQUEST_ID.scope(4, for_ever()));
    assert!(poll_once(pending.as_mut(), &wakes).is_pending());
    assert_eq!(REQUEST_ID.try_get(), None);
}

// Without a value: the message names the static and what to do.
#[test]
fn a_value_that_is_not_set() {
    let message = panic_message(catch_unwind(|| drop(USER.get())));
    assert!(message.contains("`USER`") && message.contains("USER.scope(value, future)"), "{message}");
    assert_eq!(elsewhere::EXPORTED.try_get(), None);
    assert_eq!(now(elsewhere::LAST.scope(Some(1), async { elsewhere::LAST.get() })), Some(1));
}

// The future is `Unpin` and `Send` if the one inside is.
#[test]
fn auto_traits() {
    fn unpin<F: Future + Unpin + Send>(future: F) -> F {
        future
    }
    let ready = unpin(REQUEST_ID.scope(1, std::future::ready(2)));
    assert_eq!(now(ready), 2);
}

// S5: a refused task drops its values at once.
#[test]
fn a_refused_task_keeps_no_value() {
    run(async |s| {
        let drops = Count::default();
        s.group(async |g| {
            g.cancel();
            let guard = Arc::new(drops.on_drop());
            let task = GUARD.scope(guard, async { g.spawn(async {}) }).await;
            assert_eq!(drops.get(), 1);
            assert!(matches!(task.await, Err(TaskError::Cancelled)));
        })
        .await;
    });
}

//! Local groups: children are woken, cancelled, joined and spawned from other workers while the group's task runs, moves between
//! workers, and ends.

use super::*;
use crate::{Chan, LocalGroup, TaskError};

// Y5, C7: children exchange values with tasks on other workers; the group's task moves between workers meanwhile.
#[test]
fn children_are_woken_from_other_workers() {
    explore(|| {
        let census = Census::new();
        let capacity = choose(2) as usize;
        runtime(2).run(async |s| {
            let (there, back) = (Chan::new(capacity), Chan::new(capacity));
            s.go({
                let (there, back) = (there.clone(), back.clone());
                async move {
                    while let Some(value) = there.recv().await {
                        if back.send(value).await.is_err() {
                            unreachable!("nobody closes it");
                        }
                    }
                }
            });
            let task = s.spawn({
                let (s, census) = ((*s).clone(), Arc::clone(&census));
                async move {
                    let mut came = 0;
                    let local: Boxed<'_> = Box::pin(s.local(async |g| {
                        let (there, back, census) = (&there, &back, &census);
                        g.go(async {
                            for id in 0..2 {
                                assert!(there.send(census.enter(id)).await.is_ok());
                            }
                        });
                        g.go(async {
                            for id in 0..2 {
                                assert_eq!(back.recv().await.map(|value| value.id), Some(id));
                                came += 1;
                                crate::yield_now().await;
                            }
                        });
                    }));
                    local.await;
                    there.close();
                    came
                }
            });
            assert_eq!(task.join().await.unwrap(), 2);
        });
        census.assert_empty();
    });
}

/// A child that waits for `event`, then returns a value.
async fn child(event: Arc<Event>, value: Counted) -> Counted {
    event.wait().await;
    value
}

// X1, S3, J6: the group's task is cancelled while another thread uses the wakers of its children: it ends, and they with it;
// a late wake-up, of a child, a task, a root that is gone, does nothing.
#[test]
fn the_groups_task_is_cancelled_while_a_child_is_woken() {
    explore(|| {
        let census = Census::new();
        let event = Arc::<Event>::default();
        let runtime = runtime(2);
        let elsewhere = happens_elsewhere(&event);
        runtime.run(async |s| {
            let task = s.spawn({
                let (s, census, event) = ((*s).clone(), Arc::clone(&census), Arc::clone(&event));
                async move {
                    let local: Boxed<'_, usize> = Box::pin(s.local(async move |g| {
                        let children: Vec<_> =
                            (0..2).map(|id| g.spawn(child(Arc::clone(&event), census.enter(id)))).collect();
                        let mut sum = 0;
                        for child in children {
                            sum += child.join().await.unwrap().id;
                        }
                        sum
                    }));
                    local.await
                }
            });
            turns(choose(4)).await;
            task.cancel();
            assert!(matches!(task.join().await, Ok(1) | Err(TaskError::Cancelled)));
            census.assert_empty();
        });
        drop(runtime);
        event.wake();
        elsewhere.join().unwrap();
    });
}

// S4, J6: the group's future is dropped half-way, by its task, while another thread wakes its children: they are gone at
// once, and a handle that has left says so.
#[test]
fn a_group_is_dropped_while_a_child_is_woken() {
    explore(|| {
        let census = Census::new();
        let event = Arc::<Event>::default();
        let elsewhere = happens_elsewhere(&event);
        runtime(2).run(async |s| {
            let left = Chan::new(1);
            let joins = s.spawn({
                let left = left.clone();
                async move {
                    let handle: crate::JoinHandle<'_, Counted> = left.recv().await.unwrap();
                    match handle.join().await {
                        Ok(value) => assert_eq!(value.id, 0),
                        Err(TaskError::Cancelled) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
            let inside = (Arc::clone(&event), Arc::clone(&census));
            let local: Boxed<'_> = Box::pin(s.local(async move |g| {
                let (event, census) = inside;
                let alive = census.enter(1);
                g.go(async move {
                    let _alive = alive;
                    for_ever().await;
                });
                let handle = g.spawn(child(event, census.enter(0)));
                left.send(handle).await.unwrap();
            }));
            let _ = at_most(1 + choose(2), local).await;
            joins.join().await.unwrap();
            census.assert_empty();
        });
        event.wake();
        elsewhere.join().unwrap();
    });
}

// X2, S5: a clone on another worker cancels the group while its children begin, wait or are woken: each is dropped or has
// returned, the body goes on, and what is spawned afterwards is refused.
#[test]
fn a_group_is_cancelled_through_a_clone() {
    explore(|| {
        let census = Census::new();
        let event = Arc::<Event>::default();
        let elsewhere = happens_elsewhere(&event);
        runtime(2).run(async |s| {
            let cancels = Chan::new(1);
            s.go({
                let cancels = cancels.clone();
                async move {
                    let g: LocalGroup<'_> = cancels.recv().await.unwrap();
                    g.cancel();
                }
            });
            let inside = (Arc::clone(&event), Arc::clone(&census));
            let local: Boxed<'_, LocalGroup<'_>> = Box::pin(s.local(async move |g| {
                let (event, census) = inside;
                let alive = census.enter(1);
                let waits = g.spawn(async move {
                    let _alive = alive;
                    for_ever().await;
                });
                cancels.send(g.clone()).await.unwrap();
                let woken = g.spawn(child(event, census.enter(0)));
                assert!(matches!(waits.join().await, Err(TaskError::Cancelled)));
                match woken.join().await {
                    Ok(value) => assert_eq!(value.id, 0),
                    Err(TaskError::Cancelled) => {}
                    Err(error) => panic!("{error}"),
                }
                census.assert_empty();
                g
            }));
            let g = local.await;
            let late = g.spawn(async { unreachable!("the group is cancelled and over") });
            assert!(matches!(late.join().await, Err(TaskError::Cancelled)));
            drop(g);
        });
        elsewhere.join().unwrap();
        census.assert_empty();
    });
}

// S2, S5, J5: a clone on another worker spawns while the group's task polls, parks or ends: the child is polled to its end, or
// refused, and joined from there.
#[test]
fn a_child_is_spawned_from_another_worker() {
    explore(|| {
        let (census, ran) = (Census::new(), Census::new());
        runtime(2).run(async |s| {
            let left = Chan::new(1);
            let waits = choose(2) == 0;
            let spawner = s.spawn({
                let (left, census, ran) = (left.clone(), Arc::clone(&census), Arc::clone(&ran));
                async move {
                    let g: LocalGroup<'_> = left.recv().await.unwrap();
                    let value = census.enter(0);
                    let task = g.spawn(async move {
                        crate::yield_now().await;
                        drop(ran.enter(0));
                        value
                    });
                    task.join().await.is_ok()
                }
            });
            let over = Chan::<()>::new(1);
            let local: Boxed<'_> = Box::pin(s.local({
                let over = over.clone();
                async move |g: LocalGroup<'_>| {
                    g.go(turns(choose(8)));
                    left.send(g).await.unwrap();
                    turns(choose(8)).await;
                    if waits {
                        over.recv().await;
                    }
                }
            }));
            let group = s.group(async |inner| {
                inner.go(local);
                let joined = spawner.join().await.unwrap();
                over.close();
                joined
            });
            let joined = group.await;
            assert!(joined || !waits, "the group was open");
            assert_eq!(ran.born(), usize::from(joined));
            census.assert_empty();
        });
    });
}

// X2, X3: the scope of a local group is cancelled from another worker while children run: they are dropped, and the body, which
// the cancel does not reach, goes on.
#[test]
fn the_scope_of_a_local_group_is_cancelled() {
    explore(|| {
        let census = Census::new();
        runtime(2).run(async |s| {
            s.group(async |g| {
                let cancels = g.clone();
                s.go(async move { cancels.cancel() });
                let goes_on = g
                    .local(async |local| {
                        for id in 0..2 {
                            let alive = census.enter(id);
                            local.go(async move {
                                let _alive = alive;
                                turns(choose(2)).await;
                                for_ever().await;
                            });
                        }
                        g.cancelled().await;
                        true
                    })
                    .await;
                assert!(goes_on);
                census.assert_empty();
            })
            .await;
        });
    });
}

// R1, Y5, J6: the same for a root on one thread, whose children another thread wakes: they return, are dropped with the group
// or cancelled, and their wakers outlive the root.
#[test]
fn children_of_a_local_root_are_woken_elsewhere() {
    explore(|| {
        let census = Census::new();
        let event = Arc::<Event>::default();
        let elsewhere = happens_elsewhere(&event);
        crate::run(async |s| {
            let half_way = choose(2) == 0;
            let local = Box::pin(s.local(async |g: LocalGroup<'_, crate::Local>| {
                let woken = g.spawn(child(Arc::clone(&event), census.enter(1)));
                let other = g.spawn(child(Arc::clone(&event), census.enter(2)));
                if choose(3) == 0 {
                    other.cancel();
                }
                let _ = other.join().await;
                woken.join().await.unwrap().id
            }));
            if half_way {
                let _ = at_most(1 + choose(2), local).await;
            } else {
                assert_eq!(local.await, 1);
            }
            census.assert_empty();
        });
        event.wake();
        elsewhere.join().unwrap();
    });
}

//! Depth and length: nothing recurses, whatever the number of tasks that are chained or nested (X2, S3, P1).

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use orion_rt::{Chan, Group, Kind, Local, Multi, TaskError, run, shield, yield_now};
use orion_tests::{Count, on_every_kind, panic_message, watched, workers};

/// As many as the rules speak of; fewer where every step is interpreted.
const MANY: usize = if cfg!(miri) { 200 } else { 1_000_000 };
/// Where a million would take longer than it tells: once is enough for the depth.
const FEWER: usize = if cfg!(miri) { 200 } else { 50_000 };

// X2, S3: a million tasks, each of which joins the one before: they end one after the other, or are cancelled at once.
#[test]
fn x2_a_chain_of_joins() {
    watched(|| {
        for cancelled in [false, true] {
            run(async |s| {
                let gate = Chan::<()>::new(0);
                let wait = gate.clone();
                let mut last = s.spawn(async move {
                    wait.recv().await;
                    0
                });
                for _ in 0..MANY {
                    let before = last;
                    last = s.spawn(async move { before.await.map_or(0, |n| n + 1) });
                }
                yield_now().await;
                if cancelled {
                    s.cancel();
                    assert!(matches!(last.await, Err(TaskError::Cancelled)));
                } else {
                    gate.close();
                    assert_eq!(last.await.unwrap(), MANY);
                }
            });
        }
    });
}

/// What the task at the bottom of a pile does, once it has said that it is there.
#[derive(Clone, Copy)]
enum Bottom {
    Return,
    Panic,
    WaitForCancel,
}

async fn at_the_bottom(what: Bottom, there: Chan<()>) {
    there.send(()).await.unwrap();
    match what {
        Bottom::Return => {}
        Bottom::Panic => panic!("at the bottom"),
        Bottom::WaitForCancel => shield(orion_rt::cancelled()).await,
    }
}

/// A kind whose groups the tests below pile up.
trait Piled: Kind {
    /// A task that opens a group, in which is a task that opens a group, and so on.
    fn pile<'s>(g: Group<'s, Self>, depth: usize, what: Bottom, there: Chan<()>, gone: Count);
}

macro_rules! piled {
    ($kind:ty, $($send:tt)*) => {
        impl Piled for $kind {
            fn pile<'s>(g: Group<'s, Self>, depth: usize, what: Bottom, there: Chan<()>, gone: Count) {
                let parent = g.clone();
                let task: Pin<Box<dyn Future<Output = ()> $($send)* + 's>> = Box::pin(async move {
                    let _gone = gone.on_drop();
                    if depth == 0 {
                        return at_the_bottom(what, there).await;
                    }
                    parent.group(async |below| Self::pile(below, depth - 1, what, there, gone.clone())).await;
                });
                g.go(task);
            }
        }
    };
}

piled!(Local,);
piled!(Multi, + Send);

async fn a_pile<K: Piled>(s: &Group<'_, K>, depth: usize, what: Bottom) {
    let (there, gone) = (Chan::new(1), Count::default());
    let (arrived, count) = (there.clone(), gone.clone());
    s.group(async move |g| {
        K::pile(g.clone(), depth, what, there, count);
        arrived.recv().await;
        if let Bottom::WaitForCancel = what {
            g.cancel();
        }
    })
    .await;
    assert_eq!(gone.get(), depth + 1);
}

// X2, S3: groups, each opened by a task of the one above, complete from the bottom.
#[test]
fn s3_a_pile_of_groups_completes() {
    watched(|| {
        run(async |s| a_pile(s, FEWER, Bottom::Return).await);
        workers(2).run(async |s| a_pile(s, FEWER, Bottom::Return).await);
    });
}

// X2: a cancel of the topmost of a million reaches the bottom, and the teardown is a loop.
#[test]
fn x2_a_pile_of_groups_is_cancelled() {
    watched(|| {
        run(async |s| a_pile(s, MANY, Bottom::WaitForCancel).await);
        workers(2).run(async |s| a_pile(s, FEWER, Bottom::WaitForCancel).await);
    });
}

// J4, S3: a pile of tasks, each of which joins the one in its group: looking for a cycle takes no longer at the bottom than at the top.
#[test]
fn j4_a_pile_of_joins() {
    fn pile<'s>(g: &Group<'s, Local>, height: usize) -> Pin<Box<dyn Future<Output = usize> + 's>> {
        let g = g.clone();
        Box::pin(async move {
            if height == 0 {
                return 0;
            }
            g.group(async |below| below.spawn(pile(&below, height - 1)).await.unwrap() + 1).await
        })
    }
    let height = if cfg!(miri) { 100 } else { 400_000 };
    watched(move || {
        let height_of = run(async |s| s.spawn(pile(s, height)).await.unwrap());
        assert_eq!(height_of, height);
    });
}

// P1: a panic at the bottom is raised by each group on the way up.
#[test]
fn p1_a_panic_climbs_a_pile_of_groups() {
    watched(|| {
        let caught = catch_unwind(AssertUnwindSafe(|| run(async |s| a_pile(s, FEWER, Bottom::Panic).await)));
        assert_eq!(panic_message(caught.map(drop)), "at the bottom");
        let caught = catch_unwind(AssertUnwindSafe(|| workers(2).run(async |s| a_pile(s, FEWER, Bottom::Panic).await)));
        assert_eq!(panic_message(caught.map(drop)), "at the bottom");
    });
}

/// Groups opened by the bodies of groups, in one task: `depth` of them are polled inside each other.
fn nest<'s, K: Kind>(
    g: Group<'s, K>,
    depth: usize,
    bottom: &'s (dyn Fn() + Sync),
) -> Pin<Box<dyn Future<Output = usize> + 's>> {
    Box::pin(async move {
        if depth == 0 {
            bottom();
            yield_now().await;
            shield(yield_now()).await;
            return 0;
        }
        g.group(async |below| nest(below, depth - 1, bottom).await + 1).await
    })
}

// X2, X3: a thousand bodies of groups inside each other, with a shield at the bottom that registers with each; cancelled and not.
#[test]
fn x3_a_thousand_levels_in_one_task() {
    let levels = if cfg!(miri) { 20 } else { 1000 };
    watched(|| {
        // The poll of the outermost is as deep as the nest: that is the program's own recursion.
        let deep = std::thread::Builder::new().stack_size(256 << 20).spawn(move || {
            let nothing = || {};
            assert_eq!(run(async |s| nest((*s).clone(), levels, &nothing).await), levels);
            let runtime = workers(1);
            assert_eq!(runtime.run(async |s| nest((*s).clone(), levels, &nothing).await), levels);
            run(async |s| {
                let task = s.spawn(nest((*s).clone(), levels, &nothing));
                yield_now().await;
                task.cancel();
                assert!(matches!(task.await, Err(TaskError::Cancelled)));
            });
            let fails = || panic!("at the bottom");
            let caught = catch_unwind(AssertUnwindSafe(|| run(async |s| nest((*s).clone(), levels, &fails).await)));
            assert_eq!(panic_message(caught.map(drop)), "at the bottom");
        });
        deep.unwrap().join().unwrap();
    });
}

// X2, S4: many groups below one that is dropped, each with a task: it waits for all.
on_every_kind!(s4_many_dropped_groups, async |s| {
    let many = if cfg!(miri) { 10 } else { 1000 };
    let gone = Count::default();
    let count = gone.clone();
    s.group(async move |g| {
        let mut groups: Vec<_> = (0..many)
            .map(|_| {
                let counted = count.on_drop();
                Box::pin(g.group(async move |h| {
                    h.go(async move {
                        let _counted = counted;
                        std::future::pending::<()>().await;
                    });
                }))
            })
            .collect();
        std::future::poll_fn(|cx| {
            assert!(groups.iter_mut().all(|group| group.as_mut().poll(cx).is_pending()));
            std::task::Poll::Ready(())
        })
        .await;
    })
    .await;
    assert_eq!(gone.get(), many);
});

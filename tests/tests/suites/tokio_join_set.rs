//! tokio's `task_join_set.rs`. What is different: a set that is dropped neither stops its tasks nor lets go of them, the scope does what it does
//! for any task (J3); a panic is the scope's (P1).

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use orion_rt::{Chan, Runtime, TaskError, now, sleep, yield_now};
use orion_tests::{Count, for_ever, on_every_kind, watched};

const SECOND: Duration = Duration::from_secs(1);

// J1, S3 (test_with_sleep): results come in the order of completion, `None` when the set is empty, and then it can be filled again.
#[test]
fn results_in_the_order_of_completion() {
    watched(|| {
        Runtime::builder().deterministic(true).build_local().unwrap().run(async |s| {
            let mut set = s.join_set();
            assert!(set.next().await.is_none());
            for round in 0..2 {
                let start = now();
                for i in [7, 1, 9, 3, 0] {
                    set.spawn(async move {
                        sleep(SECOND * i).await;
                        i
                    });
                }
                assert_eq!(set.len(), 5);
                for i in [0, 1, 3, 7, 9] {
                    assert_eq!(set.next().await.unwrap().unwrap(), i, "round {round}");
                    assert_eq!(now() - start, SECOND * i);
                }
                assert!(set.next().await.is_none());
            }
        });
    });
}

// J1 (alternating): joining one and spawning one.
on_every_kind!(joining_and_spawning_by_turns, async |s| {
    let mut set = s.join_set();
    set.spawn(async { 0 });
    set.spawn(async { 1 });
    let mut sum = 0;
    for i in 2..18 {
        sum += set.next().await.unwrap().unwrap();
        assert_eq!(set.len(), 1);
        set.spawn(async move { i });
        assert_eq!(set.len(), 2);
    }
    while let Some(result) = set.next().await {
        sum += result.unwrap();
    }
    assert_eq!((sum, set.is_empty()), ((0..18).sum(), true));
});

// X1, X4 (abort_tasks, abort_all): of a set that is cancelled what had returned keeps its result, the rest joins as cancelled, all of it.
on_every_kind!(a_cancelled_set_gives_all_its_tasks, async |s| {
    let (mut set, returned) = (s.join_set(), Count::default());
    for i in 0..10 {
        let counted = returned.clone();
        set.spawn(async move {
            if i % 2 == 0 {
                for_ever().await;
            }
            counted.add();
        });
    }
    while returned.get() < 5 {
        yield_now().await;
    }
    set.cancel();
    assert_eq!(set.len(), 10);
    let (mut finished, mut cancelled) = (0, 0);
    while let Some(result) = set.next().await {
        match result {
            Ok(()) => finished += 1,
            Err(TaskError::Cancelled) => cancelled += 1,
            Err(other) => panic!("{other}"),
        }
    }
    // On several workers one that has counted itself may not have returned yet.
    assert!(finished <= 5 && finished + cancelled == 10);
});

// J3, J6 (test_abort_on_drop, different): a set that is dropped leaves its tasks running; their results are dropped.
on_every_kind!(a_dropped_set_leaves_its_tasks_running, async |s| {
    let (dropped, ran, gate) = (Count::default(), Count::default(), Chan::<()>::new(0));
    let (results, done) = (dropped.clone(), ran.clone());
    s.group(async |g| {
        let mut set = g.join_set();
        for _ in 0..16 {
            let (wait, result, done) = (gate.clone(), results.on_drop(), done.clone());
            set.spawn(async move {
                wait.recv().await;
                done.add();
                result
            });
        }
        drop(set);
        gate.close();
    })
    .await;
    assert_eq!((ran.get(), dropped.get()), (16, 16));
});

// P1 (task_panics): a panic in a set is the group's, and ends the rest.
on_every_kind!(a_panic_in_a_set_is_the_groups, async |s| {
    let dropped = Count::default();
    let read = dropped.clone();
    let group = s.group(async |g| {
        let mut set = g.join_set();
        let held = dropped.on_drop();
        set.spawn(async move {
            let _held = held;
            for_ever().await;
        });
        set.spawn(async { panic!("in the set") });
        while set.next().await.is_some() {}
        for_ever().await;
    });
    let caught = AssertUnwindSafe(group).catch_unwind().await;
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"in the set"));
    assert_eq!(read.get(), 1);
});

// Y2 (join_set_coop): a thousand results that are ready spend the budget; `next` yields and loses none.
#[test]
fn ready_results_spend_the_budget() {
    Runtime::builder().yield_budget(16).build_local().unwrap().run(async |s| {
        let (mut set, turns) = (s.join_set(), Count::default());
        for i in 0..1000 {
            set.spawn(async move { i });
        }
        let counted = turns.clone();
        let ticker = s.spawn(async move {
            loop {
                counted.add();
                yield_now().await;
            }
        });
        let mut sum = 0;
        while let Some(result) = set.next().await {
            sum += result.unwrap();
        }
        assert_eq!(sum, (0..1000).sum::<usize>());
        assert!(turns.get() >= 1000 / 17, "others had {} turns", turns.get());
        ticker.cancel();
    });
}

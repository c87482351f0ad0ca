//! Groups that the first error ends: rule S8.

use std::cell::Cell;
use std::num::{IntErrorKind, ParseIntError};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::task::Poll;

use futures::FutureExt;
use orion_rt::{Chan, Group, Local, TaskError, TryGroup, run, shield, yield_now};
use orion_tests::{Count, OnDrop, Then, for_ever, on_every_kind, watched, workers};

// S8: the first error of a child cancels its siblings and the body, and comes back when all are gone; whoever joins the child
// sees it cancelled.
on_every_kind!(s8_a_childs_error_ends_the_group, async |s| {
    let gone = Count::default();
    let (body, sibling) = (gone.on_drop(), gone.on_drop());
    let joins = Chan::new(1);
    let out = joins.clone();
    let result: Result<(), &str> = s
        .try_group(async move |g| {
            let _body = body;
            g.go(async move {
                let _sibling = sibling;
                for_ever().await;
                Ok(())
            });
            let failing = g.spawn(async {
                yield_now().await;
                Err::<u8, _>("first")
            });
            out.send(failing).await.unwrap();
            for_ever().await;
            Ok(())
        })
        .await;
    assert_eq!((result, gone.get()), (Err("first"), 2));
    let failed = joins.recv().await.unwrap();
    assert!(matches!(failed.await, Err(TaskError::Cancelled)));
});

// S8: the body's error cancels the children.
on_every_kind!(s8_the_bodys_error_ends_the_group, async |s| {
    let gone = Count::default();
    let child = gone.on_drop();
    let result = s
        .try_group(async move |g| {
            g.go(async move {
                let _child = child;
                for_ever().await;
                Ok(())
            });
            "seven".parse::<u8>()
        })
        .await;
    assert!(result.is_err());
    assert_eq!(gone.get(), 1);
});

// S8: an error after the body has returned `Ok` is the group's all the same; the value is dropped.
on_every_kind!(s8_an_error_after_the_bodys_ok, async |s| {
    let dropped = Count::default();
    let value = dropped.on_drop();
    let go_on = Chan::new(0);
    let wait = go_on.clone();
    let mut group = Box::pin(s.try_group(async move |g| {
        g.go(async move {
            wait.recv().await;
            Err("late")
        });
        Ok(value)
    }));
    futures::future::poll_fn(|cx| {
        assert!(group.poll_unpin(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    go_on.send(()).await.unwrap();
    assert_eq!(group.await.err(), Some("late"));
    assert_eq!(dropped.get(), 1);
});

// S8: without an error the group gives the body's value when all are gone.
on_every_kind!(s8_without_an_error, async |s| {
    let sum = s
        .try_group(async |g| {
            let parts: Vec<_> = (1..=4).map(|n| g.spawn(async move { Ok::<_, String>(n) })).collect();
            let mut sum = 0;
            for part in parts {
                sum += part.get().await;
            }
            // Tasks and groups that cannot fail, through the group.
            sum += g.group(async |h| h.spawn(async { 32 }).get().await).await;
            g.task().name("plain").go(async {});
            Ok(sum)
        })
        .await;
    assert_eq!(sum, Ok(42));
});

/// An error that knows when it is dropped.
#[derive(Debug)]
struct Noted(usize, #[expect(dead_code, reason = "counts")] OnDrop);

// S8: exactly one error comes back, the first; the others are dropped, each once.
on_every_kind!(s8_later_errors_are_dropped, async |s| {
    let dropped = Count::default();
    let count = dropped.clone();
    let result = s
        .try_group(async move |g| {
            for n in 1..8 {
                let note = count.clone();
                g.go(async move { shield(async move { Err(Noted(n, note.on_drop())) }).await });
            }
            yield_now().await;
            shield(yield_now()).await;
            Err::<(), _>(Noted(0, count.on_drop()))
        })
        .await;
    let first = result.unwrap_err();
    let before = dropped.get();
    drop(first);
    assert_eq!(dropped.get(), before + 1);
});

// S8, S6: on one thread it is known which is the first.
#[test]
fn s8_the_first_in_time() {
    run(async |s| {
        let result: Result<(), usize> = s
            .try_group(async |g| {
                for n in 0..4 {
                    g.go(async move {
                        for _ in n..3 {
                            shield(yield_now()).await;
                        }
                        Err(n)
                    });
                }
                for_ever().await;
                Ok(())
            })
            .await;
        assert_eq!(result, Err(3));
    });
}

// S8, P1: a panic wins over an error, before or after it, and over the body's value.
on_every_kind!(p1_a_panic_wins_over_an_error, async |s| {
    for order in 0..2 {
        let group = s.try_group(async move |g| {
            g.go(async move { if order == 0 { Err("error") } else { panic!("panic") } });
            let _end = Then(|| {
                if order == 0 && !std::thread::panicking() {
                    panic!("panic");
                }
            });
            shield(g.cancelled()).await;
            Err::<(), _>("error")
        });
        let caught = AssertUnwindSafe(group).catch_unwind().await;
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"panic"));
    }
});

// S8, X3: the body goes on in its shield, and a shield in the failed child's siblings holds too.
on_every_kind!(x3_a_try_groups_body_is_shielded, async |s| {
    let log = Chan::unbounded();
    let (of_body, of_child) = (log.clone(), log.clone());
    let result: Result<(), &str> = s
        .try_group(async move |g| {
            let inner = g.clone();
            let (ready, wait) = (Chan::new(1), Chan::new(1));
            let started = ready.clone();
            g.go(async move {
                shield(async move {
                    started.send(()).await.unwrap();
                    orion_rt::cancelled().await;
                    of_child.send("child").await.unwrap();
                    wait.send(()).await.unwrap();
                })
                .await;
                for_ever().await;
                Ok(())
            });
            ready.recv().await;
            shield(async move {
                inner.go(async { Err("first") });
                inner.cancelled().await;
                of_body.send("body").await.unwrap();
            })
            .await;
            for_ever().await;
            Ok(())
        })
        .await;
    assert_eq!(result, Err("first"));
    let mut seen: Vec<_> = std::iter::from_fn(|| log.try_recv().ok()).collect();
    seen.sort_unstable();
    assert_eq!(seen, ["body", "child"]);
});

// S8, S4: a future that is dropped cancels its tasks; the error it has is dropped with the last who could use it.
on_every_kind!(s4_a_try_group_that_is_dropped, async |s| {
    let gone = Count::default();
    for polls in 0..2 {
        let (child, count) = (gone.on_drop(), gone.clone());
        let (started, failed) = (Chan::new(1), Chan::new(1));
        let (ready, tell) = (started.clone(), failed.clone());
        let mut group = Box::pin(s.try_group(async move |g| {
            g.go(async move {
                let _child = child;
                let _at_end = Then(move || tell.try_send(()).unwrap());
                ready.send(()).await.unwrap();
                Err(Noted(1, count.on_drop()))
            });
            shield(for_ever()).await;
            Ok(())
        }));
        if polls == 1 {
            futures::future::poll_fn(|cx| {
                assert!(group.poll_unpin(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            started.recv().await;
            failed.recv().await;
        }
        drop(group);
    }
    // The child that was never spawned, and the one that was.
    while gone.get() < 3 {
        yield_now().await;
    }
});

// S8, P3: a destructor that panics, of an error that comes too late or of a value, takes nothing down.
on_every_kind!(p3_an_error_that_panics_in_drop, async |s| {
    struct Bomb(bool);
    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 {
                panic!("bomb");
            }
        }
    }
    let result: Result<Bomb, Bomb> = s
        .try_group(async |g| {
            g.go(async { Err(Bomb(false)) });
            shield(g.cancelled()).await;
            g.go(async { Ok(()) });
            Err(Bomb(true))
        })
        .await;
    assert!(result.is_err());
});

// S8: errors need be `Send` on several threads only, and may borrow what tasks may.
#[test]
fn s8_errors_on_one_thread() {
    let text = String::from("borrowed");
    run(async |s| {
        let shared = Rc::new(Cell::new(1));
        let error = shared.clone();
        let result: Result<(), Rc<Cell<i32>>> = s
            .try_group(async move |g| {
                g.go(async move { Err(error) });
                for_ever().await;
                Ok(())
            })
            .await;
        assert!(Rc::ptr_eq(&result.unwrap_err(), &shared));
        let borrowed: Result<(), &str> = s.try_group(async |g| g.spawn(async { Err(text.as_str()) }).get().await).await;
        assert_eq!(borrowed, Err("borrowed"));
    });
}

#[derive(Debug)]
enum AppError {
    Parse(ParseIntError),
    Task(TaskError),
}

impl From<ParseIntError> for AppError {
    fn from(error: ParseIntError) -> Self {
        Self::Parse(error)
    }
}

impl From<TaskError> for AppError {
    fn from(error: TaskError) -> Self {
        Self::Task(error)
    }
}

/// A function that spawns fallible tasks.
fn parse_all<'s>(g: &TryGroup<'s, AppError, Local>, words: &'s [&'s str]) {
    for word in words {
        g.go(async move {
            let _: u32 = word.parse()?;
            Ok(())
        });
    }
}

async fn nested(g: &Group<'_>, word: &'static str) -> Result<u32, AppError> {
    // The type of the error comes from the function's.
    g.try_group(async |g| {
        let n: u32 = g.spawn(async move { Ok(word.parse()?) }).await?;
        let m = g.try_group(async |h| Ok::<_, AppError>(h.spawn(async { Ok(1) }).await?)).await?;
        Ok(n + m)
    })
    .await
}

// S8: `?` works in the body and the tasks, and the error's type is inferred from where it is used.
#[test]
fn s8_question_marks_are_inferred() {
    watched(|| {
        let words = ["1", "2", "x"];
        run(async |s| {
            let result = s
                .try_group(async |g| {
                    parse_all(&g, &words[..2]);
                    let n: u32 = "3".parse()?;
                    Ok::<_, AppError>(n)
                })
                .await;
            assert_eq!(result.unwrap(), 3);
            let result: Result<(), AppError> = s
                .try_group(async |g| {
                    parse_all(&g, &words);
                    Ok(())
                })
                .await;
            assert!(matches!(result, Err(AppError::Parse(e)) if *e.kind() == IntErrorKind::InvalidDigit));
            let result: Result<(), AppError> = s
                .try_group(async |g| {
                    let task = g.spawn(async {
                        for_ever().await;
                        Ok(())
                    });
                    task.cancel();
                    Ok(task.await?)
                })
                .await;
            assert!(matches!(result, Err(AppError::Task(TaskError::Cancelled))));
        });
        workers(2).run(async |s| {
            assert_eq!(nested(s, "41").await.unwrap(), 42);
            // The failed task joins as cancelled, but the first error is its own.
            assert!(matches!(nested(s, "x").await, Err(AppError::Parse(_))));
            // In a task: the future is `Send`.
            let g = (*s).clone();
            assert!(s.spawn(async move { nested(&g, "1").await }).await.unwrap().is_ok());
        });
    });
}

// S8, X6: errors from several threads at once: one is first, and nothing is left.
#[test]
fn s8_errors_at_once() {
    watched(|| {
        let runtime = workers(2);
        let (made, dropped) = (Count::default(), Count::default());
        for _ in 0..if cfg!(miri) { 3 } else { 300 } {
            let result: Result<(), Noted> = runtime.run(async |s| {
                s.try_group(async |g| {
                    for n in 0..6 {
                        let (made, dropped) = (made.clone(), dropped.clone());
                        g.go(async move {
                            made.add();
                            Err(Noted(n, dropped.on_drop()))
                        });
                    }
                    for_ever().await;
                    Ok(())
                })
                .await
            });
            assert!(result.unwrap_err().0 < 6);
        }
        assert_eq!(made.get(), dropped.get());
    });
}

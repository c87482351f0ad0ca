//! Dumps: rules D5 and D7.

use std::time::Duration;

use futures::StreamExt;
use orion_rt::{Chan, TaskState, dumper, interval, run, yield_now};
use orion_tests::{for_ever, on_every_kind, watched, workers};

// D5, D7: every live task is there with its name, state and wait; groups' tasks and the body too.
on_every_kind!(d5_a_dump_holds_every_live_task, async |s| {
    let chan = Chan::<u32>::new(0).named("jobs");
    let wait = chan.clone();
    s.task().name("receiver").go(async move {
        wait.recv().await;
    });
    let outer = s;
    let group = s.task().name("opener").spawn(async move {
        outer.group(async |g| g.task().name("inner").go(for_ever())).await;
    });
    let dump = loop {
        yield_now().await;
        let dump = dumper().expect("inside a task").dump();
        let parked = |name| dump.tasks().iter().any(|t| &*t.name == name && t.state == TaskState::Parked);
        if parked("receiver") && parked("inner") && parked("opener") {
            break dump;
        }
    };
    let text = dump.to_string();
    assert!(text.contains("'root'") && text.contains("'receiver'") && text.contains("recv on \"jobs\""), "{text}");
    assert!(text.contains("end of group") && text.contains("dumps.rs"), "{text}");
    let running = dump.tasks().iter().filter(|t| t.state == TaskState::Running).count();
    assert!(running >= 1, "the body takes the dump: {text}");
    group.cancel();
    group.release();
    chan.close();
});

// D5: from another thread, of a runtime that is busy and of one that sleeps.
#[test]
fn d5_from_any_thread() {
    watched(|| {
        for n in 0..3 {
            let stop = Chan::<()>::new(0);
            let (give, take) = std::sync::mpsc::channel();
            let watcher = std::thread::spawn({
                let stop = stop.clone();
                move || {
                    let dumper: orion_rt::Dumper = take.recv().unwrap();
                    while !dumper.dump().to_string().contains("'sleeper' ") {
                        std::thread::yield_now();
                    }
                    stop.close();
                    dumper
                }
            });
            let dumper = match n {
                0 => {
                    run(async |s| {
                        give.send(dumper().unwrap()).unwrap();
                        let stop = stop.clone();
                        s.task().name("sleeper").go(async move { assert_eq!(stop.recv().await, None) });
                    });
                    watcher.join().unwrap()
                }
                n => {
                    workers(n).run(async |s| {
                        give.send(dumper().unwrap()).unwrap();
                        let stop = stop.clone();
                        s.task().name("sleeper").go(async move { assert_eq!(stop.recv().await, None) });
                    });
                    watcher.join().unwrap()
                }
            };
            assert!(dumper.dump().tasks().is_empty(), "after the root's end there is nothing");
        }
        assert!(dumper().is_none());
    });
}

// D6: who waits for a beat is shown where it waits, in a stream's loop where the interval was made; not within the library.
on_every_kind!(d6_a_beat_is_waited_for_in_the_users_code, async |s| {
    for as_stream in [false, true] {
        let made = line!() + 1;
        let mut beat = interval(Duration::from_secs(3600));
        let (task, expected) = if as_stream {
            (s.spawn(async move { beat.by_ref().take(2).count().await }), made)
        } else {
            let waits = line!() + 3;
            let task = s.spawn(async move {
                beat.tick().await;
                beat.tick().await;
                0
            });
            (task, waits)
        };
        let wait = loop {
            yield_now().await;
            let dump = dumper().expect("inside a task").dump();
            let parked = dump.tasks().iter().find(|t| t.id == task.id() && t.state == TaskState::Parked);
            if let Some(wait) = parked.and_then(|task| task.waits.first()) {
                break wait.clone();
            }
        };
        let location = wait.location().expect("a location");
        assert_eq!((location.file().ends_with("dumps.rs"), location.line()), (true, expected), "{wait:?}");
        task.cancel();
        task.release();
    }
});

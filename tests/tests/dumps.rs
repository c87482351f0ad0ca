//! Dumps: rules D5 and D7.

use orion_rt::{Chan, TaskState, dumper, run, yield_now};
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

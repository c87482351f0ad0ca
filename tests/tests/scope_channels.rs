//! Channels of a root and what happens to them at its end: rules S7, R8, C4, X5 and R3. What one channel does by itself is tested
//! beside the channels' code, what does not compile in `ui/`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::Result as Caught;

use futures::{SinkExt, StreamExt};
use orion_rt::{JoinHandle, Kind, ScopeChan, TaskError, TryRecvError, TrySendError, run, select, yield_now};
use orion_tests::{Count, Then, WORKERS, on_every_kind, panic_message, watched, workers};

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn push(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// A value whose drop is noted.
    fn note(&self, what: &'static str) -> Note {
        Note(self.clone(), what)
    }
}

struct Note(Log, &'static str);

impl Drop for Note {
    fn drop(&mut self) {
        self.0.push(self.1);
    }
}

/// Runs the body on every kind of runtime, and then the check with what the root ended with and what the log says.
macro_rules! ends {
    ($name:ident, |$log:ident| $body:expr, $check:expr) => {
        mod $name {
            use super::*;

            const CHECK: fn(Caught<()>, Vec<&'static str>) = $check;

            #[test]
            fn on_one_thread() {
                watched(|| {
                    let $log = Log::default();
                    let ended = catch_unwind(AssertUnwindSafe(|| run($body)));
                    CHECK(ended, $log.take());
                });
            }

            #[test]
            fn on_workers() {
                watched(|| {
                    for &n in WORKERS {
                        let ($log, runtime) = (Log::default(), workers(n));
                        let ended = catch_unwind(AssertUnwindSafe(|| runtime.run($body)));
                        CHECK(ended, $log.take());
                    }
                });
            }
        }
    };
}

// S7: a copy for every task, without cloning; the values may borrow what the root lends.
on_every_kind!(s7_every_task_has_the_channel, async |s| {
    let words = s.keep(vec!["borrowed".to_owned(), "from".to_owned(), "the root".to_owned()]);
    for capacity in [0, 2] {
        let chan = s.chan(capacity);
        for word in words {
            s.go(async move { chan.send(word.as_str()).await.unwrap() });
        }
        let mut lengths = Vec::new();
        for _ in words {
            lengths.push(chan.recv().await.unwrap().len());
        }
        lengths.sort_unstable();
        assert_eq!((lengths, chan.try_recv()), (vec![4, 8, 8], Err(TryRecvError::Empty)));
    }
});

// C4: the counted halves close it, whoever has copies.
on_every_kind!(c4_halves_close_the_channel, async |s| {
    let chan = s.chan(1);
    let (tx, rx) = chan.split();
    for i in 0..4_u64 {
        let tx = tx.clone();
        s.go(async move { tx.send(i).await.unwrap() });
    }
    drop(tx);
    let sum = s.spawn(async move { rx.into_stream().fold(0, |sum, i| async move { sum + i }).await });
    assert_eq!(sum.await.unwrap(), 6);
    assert!(chan.is_closed());

    let (chan, dropped) = (s.chan(2), Count::default());
    let (tx, rx) = chan.split();
    tx.send(dropped.on_drop()).await.unwrap();
    s.spawn(async move { drop(rx) }).await.unwrap();
    assert_eq!(dropped.get(), 1);
    assert!(tx.send(dropped.on_drop()).await.is_err());
});

// S7, L1: the channels of a scope take part in `select!`, by value and by reference.
on_every_kind!(s7_a_select_takes_them, async |s| {
    let (chan, full) = (s.chan(1), s.chan::<u8>(0));
    let ((tx, rx), mut slot) = (s.chan(1).split(), Some(7));
    select! {
        <-full => unreachable!(),
        _ = full <- 1 => unreachable!(),
        r = chan <- 1 => assert_eq!(r, Ok(())),
    }
    select! {
        v = <-&chan => assert_eq!(v, Some(1)),
        _ = <-rx => unreachable!(),
    }
    select! {
        biased;
        tx <- take slot => assert_eq!(rx.try_recv(), Ok(7)),
        default => unreachable!(),
    }
    s.go(async move {
        yield_now().await;
        chan.send(9).await.unwrap();
        drop(tx);
    });
    let mut got = Vec::new();
    loop {
        select! {
            Some(v) = <-chan, if got.is_empty() => got.push(v),
            Some(v) = <-&rx => got.push(v),
            else => break,
        }
    }
    assert_eq!((got, slot), (vec![9], None));
});

// X5: a stream that is dropped with its cancelled task gives back what it was handed; a sink is cancelled like a send.
on_every_kind!(x5_cancelled_streams_lose_nothing, async |s| {
    let chan = s.chan(0);
    let (tx, _rx) = chan.split();
    for i in 0..50 {
        let receiver = s.spawn(async move { chan.stream().next().await });
        while chan.inspect().receivers_waiting == 0 {
            yield_now().await;
        }
        tx.clone().into_sink().send(i).await.unwrap();
        receiver.cancel();
        let got = match receiver.await {
            Ok(value) => value,
            Err(TaskError::Cancelled) => chan.recv().await,
            Err(other) => panic!("{other}"),
        };
        assert_eq!(got, Some(i));
    }
    let info = chan.inspect();
    assert_eq!((info.received, info.len), (50, 0));
});

// R8: tasks and body, results, values in channels, kept values last first.
ends!(
    r8_the_end_has_an_order,
    |log| async |s| {
        s.keep(log.note("kept first"));
        let kept = s.keep((log.note("kept last"), AtomicUsize::new(0)));
        let (tx, rx) = s.chan(3).split();
        let (log2, chan) = (log.clone(), s.chan(1));
        let value = Then(move || {
            kept.1.fetch_add(1, Ordering::Relaxed);
            log2.push("value");
        });
        assert!(chan.try_send(value).is_ok());
        assert!(tx.try_send(log.note("other value")).is_ok());
        let note = log.note("task");
        s.go(async move {
            let _note = note;
            yield_now().await;
        });
        let note = log.note("result");
        let mut handle = s.spawn(async move { note });
        handle.finished().await;
        std::mem::forget(handle);
        // Halves that are forgotten keep nothing open.
        std::mem::forget((tx, rx));
        let _body = log.note("task");
    },
    |ended, log| {
        assert!(ended.is_ok());
        assert_eq!(log, ["task", "task", "result", "other value", "value", "kept last", "kept first"]);
    }
);

// R8: the same when the root fails; the first panic is raised.
ends!(
    r8_a_failed_root_ends_in_the_same_order,
    |log| async |s| {
        s.keep(log.note("kept"));
        let (chan, bombs) = (s.chan(1), s.chan(1));
        assert!(chan.try_send(log.note("value")).is_ok());
        let log2 = log.clone();
        let bomb = Then(move || {
            log2.push("bomb");
            panic!("in a destructor");
        });
        assert!(bombs.try_send(bomb).is_ok());
        let note = log.note("task");
        s.go(async move {
            let _note = note;
            std::future::pending::<()>().await;
        });
        yield_now().await;
        panic!("in the body");
    },
    |ended, log| {
        assert_eq!(panic_message(ended), "in the body");
        assert_eq!(log, ["task", "value", "bomb", "kept"]);
    }
);

// R8, P1: the panic of a value's destructor is the root's; every other value is dropped all the same.
ends!(
    r8_a_panic_in_a_values_destructor_is_the_roots,
    |log| async |s| {
        let bombs = s.chan(2);
        for text in ["first", "second"] {
            let log = log.clone();
            let bomb = Then(move || {
                log.push(text);
                panic!("{text} destructor");
            });
            assert!(bombs.try_send(bomb).is_ok());
        }
        assert!(s.chan(1).try_send(log.note("value")).is_ok());
    },
    |ended, log| {
        assert_eq!(panic_message(ended), "first destructor");
        assert_eq!(log, ["first", "second", "value"]);
    }
);

// R8, S5: what a destructor does at the end: it sends (closed), spawns (refused, dropped at once), makes channels (born
// closed), keeps values (dropped with the others), and receives (closed).
ends!(
    r8_destructors_find_everything_ended,
    |log| async |s| {
        s.keep(log.note("kept"));
        let (replies, chan, log) = (s.chan::<u8>(1), s.chan(1), log.clone());
        let late = Then(move || {
            log.push(if replies.try_send(1) == Err(TrySendError::Closed(1)) { "closed" } else { "open" });
            let note = log.note("future dropped");
            let mut handle = s.spawn(async move {
                note.0.push("ran");
                drop(note);
            });
            log.push(if handle.is_finished() { "refused" } else { "accepted" });
            let joined = futures::FutureExt::now_or_never(handle.finished()).is_some();
            drop(handle);
            let born = s.chan::<u8>(4);
            log.push(if born.is_closed() && joined { "born closed" } else { "born open" });
            assert_eq!((born.try_send(1), born.recv_blocking()), (Err(TrySendError::Closed(1)), None));
            s.keep(log.note("kept late"));
        });
        assert!(chan.try_send(late).is_ok());
    },
    |ended, log| {
        assert!(ended.is_ok());
        assert_eq!(log, ["closed", "future dropped", "refused", "born closed", "kept late", "kept"]);
    }
);

// R8: a result that nobody took is dropped when the channels are closed already, and before their values.
ends!(
    r8_results_find_the_channels_closed,
    |log| async |s| {
        let (replies, chan) = (s.chan::<u8>(1), s.chan(1));
        assert!(chan.try_send(log.note("value")).is_ok());
        let log = log.clone();
        let result = Then(move || {
            log.push(if replies.try_send(1) == Err(TrySendError::Closed(1)) { "closed" } else { "open" });
            log.push(if chan.len() == 1 { "full" } else { "drained" });
        });
        let mut handle = s.spawn(async move { result });
        handle.finished().await;
        std::mem::forget(handle);
    },
    |ended, log| {
        assert!(ended.is_ok());
        assert_eq!(log, ["closed", "full", "value"]);
    }
);

/// A task's value that holds the channel in which its own handle lies.
struct Knot<'scope, K: Kind> {
    _note: Note,
    _chan: ScopeChan<'scope, JoinHandle<'scope, Knot<'scope, K>, K>>,
    _others: Vec<JoinHandle<'scope, Note, K>>,
}

// R8, J6: handles in channels, channels in results, and both in one another: every result is dropped once, while it may be.
ends!(
    r8_handles_in_channels_end_with_the_root,
    |log| async |s| {
        let chan = s.chan(8);
        for _ in 0..2 {
            let (note, other) = (log.note("knot"), log.note("other"));
            let mut other = s.spawn(async move { other });
            other.finished().await;
            let mut handle = s.spawn(async move { Knot { _note: note, _chan: chan, _others: vec![other] } });
            handle.finished().await;
            assert!(chan.try_send(handle).is_ok());
        }
        // One that is used by a destructor, and one that is forgotten.
        let (used, note, log2) = (s.chan(1), log.note("used"), log.clone());
        let mut handle = s.spawn(async move { note });
        handle.finished().await;
        let user = Then(move || {
            handle.cancel();
            log2.push(if handle.is_finished() { "looked" } else { "?" });
        });
        assert!(used.try_send(user).is_ok());
        let note = log.note("forgotten");
        let mut handle = s.spawn(async move { note });
        handle.finished().await;
        std::mem::forget(handle);
    },
    |ended, mut log| {
        assert!(ended.is_ok());
        log.sort_unstable();
        assert_eq!(log, ["forgotten", "knot", "knot", "looked", "other", "other", "used"]);
    }
);

// R8, P2: the panic behind a handle that lies in a channel is the root's.
ends!(
    r8_a_handle_in_a_channel_keeps_its_panic,
    |_log| async |s| {
        let chan = s.chan(1);
        let mut handle = s.task().isolated().spawn(async { panic!("behind a handle") });
        handle.finished().await;
        assert!(chan.try_send(handle).is_ok());
    },
    |ended, _| assert_eq!(panic_message(ended), "behind a handle")
);

// R3, R8: forgotten operations of a channel whose root has ended are never touched again.
ends!(
    r3_forgotten_operations_are_sound,
    |log| async |s| {
        let chan = s.chan(0);
        let mut recv = Box::pin(chan.recv());
        assert!(futures::poll!(&mut recv).is_pending());
        let mut stream = chan.stream();
        assert!(futures::poll!(stream.next()).is_pending());
        assert!(chan.try_send(log.note("leaks")).is_ok());
        orion_tests::leaks_on_purpose("forgets channel futures");
        std::mem::forget(recv);
        std::mem::forget(stream);
        let full = s.chan(0);
        let mut send = Box::pin(full.send(log.note("leaks")));
        assert!(futures::poll!(&mut send).is_pending());
        std::mem::forget(send);
        let (tx, rx) = full.split();
        let mut sink = tx.into_sink();
        assert!(sink.feed(log.note("leaks")).await.is_ok());
        std::mem::forget((sink, rx));
    },
    |ended, log| assert!(ended.is_ok() && log.is_empty())
);

//! What is evaluated when, and what becomes of values that were not sent: L2, L5, X5.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use orion_rt::{Chan, SendError, select};
use orion_tests::{Count, now, poll_once};

// L2
#[test]
fn guards_then_operands_in_source_order_once() {
    let log = RefCell::new(Vec::new());
    let note = |what: &'static str| log.borrow_mut().push(what);
    let noted = |what: &'static str, holds: bool| {
        note(what);
        holds
    };
    let chan = Chan::<u8>::new(1);
    let operand = |what: &'static str| {
        note(what);
        chan.clone()
    };
    let mut slots = [None];
    now(async {
        select! {
            biased;
            _ = <-operand("first channel"), if noted("first guard", true) => {}
            _ = <-operand("never"), if noted("second guard", false) => {}
            operand("third channel") <- { note("third value"); 1 } => {}
            operand("fourth channel") <- take slots[{ note("fourth slot"); 0 }], if noted("fourth guard", true) => {}
            operand("never") <- { note("never"); 1 }, if noted("fifth guard", false) => {}
            _ = { note("sixth future"); async {} }, if noted("sixth guard", true) => {}
            _ = { note("never"); async {} }, if noted("seventh guard", false) => {}
            default => {}
        }
    });
    let expected = [
        "first guard",
        "first channel",
        "second guard",
        "third channel",
        "third value",
        "fourth guard",
        "fourth channel",
        "fourth slot",
        "fifth guard",
        "sixth guard",
        "sixth future",
        "seventh guard",
    ];
    assert_eq!(*log.borrow(), expected);
}

// L2
#[test]
fn operands_are_not_evaluated_again_when_polled_again() {
    let (chan, count) = (Chan::<u8>::new(0), Count::default());
    let mut select = pin!(async {
        select! {
            v = <-{ count.add(); &chan } => v,
        }
    });
    for _ in 0..3 {
        assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    }
    assert_eq!(count.get(), 1);
}

// L2
#[test]
fn a_losing_value_is_dropped_before_the_body() {
    let (full, ready, drops) = (Chan::new(0), Chan::new(1), Count::default());
    ready.try_send(1).unwrap();
    let in_body = now(async {
        select! {
            full <- drops.on_drop() => unreachable!(),
            _ = <-ready => drops.get(),
        }
    });
    assert_eq!(in_body, 1);
}

// L2: `take`
#[test]
fn a_losing_take_leaves_the_value_in_its_slot() {
    let (full, ready) = (Chan::new(0), Chan::new(1));
    let mut slot = Some(String::from("kept"));
    ready.try_send(1).unwrap();
    let in_body = now(async {
        select! {
            full <- take slot => unreachable!(),
            _ = <-ready => slot.clone(),
        }
    });
    assert_eq!(in_body.as_deref(), Some("kept"));
    assert_eq!(slot.as_deref(), Some("kept"));
}

// L2: `take`
#[test]
fn a_winning_take_empties_its_slot_and_an_empty_slot_is_out() {
    let chan = Chan::new(1);
    let mut slot = Some(5);
    let mut send = || {
        now(async {
            let place = &mut slot;
            select! {
                chan <- take *place => "sent",
                else => "empty",
            }
        })
    };
    assert_eq!((send(), send()), ("sent", "empty"));
    assert_eq!((slot, chan.try_recv()), (None, Ok(5)));
}

// L2, X5: `take`
#[test]
fn a_dropped_select_leaves_the_value_in_its_slot() {
    let chan = Chan::new(0);
    let mut slot = Some(5);
    {
        let mut select = pin!(async {
            select! {
                chan <- take slot => {}
                else => {}
            }
        });
        assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    }
    assert_eq!(slot, Some(5));
    assert!(chan.try_recv().is_err());
}

// L2: a later guard may look at the slot.
#[test]
fn one_slot_buffer() {
    let (input, output) = (Chan::new(4), Chan::new(4));
    for value in 0..4 {
        input.try_send(value).unwrap();
    }
    input.close();
    let mut pending = None;
    now(async {
        loop {
            select! {
                output <- take pending => {}
                Some(v) = <-input, if pending.is_none() => pending = Some(v),
                else => break,
            }
        }
    });
    let got: Vec<i32> = std::iter::from_fn(|| output.try_recv().ok()).collect();
    assert_eq!(got, [0, 1, 2, 3]);
}

// X5
#[test]
fn a_value_handed_to_a_dropped_select_is_returned() {
    let chan = Chan::new(0);
    {
        let mut select = pin!(async {
            select! {
                _ = <-chan => {}
            }
        });
        assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
        chan.try_send(5).unwrap();
    }
    assert_eq!(chan.try_recv(), Ok(5));
}

// L1: a dropped select leaves no waiter behind.
#[test]
fn a_dropped_select_is_no_peer() {
    let chan = Chan::<u8>::new(0);
    {
        let mut select = pin!(async {
            select! {
                _ = <-chan => {}
                _ = <-chan => {}
            }
        });
        assert!(poll_once(select.as_mut(), &Count::default()).is_pending());
    }
    assert!(chan.try_send(1).is_err());
    assert_eq!(chan.inspect().receivers_waiting, 0);
}

#[test]
fn a_closed_channel_is_ready() {
    let (chan, done) = (Chan::<u8>::new(1), Chan::<()>::new(0));
    chan.close();
    done.close();
    assert_eq!(
        now(async {
            select! { v = <-chan => v }
        }),
        None
    );
    assert!(now(async {
        select! { <-done => true }
    }));
    assert!(now(async {
        select! { biased; Some(_) = <-chan => false, <-done => true }
    }));
    assert!(now(async {
        select! { Some(_) = <-chan => false, else => true }
    }));
    let failed = now(async {
        select! { r = chan <- 5 => r }
    });
    assert!(matches!(failed, Err(SendError(5))));
}

#[test]
fn an_arm_that_needs_a_value_leaves_when_its_channel_closes() {
    let (a, b, wakes) = (Chan::<u8>::new(1), Chan::<u8>::new(1), Count::default());
    let mut select = pin!(async {
        select! {
            Some(v) = <-a => v,
            Some(v) = <-b => v,
            else => 99,
        }
    });
    assert!(poll_once(select.as_mut(), &wakes).is_pending());
    a.close();
    assert!(poll_once(select.as_mut(), &wakes).is_pending());
    b.close();
    assert!(wakes.get() >= 1, "the last close wakes");
    assert_eq!(now(select), 99);
}

#[test]
fn a_value_before_the_close_is_still_received() {
    let chan = Chan::new(1);
    chan.try_send(5).unwrap();
    chan.close();
    assert_eq!(
        now(async {
            select! { Some(v) = <-chan => v, else => 0 }
        }),
        5
    );
    assert_eq!(
        now(async {
            select! { Some(v) = <-chan => v, else => 0 }
        }),
        0
    );
}

#[test]
fn sending_on_a_closed_channel_panics_at_the_arm() {
    let (open, closed) = (Chan::new(0), Chan::new(1));
    closed.close();
    let arm = line!() + 5;
    let panicked = Panicked::catch(|| {
        now(async {
            select! {
                open <- 1 => {}
                closed <- 2 => {}
            }
        });
    });
    assert_eq!((panicked.message.as_str(), panicked.line), ("send on closed channel", arm));
}

/// A panic's message and line.
struct Panicked {
    message: String,
    line: u32,
}

impl Panicked {
    /// Runs `test`, which has to panic. The hook is the process's, so only one test of this file may use it.
    fn catch(test: impl FnOnce()) -> Self {
        static LINE: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let before = std::panic::take_hook();
        let this = std::thread::current().id();
        std::panic::set_hook(Box::new(move |info| match std::thread::current().id() == this {
            true => LINE.store(info.location().unwrap().line(), std::sync::atomic::Ordering::SeqCst),
            false => before(info),
        }));
        let payload = catch_unwind(AssertUnwindSafe(test)).expect_err("no panic");
        drop(std::panic::take_hook());
        let message = payload.downcast_ref::<&str>().map(ToString::to_string);
        let message = message.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        Self { message, line: LINE.load(std::sync::atomic::Ordering::SeqCst) }
    }
}

// L5
#[test]
fn control_flow_in_bodies_guards_and_operands() {
    async fn first(chans: &[Chan<u8>]) -> Option<u8> {
        loop {
            select! {
                v = <-chans.first()? => match v? {
                    0 => continue,
                    1 => break,
                    v => return Some(v),
                },
                default => return async { None }.await,
            }
        }
        Some(100)
    }
    let chan = Chan::new(8);
    for value in [0, 0, 1, 0, 7] {
        chan.try_send(value).unwrap();
    }
    let chans = [chan];
    assert_eq!(now(first(&chans)), Some(100));
    assert_eq!(now(first(&chans)), Some(7));
    assert_eq!(now(first(&chans)), None);
    assert_eq!(now(first(&[])), None);
}

// L2: temporaries of an operand live as long as the select and no longer.
#[test]
fn temporaries_of_operands() {
    let (ready, drops) = (Chan::new(1), Count::default());
    ready.try_send(1).unwrap();
    struct Holder(Chan<u8>, #[allow(dead_code)] orion_tests::OnDrop);
    let holder = || Holder(ready.clone(), drops.on_drop());
    let in_body = now(async {
        select! {
            _ = <-holder().0 => drops.get(),
            _ = <-holder().0, if true => drops.get(),
        }
    });
    assert_eq!(in_body, 2);
}

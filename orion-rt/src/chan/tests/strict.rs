//! C14: what a strict root is told of channels, with a ledger made by hand.

use super::parked;
use crate::chan::erased::RawChan;
use crate::chan::registry::ScopeChans;
use crate::meta::ledger::{Ledger, enter};
use crate::{Chan, ScopeChan};
use std::panic::Location;
use std::sync::Arc;

/// What a root tells that runs `body` as a task.
fn told(body: impl FnOnce()) -> Option<String> {
    let ledger = Ledger::new();
    {
        let _entered = enter(Arc::clone(&ledger));
        body();
    }
    ledger.close().map(|found| found.to_string())
}

// C14: a channel that is dropped unclosed with values inside is told, with its name, its origin, and what to do.
#[test]
fn a_lost_channel_is_told() {
    let line = line!() + 2;
    let text = told(|| {
        let ch = Chan::new(4).named("jobs");
        (0..3).for_each(|i| ch.try_send(i).unwrap());
        drop(ch.clone());
        drop(ch);
        let one = Chan::unbounded();
        one.try_send(1).unwrap();
    })
    .unwrap();
    assert!(text.starts_with("strict mode: 2 things were left open\n"), "{text}");
    assert!(text.contains("channel \"jobs\" (#"), "{text}");
    assert!(text.contains(&format!("created at {}:{line}:", file!())), "{text}");
    assert!(
        text.contains("dropped unclosed with 3 values inside: close it") && text.contains("with 1 value inside"),
        "{text}"
    );
}

// C14: closed or passed, drained or empty: nothing is told.
#[test]
fn a_channel_that_was_closed_or_drained_is_not_told() {
    let text = told(|| {
        let closed = Chan::new(1);
        closed.try_send(1).unwrap();
        closed.close();
        let drained = Chan::new(1);
        drained.try_send(1).unwrap();
        drained.try_recv().unwrap();
        let _empty = Chan::<u8>::new(1);
        let (tx, rx) = Chan::new(1).split();
        tx.try_send(1).unwrap();
        // The last sender closes it.
        drop(tx);
        drop(rx);
        let waits = Chan::new(0);
        drop(parked(waits.send(1)));
    });
    assert_eq!(text, None);
}

// C14: the end of the receiving side counts, though senders are left.
#[test]
fn receivers_that_leave_values_are_told() {
    let text = told(|| {
        let (tx, rx) = Chan::new(2).split();
        tx.try_send(1).unwrap();
        tx.try_send(2).unwrap();
        drop(rx.into_stream());
        drop(tx);
    });
    assert!(text.unwrap().contains("with 2 values inside"));
}

// C14: last dropped by a task of the root is enough, and so is created by one; two roots are told, one is told once.
#[test]
fn creator_and_dropper_are_told() {
    let lost = || {
        let ch = Chan::new(1);
        ch.try_send(1).unwrap();
        ch
    };
    let (outside, mut made) = (lost(), None);
    let text = told(|| drop(outside)).unwrap();
    assert!(text.contains("1 thing was left") && !text.contains("created at"), "{text}");
    let first = Ledger::new();
    {
        let _entered = enter(Arc::clone(&first));
        made = made.or(Some(lost()));
    }
    let second = told(|| drop(made)).unwrap();
    let first = first.close().unwrap().to_string();
    assert_eq!(first, second);
    assert!(first.contains("created at"));
    // A root that has ended is not told.
    let (ended, mut made) = (Ledger::new(), None);
    {
        let _entered = enter(Arc::clone(&ended));
        made = made.or(Some(lost()));
    }
    assert!(ended.close().is_none());
    drop(made);
    assert!(ended.close().is_none());
}

// C14, E4: a channel of the C ABI is told too; where it was made is not known.
#[test]
fn an_untyped_channel_is_told() {
    let text = told(|| {
        // SAFETY: plain bytes.
        let raw = unsafe { RawChan::new(8, 8, Some(1), None) }.unwrap();
        let value = 7_u64;
        // SAFETY: a valid value.
        let _ = unsafe { raw.try_send((&raw const value).cast()) };
    });
    let text = text.unwrap();
    assert!(text.contains("with 1 value inside") && !text.contains("created at"), "{text}");
}

// C14, R8: a channel of the root that nobody has closed when the root ends, with values inside.
#[test]
fn a_channel_of_the_root_is_told_at_its_end() {
    let chans = ScopeChans::new(crate::coop::Root::NONE);
    // SAFETY: not used after `chans`; one thread.
    let make = |capacity| -> ScopeChan<'_, u8> { unsafe { chans.make(capacity, Location::caller()) } };
    let ledger = Ledger::new();
    {
        let _entered = enter(Arc::clone(&ledger));
        let (lost, closed, empty) = (make(2), make(2), make(2));
        lost.try_send(1).unwrap();
        closed.try_send(1).unwrap();
        closed.close();
        assert!(empty.is_empty());
    }
    chans.close();
    chans.drain(|_| unreachable!("numbers have no destructors"));
    let text = ledger.close().unwrap().to_string();
    assert!(text.contains("1 thing was left") && text.contains("created at"), "{text}");
}

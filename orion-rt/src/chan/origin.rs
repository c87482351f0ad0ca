//! What a strict root wants to know of a channel: who created it and where (C14).
//!
//! Purpose: a channel that is dropped unclosed with values inside has lost them, and usually somebody has forgotten to close
//! it or to receive to the end. The strict root whose task created it, and the one whose task dropped it, are told.

#![forbid(unsafe_code)]

use crate::meta::ledger::{self, Entry, Kind, Ledger};
use std::panic::Location;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Origin {
    ledger: Arc<Ledger>,
    created: Option<&'static Location<'static>>,
}

impl Origin {
    /// That of a channel created by this thread; `None`: not under a strict root.
    #[inline]
    pub(super) fn of_a_channel(created: Option<&'static Location<'static>>) -> Option<Box<Self>> {
        ledger::current().map(|ledger| Box::new(Self { ledger, created }))
    }

    /// Tells who wants to know that the channel that `look` describes (identity, name, values) was lost, dropped by this
    /// thread.
    pub(super) fn report(origin: Option<&Self>, look: impl Fn() -> (u64, Option<Arc<str>>, usize)) {
        let created_under = origin.map(|origin| &origin.ledger);
        let dropped_under = ledger::current().filter(|ledger| created_under.is_none_or(|c| !Arc::ptr_eq(c, ledger)));
        for ledger in created_under.into_iter().chain(&dropped_under) {
            ledger.record(|| {
                let (id, name, values) = look();
                let values = if values == 1 { "1 value".to_owned() } else { format!("{values} values") };
                Entry {
                    kind: Kind::Channel,
                    id,
                    name,
                    location: origin.and_then(|origin| origin.created),
                    wrong: format!("was dropped unclosed with {values} inside"),
                    fix: "close it after the last send and receive until `None`",
                }
            });
        }
    }
}

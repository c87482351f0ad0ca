//! Counted halves, C4: what becomes of a channel when the last one of a side goes; and R8: when its root does.
//!
//! A `Chan` that is held outside the root counts as a half of each side, so no script has the last. A `ScopeChan` counts as none:
//! it is closed by the halves that were split from it, whoever has copies, and if there were none by none. What has ended stays
//! so: halves of a later split find the channel closed, and what comes back from a receiver then is dropped.

use crate::trace::Thing;

use super::{Chans, Value};

impl Chans {
    /// There are two more halves of a channel.
    pub(crate) fn split(&mut self, chan: usize) {
        self.chans[chan].senders_held += 1;
        self.chans[chan].receivers_held += 1;
    }

    /// A sending half goes.
    pub(crate) fn drop_sender(&mut self, chan: usize) {
        let this = &mut self.chans[chan];
        this.senders_held -= 1;
        if this.senders_held == 0 && self.close(chan) {
            self.last_senders += 1;
            self.left += self.chans[chan].len() as u64;
        }
    }

    /// A receiving half goes. Gives what is dropped with the last.
    pub(crate) fn drop_receiver(&mut self, chan: usize) -> Vec<Thing> {
        let this = &mut self.chans[chan];
        this.receivers_held -= 1;
        if this.receivers_held > 0 {
            return Vec::new();
        }
        if self.close(chan) {
            self.last_receivers += 1;
        }
        let dropped = self.abandon(chan);
        self.abandoned += dropped.len() as u64;
        dropped
    }

    /// The root has ended, and its channel with it: gives the values that were left inside, first to be received first.
    pub(crate) fn end(&mut self, chan: usize) -> Vec<Thing> {
        self.close(chan);
        let dropped = self.abandon(chan);
        self.drained += dropped.len() as u64;
        dropped
    }

    /// Nobody receives any more. Gives what was left.
    fn abandon(&mut self, chan: usize) -> Vec<Thing> {
        let this = &mut self.chans[chan];
        this.abandoned = true;
        let returned = std::mem::take(&mut this.returned);
        let values = returned.into_iter().chain(std::mem::take(&mut this.buffer));
        values.map(|Value { number, .. }| Thing::Value(number)).collect()
    }
}

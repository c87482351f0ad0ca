//! What one script may see of a channel.
//!
//! - Who has closed a channel, or has seen it closed, sends nothing any more (C3).
//! - Who has dropped the last sending half of a channel of the root sends nothing any more; the last receiving half: it receives
//!   nothing either (C4). Which halves are the last is known where no other script has any.
//! - In calm programs: what one task receives from another through one channel comes in the order of the sends (C1), and a
//!   channel that was closed and drained stays so.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::program::{Home, Offer, Step};
use crate::trace::{Outcome, Won};

use super::Ledger;

/// What a script knows of the channels.
#[derive(Default)]
struct Known {
    closed: HashSet<usize>,
    /// Closed and without values.
    drained: HashSet<usize>,
    /// Without receivers.
    abandoned: HashSet<usize>,
    /// The halves it holds, oldest first.
    senders: VecDeque<usize>,
    receivers: VecDeque<usize>,
    /// The last value from each channel and sender.
    last: HashMap<(usize, usize), u32>,
}

impl Ledger<'_> {
    pub(super) fn check_channels(&self, calm: bool) -> Result<(), String> {
        let senders = self.senders();
        for (script, outcomes) in self.outcomes.iter().enumerate() {
            let mut known = Known::default();
            for &(step, outcome, quiet) in &*outcomes.lock().unwrap() {
                let Some(step) = self.program.scripts[script].get(step) else { continue };
                self.see_halves(script, step, outcome, &mut known);
                if let (Step::Close(chan), Outcome::Is(_)) = (step, outcome) {
                    known.closed.insert(*chan);
                }
                let Outcome::Won(index, won) = outcome else { continue };
                let Some(Offer { chan, .. }) = offer(step, index) else { continue };
                let sender = |value| senders[&value];
                known.see(chan, won, sender, calm && !quiet).map_err(|wrong| format!("script {script} {wrong}"))?;
            }
        }
        Ok(())
    }

    fn see_halves(&self, script: usize, step: &Step, outcome: Outcome, known: &mut Known) {
        match (step, outcome) {
            (&Step::Split(chan), _) => {
                known.senders.push_back(chan);
                known.receivers.push_back(chan);
            }
            (Step::DropSender, Outcome::Is(true)) => {
                let chan = known.senders.pop_front().expect("it had one");
                if !known.senders.contains(&chan) && self.alone_splits(script, chan) {
                    known.closed.insert(chan);
                }
            }
            (Step::DropReceiver, Outcome::Is(true)) => {
                let chan = known.receivers.pop_front().expect("it had one");
                if !known.receivers.contains(&chan) && self.alone_splits(script, chan) {
                    known.closed.insert(chan);
                    known.abandoned.insert(chan);
                }
            }
            _ => {}
        }
    }

    /// Whether the channel is the root's and no other script holds halves of it.
    fn alone_splits(&self, script: usize, chan: usize) -> bool {
        let splits = |steps: &Vec<Step>| steps.iter().any(|step| matches!(step, Step::Split(other) if *other == chan));
        let mut others = self.program.scripts.iter().enumerate().filter(|&(other, _)| other != script);
        self.program.channels[chan].1 == Home::Root && !others.any(|(_, steps)| splits(steps))
    }

    /// Which script makes a value. Within one script values are made in the order of their numbers.
    fn senders(&self) -> HashMap<u32, usize> {
        let mut senders = HashMap::new();
        for (script, steps) in self.program.scripts.iter().enumerate() {
            for step in steps {
                let offers = match step {
                    Step::Send(offer) | Step::TrySend(offer) | Step::Abandon(offer, _) => std::slice::from_ref(offer),
                    Step::Select { arms, .. } => arms,
                    _ => &[],
                };
                senders.extend(offers.iter().filter_map(|offer| offer.value).map(|value| (value, script)));
            }
        }
        senders
    }
}

impl Known {
    /// A communication has ended; `ordered`: values come in order.
    fn see(&mut self, chan: usize, won: Won, sender: impl Fn(u32) -> usize, ordered: bool) -> Result<(), String> {
        match won {
            Won::Sent if self.closed.contains(&chan) => {
                return Err(format!("sent on channel {chan}, which it knew to be closed"));
            }
            Won::Received(value) if self.abandoned.contains(&chan) => {
                return Err(format!("received {value} from channel {chan}, which it knew to have no receiver"));
            }
            Won::Sent => {}
            Won::Unsent(_) => _ = self.closed.insert(chan),
            Won::Closed => {
                self.closed.insert(chan);
                self.drained.insert(chan);
            }
            Won::Received(_) if !ordered => {}
            Won::Received(value) => {
                if self.drained.contains(&chan) {
                    return Err(format!("received {value} after the end of channel {chan}"));
                }
                let before = self.last.insert((chan, sender(value)), value);
                if before.is_some_and(|before| before > value) {
                    return Err(format!("received {value} after {before:?} from channel {chan}"));
                }
            }
        }
        Ok(())
    }
}

/// What a step that ended by a communication has offered there.
fn offer(step: &Step, index: Option<usize>) -> Option<Offer> {
    match (step, index) {
        (Step::Select { arms, .. }, Some(index)) => arms.get(index).copied(),
        (Step::Send(offer) | Step::TrySend(offer) | Step::Abandon(offer, _), _) => Some(*offer),
        (&Step::Recv(chan) | &Step::TryRecv(chan) | &Step::RecvOrYield(chan, _), _) => {
            Some(Offer { chan, value: None })
        }
        _ => None,
    }
}

//! When a root is looked at for a deadlock, and what follows from what is found (D1, D2).
//!
//! ```text
//!   quiet ──a while──> look ── external ──> next time a longer while
//!                       |── suspected ──quiet for a second──> asked who uses the channels ──still suspected──> reported once, or treated as
//!                       `── proven ──> what is to end and is kept by a shield ends (X3); if there is nothing of the kind,
//!                                      every task is cancelled, shields or not, and the root panics with the report
//! ```
//!
//! A look costs time for each task, so a root that has others to wake it, a server say, is looked at less and less often, and never while
//! it is at rest. On one thread the root's own scheduler asks, when it has nothing to run; for workers there is a [monitor](super::monitor).
//!
//! A root whose background tasks wait for timers is not quiet, nor is it at a standstill; but if a second long, and for some turns of each of
//! these, nothing else of it has run, it is suspected (S9). That is said once of a root: they may be seldom of use.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::watch::Watch;
use crate::debug::{DeadlockPolicy, Parked, Standstill, look};
use crate::meta::TaskId;
use crate::scheduler::local::Idle;
use crate::task::cancel;
use crate::task::kind::Sealed;
use crate::task::owner::ScopeCore;

/// How long a root has been quiet at its first look.
const FIRST: Duration = Duration::from_millis(5);
/// The longest it gets, and how long a deadlock is suspected before anything is done.
const LONGEST: Duration = Duration::from_secs(1);
/// So often tasks are asked that do more than answer, each time when all has been quiet again for as long: they may do so whenever they are polled.
const QUESTIONS: u32 = 3;
/// Between two looks at a root whose background tasks go on.
const BETWEEN: Duration = Duration::from_millis(100);

/// What comes of a look at a root.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// To look again after this time.
    Later(Duration),
    /// To look again when something of it has run.
    Rest,
    /// Its tasks were asked something, and will have answered soon.
    Asked,
    /// Something was done about it.
    Acted,
}

/// What is known of a root.
#[derive(Debug)]
pub(crate) struct Observer {
    /// How long it has been quiet when it is looked at.
    first: Duration,
    /// How it was found, and when first so.
    found: Option<(Standstill, Instant)>,
    /// Whether that was reported.
    is_reported: bool,
    /// Whether it was reported as one beside background tasks that tick.
    is_known_to_tick: bool,
    /// The epochs in which background tasks that tick were seen in the first second of that.
    ticking: HashMap<TaskId, u32>,
    /// How it was found when its tasks were asked who uses what they wait on, and how often they were.
    asked: Option<(Parked, u32)>,
    /// Before that it is not looked at while background tasks go on.
    next: Option<Instant>,
}

impl Observer {
    pub(crate) fn new(watch: &Watch) -> Self {
        Self {
            first: first(watch),
            found: None,
            is_reported: false,
            is_known_to_tick: false,
            ticking: HashMap::new(),
            asked: None,
            next: None,
        }
    }

    /// How long a root is left alone before it is looked at.
    pub(super) fn first_look(&self) -> Duration {
        self.first
    }

    /// Nothing of `root`, which this thread runs, can run now. Gives the time after which to ask again, if that goes on.
    pub(crate) fn idle<K: Sealed>(&mut self, watch: &Watch, root: &ScopeCore<K>, idle: &Idle) -> Option<Duration> {
        let mut quiet = idle.lasts;
        if idle.awaits_timer {
            if !root.has_background() || self.next.is_some_and(|next| idle.now < next) {
                return None;
            }
            self.next = Some(idle.now + BETWEEN);
            quiet = Duration::ZERO;
        } else if quiet < self.first {
            return Some(self.first - quiet);
        }
        let found = look(root)?;
        match self.judge(watch, root, found, idle.now, quiet) {
            Outlook::Later(time) => Some(time),
            Outlook::Rest => None,
            Outlook::Asked | Outlook::Acted => Some(Duration::ZERO),
        }
    }

    /// `root` was found so by a thread that does not run it. What it has seen once only may be no instant at which all was so
    /// (`standstill`, 3): it has to see it again.
    pub(super) fn observe<K: Sealed>(
        &mut self,
        watch: &Watch,
        root: &ScopeCore<K>,
        found: Standstill,
        now: Instant,
    ) -> Outlook {
        if self.found.as_ref().is_some_and(|(before, _)| found.goes_on_from(before)) {
            return self.judge(watch, root, found, now, Duration::ZERO);
        }
        self.begin();
        self.found = Some((found, now));
        Outlook::Later(self.first)
    }

    /// It is another standstill than the one before.
    fn begin(&mut self) {
        self.is_reported = false;
        self.ticking.clear();
    }

    /// Does about `root`, found so and quiet for so long at least, what there is to be done.
    fn judge<K: Sealed>(
        &mut self,
        watch: &Watch,
        root: &ScopeCore<K>,
        found: Standstill,
        now: Instant,
        quiet: Duration,
    ) -> Outlook {
        let (outlook, known) = match self.found.take() {
            Some((before, since)) if found.goes_on_from(&before) => {
                (self.act(watch, root, &found, quiet.max(now - since)), (before, since))
            }
            _ => {
                self.begin();
                (self.act(watch, root, &found, quiet), (found, now))
            }
        };
        self.found = Some(known);
        outlook
    }

    fn act<K: Sealed>(&mut self, watch: &Watch, root: &ScopeCore<K>, found: &Standstill, quiet: Duration) -> Outlook {
        if !matches!(found, Standstill::External) {
            self.first = first(watch);
        }
        if !matches!(found, Standstill::Suspected(_)) {
            self.asked = None;
        }
        let is_proven = match found {
            Standstill::External if self.first < LONGEST && !watch.at_once => {
                // Perhaps only a thread that has woken a task has not let go of it yet.
                self.first *= 2;
                return Outlook::Later(self.first);
            }
            Standstill::External => return Outlook::Rest,
            Standstill::Proven(_) => true,
            Standstill::Suspected(_) if self.is_reported || watch.policy == DeadlockPolicy::Off => {
                return Outlook::Rest;
            }
            Standstill::Suspected(parked) if self.is_known_to_tick && parked.is_background_awake() => {
                return Outlook::Rest;
            }
            Standstill::Suspected(parked) => {
                let has_answered = |(before, _): &(Parked, u32)| parked.has_only_been_asked_since(before);
                if !self.asked.as_ref().is_some_and(has_answered) {
                    if let Some(time) = self.patience(watch, parked, quiet) {
                        return Outlook::Later(time);
                    }
                    // Others may have begun to use it since the tasks have come to wait.
                    let times = self.asked.take().map_or(0, |(_, times)| times);
                    if times < QUESTIONS && cancel::ask_who_uses(root) {
                        self.asked = Some((parked.clone(), times + 1));
                        return Outlook::Asked;
                    }
                }
                self.asked = None;
                if watch.policy == DeadlockPolicy::Report {
                    self.is_reported = true;
                    self.is_known_to_tick |= parked.is_background_awake();
                    watch.report(root);
                    return Outlook::Rest;
                }
                false
            }
        };
        // Shields stand against a mere suspicion (X3).
        if !(is_proven && cancel::pierce(root)) {
            watch.end(root, is_proven);
        }
        Outlook::Acted
    }

    /// For how long still a suspicion is not acted on.
    fn patience(&mut self, watch: &Watch, parked: &Parked, quiet: Duration) -> Option<Duration> {
        let is_new = quiet < LONGEST;
        if parked.is_background_awake() {
            let had_its_chance = parked.background_has_had_its_chance(&mut self.ticking, is_new);
            return (is_new || !had_its_chance).then_some(BETWEEN);
        }
        (is_new && !watch.at_once).then(|| LONGEST - quiet)
    }
}

/// How long a root has been quiet when it is first looked at.
fn first(watch: &Watch) -> Duration {
    if watch.at_once { Duration::ZERO } else { FIRST }
}

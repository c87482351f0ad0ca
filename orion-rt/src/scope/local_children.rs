//! The children of one local group: who they are, which of them is polled next, and how they end.
//!
//! ```text
//!   spawn ──> [ slot: record, future ] ──woken──> Ready ──turn: the future is taken out, polled──> put back, or ended
//!                     │                                                       again in the group's next poll <─┘
//!                     └── group cancelled, failed or dropped: ended
//! ```
//!
//! Invariants
//! 1. A child's future is in its slot, or taken out by `turn` or `end_all`, which only the group's future calls: one at a time.
//! 2. While the gate is open a child comes in; afterwards it is refused, dropped unpolled (S5). `Ended` and "no child" are one
//!    step, and nothing leaves `Ended` (S2).
//! 3. A child holds handles of its group, which hold this. The group's future breaks the cycle: it empties the slots before it
//!    is ready, and when it is dropped.
//! 4. No user code runs under `state`: futures are boxed before, polled and dropped after.

#![forbid(unsafe_code)]

use std::any::Any;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake as _, Waker};

use crate::coop::Root;
use crate::locals::{self, Locals};
use crate::meta::ledger;
use crate::task::child::{Child as _, ChildWaker, Ready, Record};
use crate::task::error::{Panic, Payload, TaskError};
use crate::task::kind::{Kind, Lock};
use crate::task::state::{Start, Suspend};
use crate::task::unit::Unit;
use crate::util::contain::{contained, discard};
use crate::util::slab::Slab;

/// See the module.
pub(super) struct Children<'a, K: Kind> {
    pub(super) ready: Arc<Ready>,
    /// The body is woken, polled and asked to stop like a child, but its future is in the group's.
    pub(super) body: Arc<Record>,
    /// Woken when the scope that the group was opened on is cancelled (X2).
    pub(super) watch: Arc<Record>,
    state: K::Lock<State<'a, K>>,
}

struct State<'a, K: Kind> {
    slots: Slab<Slot<'a, K>>,
    gate: Gate,
    failed: bool,
    payload: Option<Payload>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    Cancelled,
    Ended,
}

struct Slot<'a, K: Kind> {
    record: Arc<Record>,
    child: Option<Live<'a, K>>,
}

/// A child whose future is there.
struct Live<'a, K: Kind> {
    work: K::Child<'a>,
    unit: Unit,
    /// What it inherited at its spawn.
    locals: Option<Locals>,
}

/// What a turn of a child, or of the body, led to.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It waits, or is over.
    Done,
    /// It was woken meanwhile: it is polled again after everything that can run now (Y1).
    Again,
}

impl<'a, K: Kind> Children<'a, K> {
    /// Those of a group that the tasks of `root` alone can poll.
    pub(super) fn new(root: Root, location: &'static Location<'static>) -> Arc<Self> {
        let ready = Ready::new(root);
        let body = Record::new(Arc::clone(&ready), location);
        ready.push([Arc::clone(&body)]);
        let watch = Record::parked(Arc::clone(&ready), location);
        let state = State { slots: Slab::default(), gate: Gate::Open, failed: false, payload: None };
        Arc::new(Self { ready, body, watch, state: Lock::new(state) })
    }

    /// The record of a child about to be spawned.
    pub(super) fn new_record(&self, location: &'static Location<'static>) -> Arc<Record> {
        Record::new(Arc::clone(&self.ready), location)
    }

    /// Takes a child in, or refuses it.
    pub(super) fn adopt(&self, record: Arc<Record>, work: K::Child<'a>) {
        let child = Live { work, unit: Unit::default(), locals: locals::capture() };
        let refused = {
            let mut state = self.state.lock();
            if state.gate == Gate::Open {
                record.set_place(state.slots.next_index());
                state.slots.insert(Slot { record: Arc::clone(&record), child: Some(child) });
                None
            } else {
                Some(child)
            }
        };
        match refused {
            None => self.ready.push([record]),
            Some(child) => {
                record.start_end();
                self.end(&record, child, Some(TaskError::Cancelled));
            }
        }
    }

    /// Asks every child to stop; later ones are refused (X2, S5).
    pub(super) fn cancel(&self) {
        self.ready.push(self.ask_all());
    }

    /// Those that have to be queued for it.
    fn ask_all(&self) -> Vec<Arc<Record>> {
        let mut state = self.state.lock();
        if state.gate != Gate::Open {
            return Vec::new();
        }
        state.gate = Gate::Cancelled;
        state.slots.iter().map(|slot| &slot.record).filter(|record| record.ask_to_stop()).cloned().collect()
    }

    /// A child, or the body, has panicked: the first payload is kept, everybody is asked to stop (P1).
    pub(super) fn fail(&self, payload: Payload) {
        let rejected = {
            let mut state = self.state.lock();
            if state.failed || state.gate == Gate::Ended {
                Some(payload)
            } else {
                state.failed = true;
                state.payload.replace(payload)
            }
        };
        match rejected {
            Some(payload) => discard(payload),
            None => {
                let mut asked = self.ask_all();
                if self.body.ask_to_stop() {
                    asked.push(Arc::clone(&self.body));
                }
                contained(|| self.ready.push(asked));
            }
        }
    }

    /// How many children are left.
    pub(super) fn len(&self) -> usize {
        self.state.lock().slots.len()
    }

    /// Polls the child of `record`, which was just taken from the queue, or ends it.
    pub(super) fn turn(&self, record: &Arc<Record>) -> Turn {
        let taken = self.state.lock().slots.get_mut(record.place()).and_then(|slot| slot.child.take());
        let Some(mut child) = taken else { return Turn::Done };
        let Live { work, unit, locals } = &mut child;
        let waker = &ChildWaker::of(record);
        // Its waker is registered here, too.
        let inside = record.enter();
        if record.start(|| self.keeps(unit, waker)) == Start::Cancel {
            drop(inside);
            self.end(record, child, Some(TaskError::Cancelled));
            return Turn::Done;
        }
        let entered = locals::enter(locals.take());
        let polled = catch_unwind(AssertUnwindSafe(|| {
            unit.poll(None, || Pin::new(work).poll(&mut Context::from_waker(waker)).is_ready())
        }));
        *locals = entered.leave();
        let suspended = matches!(polled, Ok(false)).then(|| record.suspend(|| self.keeps(unit, waker)));
        drop(inside);
        match (polled, suspended) {
            (Ok(true), _) => self.end(record, child, None),
            (Err(payload), _) => {
                let error = panicked(record, &*payload);
                self.fail(payload);
                self.end(record, child, Some(error));
            }
            (Ok(false), None | Some(Suspend::Cancel)) => self.end(record, child, Some(TaskError::Cancelled)),
            (Ok(false), Some(suspended)) => {
                if let Some(slot) = self.state.lock().slots.get_mut(record.place()) {
                    slot.child = Some(child);
                }
                return if suspended == Suspend::Requeue { Turn::Again } else { Turn::Done };
            }
        }
        Turn::Done
    }

    /// Whether a shield in `unit`, a child or the body that is to end, keeps it.
    pub(super) fn keeps(&self, unit: &Unit, waker: &Waker) -> bool {
        let kept = unit.is_shielded(waker);
        if kept {
            self.ready.note_kept();
        }
        kept
    }

    /// Has all of them polled: what is to end may have to end now, and the groups in them may have to look at their bodies (X3).
    pub(super) fn rouse(&self) {
        let mut records: Vec<_> = self.state.lock().slots.iter().map(|slot| Arc::clone(&slot.record)).collect();
        records.push(Arc::clone(&self.body));
        records.iter().for_each(|record| record.wake_by_ref());
    }

    /// Drops the future, counts the child out, then tells its handle. A panic in the destructor is the child's (P3).
    fn end(&self, record: &Arc<Record>, mut child: Live<'a, K>, mut error: Option<TaskError>) {
        let entered = locals::enter(child.locals.take());
        let drop_future = AssertUnwindSafe(|| Pin::new(&mut child.work).drop_future());
        // A child that is cut short can neither join nor close what it holds (J8).
        let dropped =
            if error.is_none() { catch_unwind(drop_future) } else { ledger::excused(|| catch_unwind(drop_future)) };
        child.locals = entered.leave();
        if let Err(payload) = dropped {
            let late = error.replace(panicked(record, &*payload));
            self.fail(payload);
            drop(late);
        }
        record.finish();
        let slot = self.state.lock().slots.remove(record.place());
        drop(slot);
        Pin::new(&mut child.work).settle(error);
        // With what it inherited, if nobody else has.
        contained(|| drop(child));
    }

    /// The group's future is ready or gone: if no child is left, the group has ended (2). Gives the panic to raise.
    pub(super) fn end_if_empty(&self) -> Option<Ended> {
        let payload = {
            let mut state = self.state.lock();
            if !state.slots.is_empty() {
                return None;
            }
            state.gate = Gate::Ended;
            state.payload.take()
        };
        self.ready.close();
        Some(Ended { payload })
    }

    /// Drops all children at once, in place (S4); those that their destructors spawn are refused.
    pub(super) fn end_all(&self) {
        let slots = {
            let mut state = self.state.lock();
            if state.gate == Gate::Open {
                state.gate = Gate::Cancelled;
            }
            std::mem::take(&mut state.slots)
        };
        for Slot { record, child } in slots.into_values() {
            let child = child.expect("the future of a child is taken out only while the group's is polled");
            record.start_end();
            self.end(&record, child, Some(TaskError::Cancelled));
        }
    }
}

/// What a group ended with.
pub(super) struct Ended {
    pub(super) payload: Option<Payload>,
}

/// What the joiner learns of a panic.
fn panicked(record: &Record, payload: &(dyn Any + Send)) -> TaskError {
    TaskError::Panicked(Panic::described(record.called(), payload))
}

//! A child's future and where its result goes.
//!
//! Invariants
//! 1. `over` is set once, with the result if it is wanted, after the future is gone.
//! 2. The result is taken or dropped once: it leaves the slot under the lock, and is dropped outside.

#![forbid(unsafe_code)]

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use super::{Child, Record};
use crate::coop::{self, Once, Reason, Shared};
use crate::meta::ledger::{self, Entry};
use crate::task::error::TaskError;
use crate::task::kind::{Lock, Sealed};
use crate::util::contain::contained;

/// What a handle and its child share.
pub(crate) struct JoinCell<T, K: Sealed> {
    record: Arc<Record>,
    slot: K::Lock<Slot<T>>,
}

struct Slot<T> {
    result: Option<Result<T, TaskError>>,
    joiner: Option<Waker>,
    over: bool,
    wanted: bool,
}

impl<T, K: Sealed> JoinCell<T, K> {
    pub(crate) fn new(record: Arc<Record>) -> Arc<Self> {
        Arc::new(Self { record, slot: Lock::new(Slot { result: None, joiner: None, over: false, wanted: true }) })
    }

    pub(crate) fn record(&self) -> &Arc<Record> {
        &self.record
    }

    pub(crate) fn is_over(&self) -> bool {
        self.slot.lock().over
    }

    /// Ready when the child is over; else its end wakes the caller.
    pub(crate) fn poll_over(
        &self,
        cx: &Context<'_>,
        once: &mut Once,
        location: &'static Location<'static>,
    ) -> Poll<()> {
        if self.is_over() {
            return once.consume(cx);
        }
        if self.register(cx.waker()) {
            return Poll::Ready(());
        }
        coop::note_wait(Reason::Join, self.record.id.0, location);
        Poll::Pending
    }

    /// Has `waker` woken when the child is over. `true`: it is.
    pub(crate) fn register(&self, waker: &Waker) -> bool {
        {
            let slot = self.slot.lock();
            if slot.over || slot.joiner.as_ref().is_some_and(|w| coop::same(w, waker)) {
                return slot.over;
            }
        }
        let fresh = coop::register(waker);
        coop::note_root(self.record.root());
        if self.record.wakers().are_in_background() {
            coop::note_shared(Shared::BACKGROUND);
        }
        let (over, left) = {
            let mut slot = self.slot.lock();
            if slot.over { (true, Some(fresh)) } else { (false, slot.joiner.replace(fresh)) }
        };
        drop(left);
        over
    }

    /// The result of a child that is over, for its only joiner.
    pub(crate) fn take(&self) -> Result<T, TaskError> {
        let result = self.slot.lock().result.take();
        result.unwrap_or(Err(TaskError::Cancelled))
    }

    /// As `release`, but the handle was dropped, neither joined nor released: a strict root is told (J8).
    pub(crate) fn forsake(&self) {
        if let Some(ledger) = ledger::current() {
            ledger.record(|| Entry {
                kind: ledger::Kind::Task,
                id: self.record.id.0,
                name: None,
                location: Some(self.record.location),
                wrong: "was neither joined nor released: the handle of this child of a local group was dropped".into(),
                fix: "join it, or `release()` it to its group",
            });
        }
        self.release();
    }

    /// The handle is given up: a result that is there is dropped, one that comes is not kept.
    pub(crate) fn release(&self) {
        let left = {
            let mut slot = self.slot.lock();
            slot.wanted = false;
            (slot.result.take(), slot.joiner.take())
        };
        contained(|| drop(left.0));
        contained(|| drop(left.1));
    }

    fn settle(&self, result: Result<T, TaskError>) {
        let (joiner, left) = {
            let mut slot = self.slot.lock();
            slot.over = true;
            let left = if slot.wanted { slot.result.replace(result) } else { Some(result) };
            (slot.joiner.take(), left)
        };
        if let Some(waker) = joiner {
            contained(|| waker.wake());
        }
        contained(|| drop(left));
    }
}

pin_project! {
    /// The future of a child, then its value, and the cell of its handle, if it has one.
    pub(crate) struct Work<F: Future, K: Sealed> {
        #[pin]
        future: Option<F>,
        value: Option<F::Output>,
        cell: Option<Arc<JoinCell<F::Output, K>>>,
    }
}

impl<F: Future, K: Sealed> Work<F, K> {
    pub(crate) fn new(future: F, cell: Option<Arc<JoinCell<F::Output, K>>>) -> Self {
        Self { future: Some(future), value: None, cell }
    }
}

impl<F: Future, K: Sealed> Child for Work<F, K> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        let future = this.future.as_pin_mut().expect("a child is polled while it has its future");
        future.poll(cx).map(|value| *this.value = Some(value))
    }

    fn drop_future(self: Pin<&mut Self>) {
        self.project().future.set(None);
    }

    fn settle(self: Pin<&mut Self>, error: Option<TaskError>) {
        let this = self.project();
        let value = this.value.take();
        let (result, left) = match (error, value) {
            (Some(error), value) => (Err(error), value),
            (None, Some(value)) => (Ok(value), None),
            (None, None) => (Err(TaskError::Cancelled), None),
        };
        contained(|| drop(left));
        match this.cell.take() {
            Some(cell) => cell.settle(result),
            None => contained(|| drop(result)),
        }
    }
}

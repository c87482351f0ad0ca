//! The end of a scope: what it ends with, who waits for it, and what the last activity brings about.
//!
//! ```text
//!   end_activity ── active == 0 ──────────> ended: wakes the group's future | unparks the root's thread | runs the root's finish
//!                └─ only background left ─> stop_background: those tasks are cancelled (S9)
//! ```
//!
//! Invariants: 5 and 6 of `owner`.

use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;

use crate::coop::{self, Root};
use crate::meta::id;
use crate::meta::ledger::Ledger;
use crate::sys::atomic::{AtomicBool, Ordering};
use crate::sys::thread::{self, Thread};
use crate::util::contain::{FirstPanic, contained, discard};

use super::error::Payload;
use super::header::Header;
use super::kind::{Count, Lock, Sealed};
use super::owner::{BACKGROUND, ORDINARY, Place, ScopeCore};
use super::scope_ref::ScopeRef;
use super::signal::{Listener, Signal};
use super::state::TaskState;

/// What the scope's end is waited with and ends with.
pub(super) struct End<K: Sealed> {
    payload: Option<Payload>,
    abandoned: bool,
    waiter: Option<Waker>,
    /// What the end of a group whose future was dropped is waited for with, by the groups above.
    over: Option<Arc<Signal>>,
    signal: Option<Arc<Signal>>,
    background: Background<K>,
}

/// The scope of the background tasks.
enum Background<K: Sealed> {
    /// There has been none.
    None,
    /// It refers to its parent, which lets go of it at the end.
    Open(ScopeRef<K>),
    /// Its tasks have been cancelled: the body and all ordinary tasks have ended.
    Closed,
}

impl<K: Sealed> End<K> {
    pub(super) const fn new() -> Self {
        Self { payload: None, abandoned: false, waiter: None, over: None, signal: None, background: Background::None }
    }

    /// Keeps the first payload; gives a later one back.
    fn keep(&mut self, payload: Payload) -> Option<Payload> {
        match self.payload {
            None => {
                self.payload = Some(payload);
                None
            }
            Some(_) => Some(payload),
        }
    }
}

/// A root's body, and who runs it and notices the root's end.
pub(crate) struct RootPlace<K: Sealed> {
    pub(crate) body: Cell<Option<NonNull<Header<K>>>>,
    pub(super) identity: Root,
    pub(super) ledger: Option<Arc<Ledger>>,
    /// Whether all of it, its body too, has been asked to stop.
    pub(super) stopped: AtomicBool,
    /// Whether it has had tasks in the background.
    pub(super) background: AtomicBool,
    driver: Driver<K>,
}

enum Driver<K: Sealed> {
    /// A thread, which waits; whether the body is to be run.
    Thread { thread: K::Lock<Thread>, woken: AtomicBool },
    /// The workers: the body is queued as any task, and the last activity runs what is left to do.
    Workers { finish: K::Lock<Option<Finish>> },
}

/// What is left to do at the end of a root that no thread waits for.
pub(crate) type Finish = Box<dyn FnOnce() + Send>;

impl<K: Sealed> RootPlace<K> {
    pub(super) fn of_this_thread(ledger: Option<Arc<Ledger>>) -> Self {
        let thread = Lock::new(thread::current());
        Self::new(ledger, Driver::Thread { thread, woken: AtomicBool::new(false) })
    }

    pub(super) fn of_workers(ledger: Option<Arc<Ledger>>) -> Self {
        Self::new(ledger, Driver::Workers { finish: Lock::new(None) })
    }

    fn new(ledger: Option<Arc<Ledger>>, driver: Driver<K>) -> Self {
        Self {
            body: Cell::new(None),
            identity: Root::numbered(id::fresh()),
            ledger,
            stopped: AtomicBool::new(false),
            background: AtomicBool::new(false),
            driver,
        }
    }
}

impl<K: Sealed> ScopeCore<K> {
    /// `n` activities less (`ORDINARY` or `BACKGROUND`); the last brings the end about.
    ///
    /// Whoever calls it keeps the scope's memory, not the scope: the root may be gone when this returns (6).
    pub(crate) fn end_activity(&self, n: usize) {
        match self.active.sub(n) {
            0 => self.ended(),
            left if left.is_multiple_of(BACKGROUND) => self.stop_background(),
            _ => {}
        }
    }

    /// The body of a group is gone. As `end_activity`, but if that is the end nobody is woken: the group's future, which calls
    /// this, looks for itself.
    pub(crate) fn end_body(&self) {
        match self.active.sub(ORDINARY) {
            0 => self.settle(),
            left if left.is_multiple_of(BACKGROUND) => self.stop_background(),
            _ => {}
        }
    }

    /// The scope lets go of what it has set going.
    fn settle(&self) {
        self.deadline.call_off();
        drop(self.close_background());
    }

    fn ended(&self) {
        self.settle();
        match &self.place {
            Place::Root(RootPlace { driver: Driver::Thread { thread, .. }, .. }) => {
                let thread = thread.lock().clone();
                thread.unpark();
            }
            Place::Root(RootPlace { driver: Driver::Workers { finish }, .. }) => {
                let finish = finish.lock().take();
                if let Some(finish) = finish {
                    finish();
                }
            }
            Place::Group { .. } => {
                self.notify();
                let over = self.end.lock().over.take();
                if let Some(over) = over {
                    let mut panics = FirstPanic::default();
                    over.fire(&mut panics);
                    panics.discard();
                }
            }
        }
    }

    /// Drops what nobody will raise or wake any more: the scope is about to be freed (P3).
    pub(super) fn clear(&self) {
        let End { payload, waiter, over, signal, .. } = std::mem::replace(&mut *self.end.lock(), End::new());
        payload.into_iter().for_each(discard);
        contained(|| drop(waiter));
        contained(|| drop(over));
        contained(|| drop(signal));
    }

    /// Only background tasks are left: they are cancelled (S9).
    fn stop_background(&self) {
        if let Some(background) = self.close_background() {
            super::cancel::scope(&background).discard();
        }
    }

    /// The scope of the background tasks, if there is one; none will be made from now on.
    fn close_background(&self) -> Option<ScopeRef<K>> {
        match std::mem::replace(&mut self.end.lock().background, Background::Closed) {
            Background::Open(scope) => Some(scope),
            Background::None | Background::Closed => None,
        }
    }

    /// The scope of the background tasks; `None`: it is too late for any.
    pub(crate) fn background(this: &ScopeRef<K>) -> Option<ScopeRef<K>> {
        match &this.end.lock().background {
            Background::Open(scope) => return Some(scope.clone()),
            Background::Closed => return None,
            Background::None => {}
        }
        let fresh = Self::background_of(this);
        let mut end = this.end.lock();
        match &end.background {
            // Another thread was faster; the fresh one goes when the lock has been released.
            Background::Open(scope) => Some(scope.clone()),
            Background::Closed => None,
            Background::None => {
                end.background = Background::Open(fresh.clone());
                Some(fresh)
            }
        }
    }

    /// Whether it is a root whose body the workers run.
    pub(crate) fn is_started(&self) -> bool {
        matches!(&self.place, Place::Root(RootPlace { driver: Driver::Workers { .. }, .. }))
    }

    /// This thread waits for the root from now on.
    pub(crate) fn wait_on_this_thread(&self) {
        if let Place::Root(RootPlace { driver: Driver::Thread { thread, .. }, .. }) = &self.place {
            *thread.lock() = thread::current();
        }
    }

    /// The root's body, with a reference; `None`: the root has ended.
    pub(crate) fn retain_body(&self) -> Option<NonNull<Header<K>>> {
        let Place::Root(RootPlace { driver, body, .. }) = &self.place else { return None };
        // What is left to do at the end of a root that the workers run holds the claim of its body, which keeps it alive while
        // the lock is held. A thread keeps its body until it has waited for all who could ask.
        let finish = match driver {
            Driver::Workers { finish } => Some(finish.lock()),
            Driver::Thread { .. } => None,
        };
        if finish.as_ref().is_some_and(|finish| finish.is_none()) {
            return None;
        }
        let body = body.get()?;
        // SAFETY: as said.
        unsafe { body.as_ref() }.state.retain();
        Some(body)
    }

    /// What is to be done at the end of a root whose body the workers run. Set before the body can run.
    pub(crate) fn set_finish(&self, finish: Finish) {
        if let Place::Root(RootPlace { driver: Driver::Workers { finish: slot }, .. }) = &self.place {
            *slot.lock() = Some(finish);
        }
    }

    /// The body of the root at `root` has become runnable. `true`: its thread has been told, and may run it now. Once the flag is
    /// set that thread may run the body, and with it the root, to the end; so nothing of the root is touched afterwards.
    /// `false`: the workers run this root's body, the caller queues it.
    ///
    /// # Safety
    /// The caller made the body's transition to SCHEDULED, and has not called this for it yet.
    pub(crate) unsafe fn wake_body(root: NonNull<Self>) -> bool {
        // SAFETY: a body that is scheduled and that nobody may run yet keeps its root.
        let place = unsafe { &(*root.as_ptr()).place };
        let Place::Root(RootPlace { driver: Driver::Thread { thread, woken }, .. }) = place else { return false };
        let thread = thread.lock().clone();
        woken.store(true, Ordering::Release);
        thread.unpark();
        true
    }

    /// Whether the body has been woken since the last call.
    pub(crate) fn take_body_wake(&self) -> bool {
        match &self.place {
            // A look that finds nothing writes nothing.
            Place::Root(RootPlace { driver: Driver::Thread { woken, .. }, .. }) => {
                woken.load(Ordering::Acquire) && woken.swap(false, Ordering::Acquire)
            }
            _ => false,
        }
    }

    /// The scope fails: it keeps `payload`, unless it has one (P1). `Err`: it has failed already, or nobody is left here to
    /// raise anything; the payload comes back.
    pub(crate) fn fail_with(&self, payload: Payload) -> Result<(), Payload> {
        let mut end = self.end.lock();
        if end.abandoned || !self.mark_failed() {
            return Err(payload);
        }
        let later = end.keep(payload);
        drop(end);
        later.into_iter().for_each(discard);
        Ok(())
    }

    /// Keeps `payload` to be raised at the end, unless there is one; the scope goes on (P2). `Err`: nobody is left here to
    /// raise anything.
    pub(crate) fn end_with(&self, payload: Payload) -> Result<(), Payload> {
        let mut end = self.end.lock();
        if end.abandoned {
            return Err(payload);
        }
        let later = end.keep(payload);
        drop(end);
        later.into_iter().for_each(discard);
        Ok(())
    }

    /// The payload to raise when all are gone.
    pub(crate) fn take_payload(&self) -> Option<Payload> {
        self.end.lock().payload.take()
    }

    /// The group's future is gone: nobody will raise a payload here. Gives one that waits to be raised.
    pub(crate) fn abandon(&self) -> Option<Payload> {
        let (payload, waiter) = {
            let mut end = self.end.lock();
            end.abandoned = true;
            (end.payload.take(), end.waiter.take())
        };
        contained(|| drop(waiter));
        payload
    }

    /// Whether the group's future is gone.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.end.lock().abandoned
    }

    /// Has `waker` woken at the next failure and at the end.
    pub(crate) fn wait_with(&self, waker: &Waker) {
        if self.end.lock().waiter.as_ref().is_some_and(|w| coop::same(w, waker)) {
            return;
        }
        coop::note_root(self.root());
        let waker = coop::register(waker);
        let before = self.end.lock().waiter.replace(waker);
        drop(before);
    }

    /// What a cancellation of this scope is waited for with. Who has got it looks at [`is_cancelled`](Self::is_cancelled)
    /// before it waits.
    pub(crate) fn signal(&self) -> Arc<Signal> {
        Signal::of(&mut self.end.lock().signal)
    }

    /// As [`signal`](Self::signal), if anybody waits; for who has just marked the scope.
    pub(super) fn signal_if_any(&self) -> Option<Arc<Signal>> {
        self.end.lock().signal.clone()
    }

    /// Has the group's future end its body.
    pub(super) fn stop_body(&self) {
        self.mark_body();
        self.notify();
    }

    /// Whether there are live tasks of groups opened below whose futures have been dropped, with a body that was dropped say (S4).
    /// Then `listener` has `waker` woken when one of those groups has ended. Others above may wait for the same one.
    pub(crate) fn waits_for_dropped_groups(&self, listener: &mut Listener, waker: &Waker) -> bool {
        let mut below = Vec::new();
        super::cancel::collect_children(self, &mut below);
        while let Some(scope) = below.pop() {
            if scope.is_abandoned() {
                let over = Signal::of(&mut scope.end.lock().over);
                // In this order: see `ended`, which takes the signal after the last activity is gone.
                if listener.poll(&over, waker).is_pending() && scope.active.get() != 0 {
                    return true;
                }
            }
            super::cancel::collect_children(&scope, &mut below);
        }
        false
    }

    /// Wakes the group's future.
    pub(crate) fn notify(&self) {
        let waiter = self.end.lock().waiter.take();
        if let Some(waker) = waiter {
            contained(|| waker.wake());
        }
    }
}

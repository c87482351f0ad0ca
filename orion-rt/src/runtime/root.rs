//! One root from its start to its end: the body becomes a task, the tree is driven until nothing is left, the outcome is
//! raised or returned.
//!
//! Invariants
//! 1. `local` and `multi` return only after every task below `core` has been dropped (R3): the count `active` reaches zero
//!    only after every future has been.
//! 2. An unwind in between would free what tasks still borrow; it aborts.

use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;

use super::observer::Observer;
use super::watch::Watch;
use crate::chan::registry::ScopeChans;
use crate::coop;
use crate::debug::Deadlock;
use crate::locals;
use crate::meta::ledger::Ledger;
use crate::scheduler::local::{Drive, LocalShared, WhenIdle};
use crate::scheduler::multi::MultiShared;
use crate::sys::thread;
use crate::task::cancel;
use crate::task::cell::allocate;
use crate::task::current;
use crate::task::error::{Panic, Payload, TaskError};
use crate::task::header::{Birth, Extra, Header};
use crate::task::join::Claim;
use crate::task::kind::{Count, Kind, Local, Multi, Sealed};
use crate::task::owner::{Place, ScopeCore};
use crate::task::run::{Pace, Turn};
use crate::task::scope_ref::ScopeRef;
use crate::task::sweep;
use crate::util::contain::{contained, discard};
use crate::util::rng;

/// What a root ended with: the body's value, or the first panic below it.
pub(crate) type Outcome<T> = Result<T, Payload>;

/// Whether this thread runs orion tasks, or the body of a root: whoever blocks it blocks them. Between two polls it runs
/// destructors of results and wakers of timers, so whether it polls a task now is not the question.
pub(crate) fn is_on_this_thread() -> bool {
    current::get().is_some() || crate::time::is_entered()
}

/// Panics if this thread runs orion tasks: a root inside would block the others (R4).
#[track_caller]
pub(crate) fn forbid_nesting(what: &str) {
    assert!(
        !is_on_this_thread(),
        "`{what}` was called from inside a task of an orion runtime, whose thread it would block; open a group there instead: \
         `s.group(async |g| ..).await`"
    );
}

/// A root for the single-threaded scheduler.
pub(crate) fn local_core(shared: &Arc<LocalShared>, location: &'static Location<'static>) -> ScopeRef<Local> {
    // SAFETY: the caller has a reference to it.
    unsafe { ScopeCore::new_root(pointer(shared), 1, ledger(shared.pace()), location) }
}

/// A root for a runtime with workers; its task list has a shard per worker and one for everybody else.
pub(crate) fn multi_core(shared: &Arc<MultiShared>, location: &'static Location<'static>) -> ScopeRef<Multi> {
    // SAFETY: the caller has a reference to it.
    unsafe { ScopeCore::new_root(pointer(shared), shared.workers() + 1, ledger(shared.pace()), location) }
}

/// The ledger of a new root, if it is to be strict.
fn ledger(pace: Pace) -> Option<Arc<Ledger>> {
    pace.strict.then(Ledger::new)
}

fn pointer<S>(shared: &Arc<S>) -> NonNull<S> {
    // Not from a reference: a header may have to give a count of the `Arc` back through this pointer.
    NonNull::new(Arc::as_ptr(shared).cast_mut()).expect("an `Arc` points somewhere")
}

/// A root whose body runs on the workers.
pub(crate) fn started_core(shared: &Arc<MultiShared>, location: &'static Location<'static>) -> ScopeRef<Multi> {
    // SAFETY: the caller has a reference to it.
    unsafe { ScopeCore::new_started_root(pointer(shared), shared.workers() + 1, ledger(shared.pace()), location) }
}

/// Runs `body` and everything spawned below `core` on this thread.
pub(crate) fn local<F: Future>(
    shared: &Arc<LocalShared>,
    seed: Option<u64>,
    core: &ScopeRef<Local>,
    chans: &ScopeChans,
    watch: &Watch,
    body: F,
) -> Outcome<F::Output> {
    let guard = AbortOnUnwind;
    let _timers = crate::time::enter(&shared.timers);
    if let Some(seed) = seed {
        rng::reseed(seed);
    }
    shared.begin(core.root());
    let (body, claim) = adopt_body(core, body);
    let _locals = locals::enter(None);
    shared.roots.add(core.as_ptr());
    crate::task::waker::queue(body);
    let mut observer = Observer::new(watch);
    let mut idle = |idle: &_| observer.idle(watch, core, idle);
    let end = shared.drive(|| core.active.get() == 0, WhenIdle::Ask(&mut idle));
    debug_assert_eq!(end, Drive::Done);
    shared.roots.remove(core.as_ptr());
    wind_up(core, chans);
    // SAFETY: `F::Output` is the body's type.
    let outcome = unsafe { conclude::<Local, F::Output>(core, claim) };
    shared.end();
    std::mem::forget(guard);
    outcome.and_then(value_of)
}

/// Runs `body` on this thread and everything spawned below `core` on the workers.
pub(crate) fn multi<F: Future>(
    shared: &Arc<MultiShared>,
    core: &ScopeRef<Multi>,
    chans: &ScopeChans,
    body: F,
) -> Outcome<F::Output> {
    let guard = AbortOnUnwind;
    let _timers = crate::time::enter(&shared.timers);
    let (body, claim) = adopt_body(core, body);
    let _locals = locals::enter(None);
    shared.roots.add(core.as_ptr());
    // No worker need ever wake for this root.
    shared.rest.ring();
    drive_body(core, body, shared.pace(), || shared.rest.ring());
    shared.roots.remove(core.as_ptr());
    wind_up(core, chans);
    // SAFETY: `F::Output` is the body's type.
    let outcome = unsafe { conclude::<Multi, F::Output>(core, claim) };
    std::mem::forget(guard);
    outcome.and_then(value_of)
}

/// Runs `body`, which is new, on this thread whenever it is woken, until nothing below `core` is left. `woken` is called each time
/// that it is.
pub(crate) fn drive_body<K: Kind>(core: &ScopeRef<K>, body: NonNull<Header<K>>, pace: Pace, woken: impl Fn()) {
    // A new task is scheduled. Later the flag says so, not the state word: its waker may still be on the way to this thread.
    let mut runnable = true;
    while core.active.get() != 0 {
        if !runnable {
            if !core.take_body_wake() {
                thread::park();
                continue;
            }
            woken();
        }
        // SAFETY: scheduled, and only this thread takes the body.
        runnable = unsafe { pace.step(body) } == Turn::Requeue;
    }
}

/// Starts `body` on the workers, as the body of `core`; `done` gets the root's outcome when every task below is gone.
pub(crate) fn start<F>(
    shared: &Arc<MultiShared>,
    core: &ScopeRef<Multi>,
    body: F,
    done: impl FnOnce(Result<F::Output, TaskError>) + Send + 'static,
) where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (body, claim) = adopt_body(core, body);
    shared.begin_started();
    let end =
        StartedEnd { shared: Arc::clone(shared), core: core.clone(), claim, _value: PhantomData::<fn() -> F::Output> };
    core.set_finish(Box::new(move || end.run(done)));
    shared.roots.add(core.as_ptr());
    crate::task::waker::queue(body);
}

/// What is left to do when a started root has no task any more.
struct StartedEnd<T> {
    shared: Arc<MultiShared>,
    core: ScopeRef<Multi>,
    claim: Claim<Multi>,
    _value: PhantomData<fn() -> T>,
}

// SAFETY: the claim is that of a `Multi` task whose value, a `T`, moves to the thread that runs the end.
unsafe impl<T: Send> Send for StartedEnd<T> {}

impl<T> StartedEnd<T> {
    fn run(self, done: impl FnOnce(Result<T, TaskError>)) {
        let Self { shared, core, claim, .. } = self;
        let body = claim.header().called();
        shared.roots.remove(core.as_ptr());
        sweep::forgotten_panics(&core);
        sweep::report_unclaimed(&core);
        // SAFETY: `T` is the type of the body's value.
        let outcome = unsafe { conclude::<Multi, T>(&core, claim) };
        let outcome = raise_left_open(core.ledger(), outcome);
        let outcome = outcome.unwrap_or_else(|payload| {
            let report = payload.downcast_ref().map(Deadlock::to_string);
            Err(TaskError::Panicked(Panic::of_root(body, payload, report)))
        });
        drop(core);
        // First: what the value or the waker of the `Root` gives up may be the runtime, whose end waits for this where no worker
        // runs it.
        shared.end_started();
        // Nobody may want the value, and its destructor is the user's: this thread must not suffer (P3).
        contained(|| done(outcome));
    }
}

/// Asks the body and the tasks of a started root to stop.
pub(crate) fn stop(core: &ScopeRef<Multi>) {
    cancel::scope_and_body(core).discard();
}

/// What comes after the last task, while everything a destructor could use is still there (R8): the root's channels are
/// closed, results nobody has taken and then the values in the channels are dropped, and the claims of forgotten handles are
/// given up. The first panic of a destructor of a channel's value becomes the root's, unless it has one (P1).
fn wind_up<K: Sealed>(core: &ScopeCore<K>, chans: &ScopeChans) {
    let _root = coop::belongs_to(core.root());
    chans.close();
    sweep::results(core);
    chans.drain(|payload| {
        if let Err(late) = core.end_with(payload) {
            discard(late);
        }
    });
    sweep::claims(core);
}

/// Makes the body a task: scheduled, in no list (a cancel of the scope does not reach it, X2), known to the root.
pub(crate) fn adopt_body<K: Kind, F: Future>(core: &ScopeRef<K>, body: F) -> (NonNull<Header<K>>, Claim<K>) {
    let mut extra = Some(Box::new(Extra { name: Some("root".into()), ..Extra::default() }));
    Extra::inherit(&mut extra);
    let birth = Birth {
        scope: core.as_ptr(),
        link: K::link(core),
        shared: core.shared,
        location: core.location,
        extra,
        handle: true,
        is_body: true,
        strict: false,
    };
    let task = allocate(birth, body);
    if let Place::Root(place) = &core.place {
        place.body.set(Some(task));
    }
    // SAFETY: born with a handle.
    (task, unsafe { Claim::new(task) })
}

/// # Safety
/// The root has ended, and `T` is the type of its body's value.
pub(crate) unsafe fn conclude<K: Sealed, T>(core: &ScopeRef<K>, claim: Claim<K>) -> Outcome<Result<T, TaskError>> {
    if let Place::Root(place) = &core.place {
        place.body.set(None);
    }
    // SAFETY: the root has ended, so its body is complete.
    let result = unsafe { claim.take::<T>() };
    match core.take_payload() {
        Some(payload) => {
            contained(|| drop(result));
            Err(payload)
        }
        None => Ok(result),
    }
}

/// The outcome of a root that may be strict and now has nothing left: the panic that names what was left open (J8, C14), unless
/// it has failed. Whatever failed below is raised; what was left open by then is not the point.
pub(crate) fn raise_left_open<T>(ledger: Option<&Arc<Ledger>>, outcome: Outcome<T>) -> Outcome<T> {
    let Some(found) = ledger.and_then(|ledger| ledger.close()) else { return outcome };
    let value = outcome?;
    contained(|| drop(value));
    // The hook sees it.
    let Err(payload) = std::panic::catch_unwind(|| panic!("{found}"));
    Err(payload)
}

/// The value of a root's body, which ends without one only after a panic that was raised already.
fn value_of<T>(result: Result<T, TaskError>) -> Outcome<T> {
    result.map_err(|error| -> Payload { Box::new(format!("the body of the root ended without a value: {error}")) })
}

/// Aborts when dropped by an unwind (2).
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("orion-rt: a panic inside the runtime while tasks may borrow from the caller; aborting");
        std::process::abort();
    }
}

//! Cancelling and failing: how a request reaches every task below a scope or a task (X2, P1). No recursion, whatever the
//! depth; no user code under a lock: who waits for a cancellation is woken when all that it reaches has been asked.

use std::ops::ControlFlow;
use std::ptr::NonNull;
use std::sync::Arc;

use super::error::Payload;
use super::header::{Header, InScope};
use super::kind::{Count, Lock, Schedule as _, Sealed};
use super::owner::{Place, ScopeCore};
use super::scope_ref::ScopeRef;
use super::signal::Signal;
use super::state::{TaskState, Wake};
use crate::coop::{self, Root, Shared};
use crate::util::contain::FirstPanic;
use crate::util::list::{Linked, List};

/// Asks every task below `scope` to stop; its own body goes on. Gives the first panic of a waker.
pub(crate) fn scope<K: Sealed>(scope: &ScopeCore<K>) -> FirstPanic {
    let mut request = Request::new(scope.shared, scope.root());
    request.stop_tasks(scope);
    request.finish()
}

/// Asks the body of `scope`, and every task below, to stop: the body first, which need not learn that its tasks are going.
pub(crate) fn scope_and_body<K: Sealed>(scope: &ScopeCore<K>) -> FirstPanic {
    let mut request = Request::new(scope.shared, scope.root());
    match &scope.place {
        Place::Group { .. } => scope.stop_body(),
        Place::Root(_) => {
            if let Some(body) = scope.retain_body() {
                // SAFETY: kept alive by the reference.
                unsafe { request.stop_task(body) };
                // SAFETY: that reference.
                unsafe { super::finish::give_back(body, 1) };
            }
        }
    }
    request.stop_tasks(scope);
    let panics = request.finish();
    scope.mark_stopped();
    panics
}

/// Asks `task`, and every task below it, to stop.
///
/// # Safety
/// `task` is kept alive by the caller, and its scheduler (see `waker::queue`): it was not complete when the caller had a reference to it already.
pub(crate) unsafe fn task<K: Sealed>(task: NonNull<Header<K>>) -> FirstPanic {
    let header = {
        // SAFETY: promised by the caller.
        unsafe { task.as_ref() }
    };
    let mut request = Request::new(header.shared, K::root_of(header));
    // SAFETY: promised by the caller.
    unsafe { request.stop_task(task) };
    request.finish()
}

/// A task of `scope`, or its body, has panicked: the first payload is kept, everything below is asked to stop, and so is the
/// body (P1).
pub(crate) fn fail<K: Sealed>(scope: &ScopeCore<K>, payload: Payload) {
    let Ok(Raiser { scope, held }) = hand_over(scope, payload, ScopeCore::fail_with) else { return };
    scope_and_body(scope).discard();
    drop::<Option<Held<K>>>(held);
}

/// `root` has come to a standstill: everything of it ends, what is shielded too, and it raises `payload`, unless it has failed before.
pub(crate) fn force<K: Sealed>(root: &ScopeCore<K>, payload: Payload) {
    root.fail_with(payload).unwrap_or_else(crate::util::contain::discard);
    scope_and_body(root).discard();
    pierce(root);
}

/// What of `root` is to end, and is kept by shields in tasks that nobody will wake, ends (X3). `false`: there is nothing of the kind.
pub(crate) fn pierce<K: Sealed>(root: &ScopeCore<K>) -> bool {
    let mut any = false;
    let _ = super::walk::live_tasks(root, |task| {
        if task.is_shielded()
            && let Some((_, epoch)) = task.wait.load()
            && (task.state.is_cancelled() | keeps_a_body(task) | keeps_a_child(task))
        {
            any = true;
            task.pierce(epoch);
            if task.state.wake() == Wake::Schedule {
                super::waker::queue(NonNull::from(task));
            }
        }
        ControlFlow::Continue(())
    });
    any
}

/// Has every parked task of `root` that waits on something which anybody may use say again who does. `false`: there is none.
pub(crate) fn ask_who_uses<K: Sealed>(root: &ScopeCore<K>) -> bool {
    let mut any = false;
    let _ = super::walk::live_tasks(root, |task| {
        if task.wait.load().is_some_and(|(wait, _)| wait.shared.includes(Shared::ANYBODY)) {
            any = true;
            task.wait.ask();
            if task.state.wake() == Wake::Schedule {
                super::waker::queue(NonNull::from(task));
            }
        }
        ControlFlow::Continue(())
    });
    any
}

/// Whether in a local group in `task` a child, or the body, is to end.
fn keeps_a_child<K: Sealed>(task: &Header<K>) -> bool {
    task.annex.get().and_then(|annex| annex.children.get()).is_some_and(|children| children.take_kept())
}

/// Whether `task` has opened a group whose body is to end. Each is told of once only: if the body is still there then, its group is not
/// polled.
fn keeps_a_body<K: Sealed>(task: &Header<K>) -> bool {
    let Some(annex) = task.annex.get() else { return false };
    let groups = annex.groups.lock();
    let (mut next, mut any) = (groups.front(), false);
    while let Some(group) = next {
        // SAFETY: linked in the list, whose lock is held.
        let scope = unsafe { group.as_ref() };
        any |= scope.body_is_to_stop() && scope.mark_pierced();
        // SAFETY: linked in this list.
        next = unsafe { groups.next(group) };
    }
    any
}

/// `scope`, or who stands in for it, is to raise `payload` at its end; nothing is cancelled (P2). The first one is kept.
pub(crate) fn raise_at_end<K: Sealed>(scope: &ScopeCore<K>, payload: Payload) {
    let _ = hand_over(scope, payload, ScopeCore::end_with);
}

/// The scope that keeps a payload, and what keeps that scope alive.
struct Raiser<'a, K: Sealed> {
    scope: &'a ScopeCore<K>,
    held: Option<Held<K>>,
}

/// Gives `payload` to the nearest scope whose end somebody waits for: `scope`; where the group's future is gone its opener's
/// scope, or else the root. `Err`: that scope has one already, this one was discarded.
fn hand_over<'a, K: Sealed>(
    mut scope: &'a ScopeCore<K>,
    mut payload: Payload,
    keep: impl Fn(&ScopeCore<K>, Payload) -> Result<(), Payload>,
) -> Result<Raiser<'a, K>, ()> {
    // Keeps the scope of an opener alive while it is used here.
    let mut held: Option<Held<K>> = None;
    loop {
        scope = scope.visible();
        let Err(rejected) = keep(scope, payload) else { return Ok(Raiser { scope, held }) };
        match &scope.place {
            Place::Group { opener, .. } if scope.is_abandoned() => {
                payload = rejected;
                let opener = opener.and_then(Held::new);
                scope = opener.as_ref().map_or_else(|| scope.root_core(), Held::scope);
                held = opener;
            }
            _ => {
                crate::util::contain::discard(rejected);
                return Err(());
            }
        }
    }
}

/// A task that cannot complete while this exists, because it counts as one of its descendants.
struct Held<K: Sealed>(NonNull<Header<K>>);

impl<K: Sealed> Held<K> {
    /// `None`: the task, the opener of a group that exists, is complete.
    fn new(task: NonNull<Header<K>>) -> Option<Self> {
        // SAFETY: the group has a reference to its opener.
        let annex = unsafe { task.as_ref() }.annex.get()?;
        // Made only if it was counted: its destructor takes the count back.
        annex.pending.add_unless_zero(1).then(|| Self(task))
    }

    /// The task's scope; valid while this exists, though the lifetime cannot say so.
    fn scope<'a>(&self) -> &'a ScopeCore<K> {
        // SAFETY: a task that is not complete is alive.
        let scope = unsafe { self.0.as_ref() }.scope;
        // SAFETY: and so is its scope (header.rs, 7).
        unsafe { scope.as_ref() }
    }
}

impl<K: Sealed> Drop for Held<K> {
    fn drop(&mut self) {
        // SAFETY: counted by `new`.
        unsafe { super::finish::discharge(self.0) };
    }
}

/// A request on its way down. Its scheduler, which whoever asks keeps, knows of it: what it has not reached is not stuck.
struct Request<K: Sealed> {
    below: Vec<ScopeRef<K>>,
    signals: Vec<Arc<Signal>>,
    shared: NonNull<K::Shared>,
    root: Root,
}

impl<K: Sealed> Drop for Request<K> {
    fn drop(&mut self) {
        // SAFETY: kept by whoever asks.
        unsafe { self.shared.as_ref() }.end_request(self.root);
    }
}

impl<K: Sealed> Request<K> {
    fn new(shared: NonNull<K::Shared>, root: Root) -> Self {
        coop::note_stop_request();
        // SAFETY: kept by whoever asks.
        unsafe { shared.as_ref() }.begin_request(root);
        Self { below: Vec::new(), signals: Vec::new(), shared, root }
    }

    /// Goes on to everything below what has been asked; then wakes who waits for it.
    fn finish(mut self) -> FirstPanic {
        while let Some(scope) = self.below.pop() {
            self.stop_tasks(&scope);
        }
        let mut panics = FirstPanic::default();
        self.signals.iter().for_each(|signal| signal.fire(&mut panics));
        panics
    }

    /// Marks `scope`, asks its tasks to stop, and notes the scopes below it; unless it is marked already. Then whoever marked it
    /// does so, and what came in later was refused or marked at once. A group is found by its opener and by its parent: walking
    /// it each time would double the work with every level.
    fn stop_tasks(&mut self, scope: &ScopeCore<K>) {
        if !scope.mark_cancelled() {
            return;
        }
        self.signals.extend(scope.signal_if_any());
        for shard in scope.shards() {
            let shard = shard.lock();
            let mut next = shard.list.front();
            while let Some(task) = next {
                // SAFETY: a task in the list is alive while the lock is held, whoever runs it.
                unsafe { self.stop_task(task) };
                // SAFETY: `task` is linked in this list.
                next = unsafe { List::<Header<K>, InScope>::next(&shard.list, task) };
            }
        }
        collect_children(scope, &mut self.below);
    }

    /// Asks `task` to stop and notes what is below it.
    ///
    /// # Safety
    /// As [`task`].
    unsafe fn stop_task(&mut self, task: NonNull<Header<K>>) {
        // SAFETY: promised by the caller.
        let header = unsafe { task.as_ref() };
        // First the request, then the groups and the signal: one that is made meanwhile is found here, or its maker sees the
        // request (`ScopeCore::group`, `signal`).
        if header.state.cancel() == Wake::Schedule {
            super::waker::queue(task);
        }
        if let Some(annex) = header.annex.get_after_flag() {
            collect(&annex.groups.lock(), &mut self.below);
            self.signals.extend(annex.signal.lock().clone());
        }
    }
}

/// Adds the scopes opened on `scope` to `below`.
pub(crate) fn collect_children<K: Sealed>(scope: &ScopeCore<K>, below: &mut Vec<ScopeRef<K>>) {
    collect(&scope.children.lock(), below);
}

fn collect<K: Sealed, Tag>(list: &List<ScopeCore<K>, Tag>, below: &mut Vec<ScopeRef<K>>)
where
    ScopeCore<K>: Linked<Tag>,
{
    let mut next = list.front();
    while let Some(scope) = next {
        // SAFETY: linked in the list, whose lock the caller holds.
        below.extend(unsafe { ScopeRef::upgrade(scope) });
        // SAFETY: linked in this list.
        next = unsafe { list.next(scope) };
    }
}

//! The machine behind the futures that open a scope: the body polled in the calling task, then the wait for the scope's tasks.
//! [`GroupFuture`](super::GroupFuture), [`TryGroupFuture`](super::TryGroupFuture) and [`GroupTimeout`](super::GroupTimeout) say how the body is made and what
//! becomes of its value.
//!
//! ```text
//!   Start ──first poll: the scope is made──> Body ──returned, panicked, or is to stop──> Ending ──active == 0──> Done
//!                                             └──────────── dropped: cancel, drop the body ──────────┘
//! ```
//!
//! A body is to stop (a panic of the scope, an `Err` in a try group, a deadline) at its next suspension; it is polled on while
//! a shield is pending in it (X3). That a payload is kept, to be raised at the end, is another matter.
//!
//! Ending waits for the tasks of groups below whose futures were dropped too, with the body or by it: when the future is ready
//! nothing that was started in its scope runs on. Those of a forgotten group's future are the calling task's to wait for.
//!
//! Invariants
//! 1. The body's unit of the scope's `active` is given up exactly once: when the body is gone, or when the future is dropped.
//!    A forgotten future keeps it: the scope never ends, but its tasks, charged to the opener, do.
//! 2. The body is pinned in the future and dropped in place.
//! 3. The scope's waiter is stored before it is looked at whether the body is to stop, which is set before the waiter is woken.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::coop::{self, Reason};
use crate::task::cancel::{fail, raise_at_end};
use crate::task::current;
use crate::task::kind::{Count, Kind};
use crate::task::owner::{ORDINARY, ScopeCore};
use crate::task::scope_ref::ScopeRef;
use crate::task::signal::Listener;
use crate::task::unit::Unit;
use crate::util::contain::contained;

use super::Group;

pin_project! {
    /// See the module.
    pub(super) struct Nest<'scope, K: Kind, B, F, V> {
        parent: Group<'scope, K>,
        start: Option<B>,
        opened: Opened<K>,
        // Before `body`: this waits for no shield of a body that is dropped with it.
        unit: Unit,
        #[pin]
        body: Option<F>,
        value: Option<V>,
        location: &'static Location<'static>,
    }
}

impl<'scope, K: Kind, B, F: Future, V> Nest<'scope, K, B, F, V> {
    #[track_caller]
    pub(super) fn new(parent: Group<'scope, K>, body: B) -> Self {
        Self {
            parent,
            start: Some(body),
            opened: Opened::default(),
            unit: Unit::default(),
            body: None,
            value: None,
            location: Location::caller(),
        }
    }

    /// Where the scope is opened.
    pub(super) fn location(&self) -> &'static Location<'static> {
        self.location
    }

    /// Asks everything in the scope, the body too, to stop. Before the first poll and after the last it does nothing.
    pub(super) fn stop(self: Pin<&mut Self>) {
        if let Some(stage) = &self.project().opened.0 {
            crate::task::cancel::scope_and_body(&stage.core).discard();
        }
    }

    /// Ready when all are gone, with what `keep` kept of the body's value, if the body returned. `begin` makes the body.
    ///
    /// # Panics
    /// With the first panic of the body or a task.
    pub(super) fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        begin: impl FnOnce(B, Group<'scope, K>) -> F,
        keep: impl FnOnce(F::Output) -> Option<V>,
    ) -> Poll<Option<V>> {
        let mut this = self.project();
        if let Some(start) = this.start.take() {
            let core = open(this.parent, this.location);
            this.opened.0 = Some(Stage { core: core.clone(), body_is_gone: false, below: Listener::default() });
            match catch_unwind(AssertUnwindSafe(|| begin(start, Group::new(core)))) {
                Ok(body) => this.body.set(Some(body)),
                // The closure itself, before there is a body to poll.
                Err(payload) => fail(&this.opened.stage().core, payload),
            }
        }
        let stage = this.opened.stage();
        stage.core.wait_with(cx.waker());
        if !stage.body_is_gone {
            if let Some(body) = this.body.as_mut().as_pin_mut()
                && !stage.body_is_to_stop(this.unit, cx)
            {
                match catch_unwind(AssertUnwindSafe(|| this.unit.poll(Some(stage.core.stop_flag()), || body.poll(cx))))
                {
                    Ok(Poll::Pending) if !stage.body_is_to_stop(this.unit, cx) => return Poll::Pending,
                    Ok(Poll::Pending) => {}
                    Ok(Poll::Ready(value)) => *this.value = keep(value),
                    Err(payload) => fail(&stage.core, payload),
                }
            }
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| this.body.set(None))) {
                fail(&stage.core, payload);
            }
            stage.end_body();
        }
        if stage.core.active.get() != 0 || stage.core.waits_for_dropped_groups(&mut stage.below, cx.waker()) {
            coop::note_wait(Reason::Group, 0, this.location);
            return Poll::Pending;
        }
        let stage = this.opened.0.take().expect("looked at above");
        // From here on a panic, of the future of a task that is refused, goes to the opener's scope.
        if let Some(payload) = stage.core.abandon() {
            let value = this.value.take();
            contained(|| drop(value));
            std::panic::resume_unwind(payload);
        }
        // A root that is started may end before the future of a group of it, and then raises the group's panic.
        assert!(
            !stage.core.has_failed(),
            "a task of the group opened at {} has panicked; its root, which ended first, has the panic",
            this.location
        );
        Poll::Ready(this.value.take())
    }
}

/// Makes the scope: owned by the task that polls, or by the root when none of this root does (S3).
fn open<K: Kind>(parent: &Group<'_, K>, location: &'static Location<'static>) -> ScopeRef<K> {
    let opener = current::get().and_then(K::only).filter(|task| {
        // SAFETY: the current task is being polled, so it and its scope are alive.
        let scope = unsafe { task.as_ref() }.scope;
        // SAFETY: as above.
        std::ptr::eq(unsafe { scope.as_ref() }.root_core(), parent.core().root_core())
    });
    ScopeCore::group(parent.core(), opener, location)
}

/// The scope of a group whose future has been polled.
struct Opened<K: Kind>(Option<Stage<K>>);

struct Stage<K: Kind> {
    core: ScopeRef<K>,
    body_is_gone: bool,
    /// Waits for groups below whose futures were dropped.
    below: Listener,
}

impl<K: Kind> Default for Opened<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Kind> Opened<K> {
    fn stage(&mut self) -> &mut Stage<K> {
        self.0.as_mut().expect("a group was polled after it had completed")
    }
}

impl<K: Kind> Stage<K> {
    /// Whether the body is to be dropped now; if a shield keeps it, the last one's end wakes this future.
    fn body_is_to_stop(&self, unit: &Unit, cx: &Context<'_>) -> bool {
        self.core.body_is_to_stop() && !unit.is_shielded(cx.waker())
    }

    /// Gives the body's unit up (1).
    fn end_body(&mut self) {
        if !std::mem::replace(&mut self.body_is_gone, true) {
            self.core.end_body();
        }
    }
}

/// Dropped before it was ready (S4). The struct's fields drop in order: the tasks are cancelled here, then the body is dropped
/// in place.
impl<K: Kind> Drop for Opened<K> {
    fn drop(&mut self) {
        let Some(stage) = self.0.take() else { return };
        crate::task::cancel::scope(&stage.core).discard();
        let payload = stage.core.abandon();
        // Not as in `poll`: if that is the end, a group above may wait for it.
        if !stage.body_is_gone {
            stage.core.end_activity(ORDINARY);
        }
        if let Some(payload) = payload {
            // A task has panicked and this future will not raise it: the enclosing scope does, at once or, for an isolated
            // task, at its end.
            if stage.core.has_failed() {
                fail(&stage.core, payload);
            } else {
                raise_at_end(&stage.core, payload);
            }
        }
    }
}

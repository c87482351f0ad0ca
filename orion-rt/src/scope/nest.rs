//! The future of a group: the body polled in the calling task, then the wait for the group's tasks.
//!
//! ```text
//!   Start ──first poll: the scope is made──> Body ──returned, panicked, or a task failed──> Ending ──active == 0──> Done
//!                                             └──────────── dropped: cancel, drop the body ──────────┘
//! ```
//!
//! Invariants
//! 1. The body's unit of the scope's `active` is given up exactly once: when the body is gone, or when the future is dropped.
//!    A forgotten future keeps it: the scope never ends, but its tasks, charged to the opener, do.
//! 2. The body is pinned in the future and dropped in place.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::coop::{self, Reason};
use crate::task::current;
use crate::task::kind::{Count, Kind};
use crate::task::owner::ScopeCore;
use crate::task::scope_ref::ScopeRef;
use crate::util::contain::contained;

use super::Group;

pin_project! {
    /// The future of [`Group::group`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct GroupFuture<'scope, K: Kind, B, F: Future> {
        parent: Group<'scope, K>,
        start: Option<B>,
        opened: Opened<K>,
        #[pin]
        body: Option<F>,
        value: Option<F::Output>,
        location: &'static Location<'static>,
    }
}

impl<K: Kind, B, F: Future> fmt::Debug for GroupFuture<'_, K, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupFuture").field("location", &self.location).finish_non_exhaustive()
    }
}

impl<'scope, K: Kind, B, F: Future> GroupFuture<'scope, K, B, F> {
    pub(super) fn new(parent: Group<'scope, K>, body: B, location: &'static Location<'static>) -> Self {
        Self { parent, start: Some(body), opened: Opened::default(), body: None, value: None, location }
    }
}

impl<'scope, K, B, F> Future for GroupFuture<'scope, K, B, F>
where
    K: Kind,
    B: FnOnce(Group<'scope, K>) -> F,
    F: Future,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Some(start) = this.start.take() {
            let core = open(this.parent, this.location);
            this.opened.0 = Some(Stage { core: core.clone(), body_is_gone: false });
            match catch_unwind(AssertUnwindSafe(|| start(Group::new(core)))) {
                Ok(body) => this.body.set(Some(body)),
                // The closure itself, before there is a body to poll.
                Err(payload) => crate::task::cancel::fail(&this.opened.stage().core, payload),
            }
        }
        let stage = this.opened.stage();
        stage.core.wait_with(cx.waker());
        if !stage.body_is_gone {
            if let Some(body) = this.body.as_mut().as_pin_mut()
                && !stage.core.has_failed()
            {
                match catch_unwind(AssertUnwindSafe(|| body.poll(cx))) {
                    Ok(Poll::Pending) if !stage.core.has_failed() => return Poll::Pending,
                    Ok(Poll::Pending) => {}
                    Ok(Poll::Ready(value)) => *this.value = Some(value),
                    Err(payload) => crate::task::cancel::fail(&stage.core, payload),
                }
            }
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| this.body.set(None))) {
                crate::task::cancel::fail(&stage.core, payload);
            }
            stage.end_body();
        }
        if stage.core.active.get() != 0 {
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
        Poll::Ready(this.value.take().expect("a body that did not panic has returned"))
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
}

impl<K: Kind> Default for Opened<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Kind> Opened<K> {
    fn stage(&mut self) -> &mut Stage<K> {
        self.0.as_mut().expect("a group is not polled after it was ready")
    }
}

impl<K: Kind> Stage<K> {
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
        let Some(mut stage) = self.0.take() else { return };
        crate::task::cancel::scope(&stage.core);
        let payload = stage.core.abandon();
        stage.end_body();
        if let Some(payload) = payload {
            // A task has panicked and this future will not raise it: the enclosing scope does, at once or, for an isolated
            // task, at its end.
            if stage.core.has_failed() {
                crate::task::cancel::fail(&stage.core, payload);
            } else {
                crate::task::cancel::raise_at_end(&stage.core, payload);
            }
        }
    }
}

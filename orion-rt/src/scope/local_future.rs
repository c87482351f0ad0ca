//! The future of a local group: body and children polled in turn inside the task that polls it.
//!
//! ```text
//!   Start ──first poll──> [ body | children ] ──body returned, no child left──> Done
//!                              │    ^  each poll: what is woken, in the order of the wake-ups, at most TURNS
//!                              │    └────────────────────────────────────────
//!                              ├── a panic: all are asked to stop, the payload is raised when they are gone (P1)
//!                              └── dropped: children, then the body, in place (S4)
//! ```
//!
//! Invariants
//! 1. The body is pinned in the future and dropped in place. It is polled when its own record is woken, like a child.
//! 2. When the future is ready, and when it is gone, no child is left.
//!
//! Rejected: polling the body with the task's waker (it would be polled at every wake-up of a child).

#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use crate::coop::{self, Reason, Root, Shared};
use crate::meta::ledger;
use crate::task::child::ChildWaker;
use crate::task::kind::Kind;
use crate::task::state::{Start, Suspend};
use crate::task::unit::{self, Unit};
use crate::util::contain::{contained, discard};

use super::begin::Begin;
use super::cancelled::GroupCancelled;
use super::local_children::{Children, Turn};
use super::{Group, LocalGroup};

/// How many children one poll of the group polls, before the task's other work and the other tasks have their turn (Y4).
const TURNS: usize = 32;

impl<'scope, K: Kind> Group<'scope, K> {
    /// Opens a group whose children are polled inside the calling task, in turn with `body`, and waits for all of them.
    ///
    /// Children may borrow anything that outlives the call, the caller's own variables too, mutably; not what `body` itself makes, for
    /// that does not outlive it. `async {}` borrows what it uses, where `async move {}` would take (or copy) it. Children do not run in
    /// parallel: one that computes holds up its siblings. The group's [`cancel`](crate::LocalGroup::cancel) reaches all of them; a
    /// cancelled child is dropped at its next suspension. Dropping the future drops children and body at once. On `Multi`
    /// children have to be `Send`, and the future is if the body's is.
    ///
    /// # Panics
    /// With the first panic of the body or a child, after the others have been dropped.
    ///
    /// ```
    /// orion_rt::run(async |s| {
    ///     let words = vec![String::from("lent"), String::from("to"), String::from("children")];
    ///     let (mut letters, mut longest) = (0, "");
    ///     s.local(async |g| {
    ///         g.go(async { letters = words.iter().map(String::len).sum() });
    ///         g.go(async { longest = words.iter().max_by_key(|word| word.len()).map_or("", |word| word) });
    ///     })
    ///     .await;
    ///     assert_eq!((letters, longest), (14, "children"));
    /// });
    /// ```
    ///
    /// Rules: S2, S4, S5, P1, X1, X2, D6.
    #[track_caller]
    pub fn local<'a, B, F>(&self, body: B) -> LocalFuture<'scope, 'a, K, B, F>
    where
        'scope: 'a,
        B: FnOnce(LocalGroup<'a, K>) -> F,
        F: Future,
    {
        LocalFuture::new(self.cancelled(), Begin::new(body), Location::caller())
    }
}

pin_project! {
    /// The future of [`Group::local`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct LocalFuture<'scope, 'a, K: Kind, B, F: Future> {
        scope: GroupCancelled<'scope, K>,
        start: Option<Begin<LocalGroup<'a, K>, B, F>>,
        children: Option<Arc<Children<'a, K>>>,
        unit: Unit,
        #[pin]
        body: Option<F>,
        value: Option<F::Output>,
        location: &'static Location<'static>,
    }

    impl<K: Kind, B, F: Future> PinnedDrop for LocalFuture<'_, '_, K, B, F> {
        fn drop(this: Pin<&mut Self>) {
            this.end();
        }
    }
}

impl<K: Kind, B, F: Future> fmt::Debug for LocalFuture<'_, '_, K, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalFuture").field("location", &self.location).finish_non_exhaustive()
    }
}

impl<'scope, 'a, K: Kind, B, F: Future> LocalFuture<'scope, 'a, K, B, F> {
    fn new(
        scope: GroupCancelled<'scope, K>,
        start: Begin<LocalGroup<'a, K>, B, F>,
        location: &'static Location<'static>,
    ) -> Self {
        Self { scope, start: Some(start), children: None, unit: Unit::default(), body: None, value: None, location }
    }

    /// Dropped before it was ready (S4). A panic of a child or a destructor goes to whoever drops it, as one in the future of a
    /// plain `join!` would: to the enclosing task, if that is what is being dropped.
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        let Some(children) = this.children.take() else { return };
        children.end_all();
        if this.body.is_some() {
            children.body.start_end();
            end_body(&children, this.body.as_mut(), false);
        }
        let value = this.value.take();
        contained(|| drop(value));
        let payload = children.end_if_empty().and_then(|ended| ended.payload);
        match payload {
            Some(payload) if std::thread::panicking() => discard(payload),
            Some(payload) => resume_unwind(payload),
            None => {}
        }
    }
}

impl<K: Kind, B, F: Future> Future for LocalFuture<'_, '_, K, B, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.as_mut().project();
        if let Some(start) = this.start.take() {
            let children = Children::new(reach(this.scope.group()), this.location);
            let watch = Waker::from(Arc::clone(&children.watch));
            if this.scope.group().refuses() || this.scope.watch(&watch).is_ready() {
                children.cancel();
            }
            *this.children = Some(Arc::clone(&children));
            match catch_unwind(AssertUnwindSafe(|| start.call(LocalGroup::new(Arc::clone(&children))))) {
                Ok(body) => this.body.set(Some(body)),
                // The closure itself, before there is a body to poll.
                Err(payload) => children.fail(payload),
            }
        }
        let children = this.children.as_ref().expect("a local group was polled after it had completed");
        // Given up first: what the children have waited on is forgotten when nobody of the task has a registration.
        drop(children.ready.begin());
        if unit::current_is_pierced() || coop::is_asked() {
            children.rouse();
        }
        // Where the task is asked, all of them are to answer in this turn.
        let answers = if coop::is_asked() { children.ready.woken() } else { 0 };
        let mut again = Vec::new();
        let mut turns = 0;
        // One at least: whoever polls the group may be at the end of each turn, or never end one (another executor's `block_on`).
        while turns < answers.max(1) || turns < TURNS && coop::budget_left() {
            let Some(record) = children.ready.pop() else { break };
            turns += 1;
            let turn = if Arc::ptr_eq(&record, &children.body) {
                turn_of_body(children, this.unit, this.body.as_mut(), this.value)
            } else if Arc::ptr_eq(&record, &children.watch) {
                children.cancel();
                Turn::Done
            } else {
                children.turn(&record)
            };
            if turn == Turn::Again {
                again.push(record);
            }
        }
        let left = children.len() + usize::from(this.body.is_some());
        if left == 0
            && let Some(ended) = children.end_if_empty()
        {
            *this.children = None;
            let value = this.value.take();
            if let Some(payload) = ended.payload {
                contained(|| drop(value));
                resume_unwind(payload);
            }
            return Poll::Ready(value.expect("a body that did not panic has returned"));
        }
        children.ready.push(again);
        // Whoever cancels the scope wakes the group. (So does who cancels the group itself, or a child; but one with handles outside its
        // root is of a started root, where it counts only when the scope has been cancelled, and with it all of these.)
        coop::note_root(this.scope.group().core().root());
        if !children.ready.is_of_current() {
            // Who could wake a child is not known.
            coop::note_shared(Shared::OTHERS);
        }
        if children.ready.park(coop::register(cx.waker())) {
            // What the only one that is left has noted says more.
            if turns != 1 || left != 1 {
                coop::note_wait(Reason::Group, 0, this.location);
            }
        } else {
            coop::wake_tail(cx.waker());
        }
        Poll::Pending
    }
}

/// The root whose tasks alone can poll a local group on `scope`. One of a started root may be anywhere.
fn reach<K: Kind>(scope: &Group<'_, K>) -> Root {
    let root = scope.core().root_core();
    if root.is_started() { Root::UNKNOWN } else { root.root() }
}

/// Polls the body, or ends it, when its record was just taken from the queue.
fn turn_of_body<K: Kind, F: Future>(
    children: &Children<'_, K>,
    unit: &mut Unit,
    mut body: Pin<&mut Option<F>>,
    value: &mut Option<F::Output>,
) -> Turn {
    let Some(future) = body.as_mut().as_pin_mut() else { return Turn::Done };
    let waker = &ChildWaker::of(&children.body);
    let _inside = children.body.enter();
    if children.body.start(|| children.keeps(unit, waker)) == Start::Poll {
        match catch_unwind(AssertUnwindSafe(|| unit.poll(None, || future.poll(&mut Context::from_waker(waker))))) {
            Ok(Poll::Ready(returned)) => *value = Some(returned),
            Err(payload) => children.fail(payload),
            Ok(Poll::Pending) => match children.body.suspend(|| children.keeps(unit, waker)) {
                Suspend::Parked => return Turn::Done,
                Suspend::Requeue => return Turn::Again,
                Suspend::Cancel => {}
            },
        }
    }
    end_body(children, body, value.is_some());
    Turn::Done
}

/// Drops the body, which has returned or is cut short.
fn end_body<K: Kind, F: Future>(children: &Children<'_, K>, mut body: Pin<&mut Option<F>>, has_returned: bool) {
    let drop_future = AssertUnwindSafe(|| body.set(None));
    let dropped = if has_returned { catch_unwind(drop_future) } else { ledger::excused(|| catch_unwind(drop_future)) };
    if let Err(payload) = dropped {
        children.fail(payload);
    }
    children.body.finish();
}

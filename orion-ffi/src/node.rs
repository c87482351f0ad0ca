//! The v1 functions' own record of a frame: whether it is done, who waits, and which tasks it has spawned.
//!
//! ```text
//!   finish:   forget the address -> done, wake the joiner -> climb: open - 1, wake who drains -> census - 1
//!
//!   open(n) = 1 while n itself is not done + the number of its children with open > 0
//!
//!        main  open 2                    a subtree that is over has open 0 and has left its parent's count, in a loop
//!        /   \
//!    a 2      b 1      `run` called by a waits until open(a) = 1, by main until open(main) = 0
//!     |
//!    c 1
//! ```
//!
//! Invariants
//! 1. A record never touches the frame; it knows only the address, and forgets it (in the registry) before `done` is
//!    published: whoever joins may free the frame at once, and the allocator may hand out the address again (F2).
//! 2. `done` goes from false to true once, under the lock of `waits`.
//! 3. A node holds its parent until its own subtree is over; the climb takes that reference out, so that a chain of
//!    parents is never dropped by recursion.
//! 4. A task that waits for others leaves the census's active ones when it is registered, under the lock of `waits` of the
//!    node it waits for, and is back among them before its waker is called (census.rs, 1).
//!
//! Rejected: asking the frame itself whether it is done (another worker may be running it); one count of all tasks (a
//! `run` inside a task would wait for itself, V2).
#![forbid(unsafe_code)]

use crate::census::Census;
use crate::pulse::Pulse;
use crate::sync::lock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

/// A task of the v1 functions, or a plain thread that has spawned some.
pub(crate) struct Node {
    id: u64,
    frame: usize,
    /// What `open` is when only the node itself is left: 1 for a task, 0 for a thread.
    alone: usize,
    home: Home,
    parent: Mutex<Option<Arc<Node>>>,
    open: AtomicUsize,
    done: AtomicBool,
    waits: Mutex<Waits>,
    /// What this task itself waits for, for the report of a deadlock; exact whenever it is not running.
    parked: AtomicU8,
    parked_on: AtomicUsize,
    /// For tasks of the process's runtime: whether it waits on a channel.
    pub(crate) pulse: Pulse,
    census: Option<Arc<Census>>,
}

/// Where a node's task runs, and so where the tasks go that it spawns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// On the process's own runtime, which counts it in its census.
    Process,
    /// On the scheduler of some root, or on another executor.
    Elsewhere,
}

#[derive(Default)]
struct Waits {
    joined: bool,
    joiner: Option<Waiter>,
    drainer: Option<Waiter>,
}

struct Waiter {
    waker: Waker,
    counted: bool,
}

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Parked {
    No,
    /// In `orion_scheduler_run_until`, on a frame.
    Join,
    /// In `orion_scheduler_run`.
    Run,
    /// In `orion_chan_send`, on a channel's handle.
    Send,
    /// In `orion_chan_recv`, on a channel's handle.
    Recv,
}

static IDS: AtomicU64 = AtomicU64::new(1);

impl Node {
    /// The record of a frame that `parent` spawns.
    pub(crate) fn task(frame: usize, parent: &Arc<Node>, home: Home, census: &Arc<Census>) -> Arc<Self> {
        parent.open.fetch_add(1, Ordering::SeqCst);
        if home == Home::Process {
            census.spawned();
        }
        Self::new(frame, 1, home, Some(Arc::clone(parent)), Some(Arc::clone(census)))
    }

    /// The record of a frame that other code than the v1 functions has spawned.
    pub(crate) fn foreign(frame: usize) -> Arc<Self> {
        Self::new(frame, 1, Home::Elsewhere, None, None)
    }

    /// The record of a plain thread.
    pub(crate) fn thread() -> Arc<Self> {
        Self::new(0, 0, Home::Process, None, None)
    }

    fn new(
        frame: usize,
        alone: usize,
        home: Home,
        parent: Option<Arc<Node>>,
        census: Option<Arc<Census>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            frame,
            alone,
            home,
            parent: Mutex::new(parent),
            open: AtomicUsize::new(alone),
            done: AtomicBool::new(false),
            waits: Mutex::default(),
            parked: AtomicU8::new(Parked::No as u8),
            parked_on: AtomicUsize::new(0),
            pulse: Pulse::default(),
            census,
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn frame(&self) -> usize {
        self.frame
    }

    pub(crate) fn home(&self) -> Home {
        self.home
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Whether nothing this node has spawned, directly or not, is left.
    pub(crate) fn is_alone(&self) -> bool {
        self.open.load(Ordering::SeqCst) == self.alone
    }

    /// Becomes the one who joins this task. `false`: somebody else is.
    pub(crate) fn claim_join(&self) -> bool {
        let mut waits = lock(&self.waits);
        !std::mem::replace(&mut waits.joined, true) || self.is_done()
    }

    /// Whether the task is done; if not, `waker` is woken when it is. `census`: the waiter is one of its tasks.
    pub(crate) fn poll_done(&self, waker: &Waker, census: Option<&Census>) -> bool {
        self.is_done() || self.register(|node| node.is_done(), |waits| &mut waits.joiner, waker, census)
    }

    /// Whether this node is alone; if not, `waker` is woken when it is.
    pub(crate) fn poll_alone(&self, waker: &Waker, census: Option<&Census>) -> bool {
        self.is_alone() || self.register(|node| node.is_alone(), |waits| &mut waits.drainer, waker, census)
    }

    /// Unless `ready`, puts the waker into its place, counting its task as blocked if it is new there (4).
    fn register(
        &self,
        ready: impl FnOnce(&Self) -> bool,
        place: impl FnOnce(&mut Waits) -> &mut Option<Waiter>,
        waker: &Waker,
        census: Option<&Census>,
    ) -> bool {
        let waiter = Waiter { waker: waker.clone(), counted: census.is_some() };
        let before = {
            let mut waits = lock(&self.waits);
            if ready(self) {
                return true;
            }
            let before = place(&mut waits).replace(waiter);
            if let (None, Some(census)) = (&before, census) {
                census.blocked();
            }
            before
        };
        drop(before);
        false
    }

    /// The one who joined has stopped waiting; somebody else may.
    pub(crate) fn leave_join(&self, census: &Census) {
        let joiner = {
            let mut waits = lock(&self.waits);
            waits.joined = self.is_done();
            take(&mut waits.joiner, census)
        };
        drop(joiner);
    }

    /// The one who waited for this node's tasks has stopped waiting.
    pub(crate) fn leave_drain(&self, census: &Census) {
        let drainer = take(&mut lock(&self.waits).drainer, census);
        drop(drainer);
    }

    /// The frame is done, or destroyed, and forgotten (1); the task is active.
    pub(crate) fn finish(self: &Arc<Self>, census: &Census) {
        let joiner = {
            let mut waits = lock(&self.waits);
            self.done.store(true, Ordering::Release);
            take(&mut waits.joiner, census)
        };
        if let Some(waker) = joiner {
            waker.wake();
        }
        self.climb(census);
        if self.home == Home::Process {
            census.finished();
        }
    }

    /// Takes one from `open`, and if that was the last, goes on with the parent (3).
    fn climb(self: &Arc<Self>, census: &Census) {
        let mut node = Arc::clone(self);
        loop {
            let left = node.open.fetch_sub(1, Ordering::SeqCst) - 1;
            if left == node.alone {
                let drainer = take(&mut lock(&node.waits).drainer, census);
                if let Some(waker) = drainer {
                    waker.wake();
                }
            }
            if left > 0 {
                return;
            }
            let Some(parent) = lock(&node.parent).take() else { return };
            node = parent;
        }
    }

    /// Notes what this task is about to wait for.
    pub(crate) fn park(&self, parked: Parked, on: usize) {
        self.parked_on.store(on, Ordering::Relaxed);
        self.parked.store(parked as u8, Ordering::Release);
    }

    /// What this task waits for, if it does, and the address or handle of it.
    pub(crate) fn parked(&self) -> (Parked, usize) {
        let parked = match self.parked.load(Ordering::Acquire) {
            kind if kind == Parked::Join as u8 => Parked::Join,
            kind if kind == Parked::Run as u8 => Parked::Run,
            kind if kind == Parked::Send as u8 => Parked::Send,
            kind if kind == Parked::Recv as u8 => Parked::Recv,
            _ => Parked::No,
        };
        (parked, self.parked_on.load(Ordering::Relaxed))
    }
}

/// The node is the waker of its task's operations, so that the census knows of a wake-up before anything comes of it.
impl Wake for Node {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(census) = &self.census {
            self.pulse.wake(census);
        }
    }
}

/// Takes the waiter out of `place`, no longer counted as blocked.
fn take(place: &mut Option<Waiter>, census: &Census) -> Option<Waker> {
    let waiter = place.take()?;
    if waiter.counted {
        census.unblocked();
    }
    Some(waiter.waker)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noop() -> &'static Waker {
        Waker::noop()
    }

    // V2: a node is alone when everything below it is over, in whatever order it ends.
    #[test]
    fn run_waits_for_descendants_that_outlive_their_parent() {
        let census = Arc::new(Census::default());
        let main = Node::thread();
        let parent = Node::task(16, &main, Home::Process, &census);
        let child = Node::task(32, &parent, Home::Process, &census);
        let grandchild = Node::task(48, &child, Home::Process, &census);
        child.finish(&census);
        parent.finish(&census);
        assert!(parent.is_done() && !main.is_alone());
        assert!(!main.poll_alone(noop(), None));
        grandchild.finish(&census);
        assert!(main.is_alone() && main.poll_alone(noop(), None));
    }

    // V5: a long line of descendants ends in a loop, not by recursion.
    #[test]
    fn a_million_generations_end() {
        let census = Arc::new(Census::default());
        let main = Node::thread();
        let mut last = Node::task(16, &main, Home::Process, &census);
        for _ in 0..if cfg!(miri) { 100 } else { 1_000_000 } {
            let next = Node::task(16, &last, Home::Process, &census);
            last.finish(&census);
            last = next;
        }
        assert!(!main.is_alone());
        last.finish(&census);
        assert!(main.is_alone());
    }

    // V7: nobody runs once every task waits for the end of others; a wake-up ends that before the waiter runs.
    #[test]
    fn the_census_knows_when_every_task_is_blocked() {
        let census = Arc::new(Census::default());
        let main = Node::thread();
        let a = Node::task(16, &main, Home::Process, &census);
        let b = Node::task(32, &main, Home::Process, &census);
        assert!(b.claim_join() && !b.poll_done(noop(), Some(&census)));
        assert!(!b.poll_done(noop(), Some(&census)), "asking again counts once");
        assert!(!census.nobody_runs());
        assert!(a.claim_join() && !a.poll_done(noop(), Some(&census)));
        assert!(census.nobody_runs() && !census.somebody_is_parked());
        let epoch = census.epoch();
        a.leave_join(&census);
        assert!(!census.nobody_runs() && census.epoch() != epoch);
        b.finish(&census);
        assert!(!census.nobody_runs() && b.poll_done(noop(), Some(&census)), "whom it woke is active");
        a.finish(&census);
        assert!(census.nobody_runs());
    }

    // V7: one joiner at a time; after it has left, another may come.
    #[test]
    fn a_join_is_claimed_by_one() {
        let census = Arc::new(Census::default());
        let node = Node::foreign(16);
        assert!(node.claim_join());
        assert!(!node.claim_join());
        node.leave_join(&census);
        assert!(node.claim_join());
    }
}

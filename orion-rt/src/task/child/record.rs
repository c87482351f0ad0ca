//! What is known of a child whatever its future is, and the queue of those that are to be polled.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;
use std::task::Waker;

use super::waker::Wakers;
use crate::coop::Root;
use crate::meta::{Called, TaskId};
use crate::sys::atomic::{AtomicUsize, Ordering};
use crate::sys::{Mutex, thread_local};
use crate::task::state::{Start, Suspend, TaskState, Wake};
use crate::task::state_multi::MultiState;
use crate::util::contain::contained;

/// The identity and the state word of a child, or of a group's body.
pub(crate) struct Record {
    state: MultiState,
    ready: Arc<Ready>,
    place: AtomicUsize,
    pub(crate) id: TaskId,
    pub(crate) location: &'static Location<'static>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("id", &self.id).field("location", &self.location).finish_non_exhaustive()
    }
}

impl Record {
    /// A record that counts as woken: its owner puts it in the queue once.
    pub(crate) fn new(ready: Arc<Ready>, location: &'static Location<'static>) -> Arc<Self> {
        Arc::new(Self {
            state: MultiState::new(false),
            ready,
            place: AtomicUsize::new(usize::MAX),
            id: TaskId(crate::meta::id::fresh()),
            location,
        })
    }

    /// A record that has no turn until it is woken, in a group that is not polled yet.
    pub(crate) fn parked(ready: Arc<Ready>, location: &'static Location<'static>) -> Arc<Self> {
        let record = Self::new(ready, location);
        let _ = record.state.start(|| false);
        let _ = record.state.suspend(|| false);
        record
    }

    /// What a message calls the child.
    pub(crate) fn called(&self) -> Called {
        Called { id: self.id, name: None, location: self.location }
    }

    /// Where the group keeps the child; set before the record is in the queue.
    pub(crate) fn place(&self) -> usize {
        self.place.load(Ordering::Relaxed)
    }

    pub(crate) fn set_place(&self, place: usize) {
        self.place.store(place, Ordering::Relaxed);
    }

    /// Taken from the queue. `shielded` is asked if there was a request to stop.
    pub(crate) fn start(&self, shielded: impl Fn() -> bool) -> Start {
        self.state.start(shielded)
    }

    /// Not polled any more: the future is about to be dropped where it waits, in the queue or out of it. Then
    /// [`finish`](Record::finish).
    pub(crate) fn start_end(&self) {
        let _ = self.state.cancel();
        let _ = self.state.start(|| false);
    }

    /// The poll returned `Pending`.
    pub(crate) fn suspend(&self, shielded: impl Fn() -> bool) -> Suspend {
        self.state.suspend(shielded)
    }

    /// The future, for which this thread has made the last `start`, is gone: wake-ups and requests do nothing any more.
    pub(crate) fn finish(&self) {
        let _ = self.state.finish();
    }

    /// Asks for the future to be dropped at its next suspension. `true`: the caller puts the record in the queue.
    #[must_use]
    pub(crate) fn ask_to_stop(&self) -> bool {
        self.state.cancel() == Wake::Schedule
    }

    /// As `ask_to_stop`, queue included.
    pub(crate) fn cancel(self: &Arc<Self>) {
        if self.ask_to_stop() {
            self.ready.push([Arc::clone(self)]);
        }
    }

    /// The count of its task's children's wakers.
    pub(super) fn wakers(&self) -> &Wakers {
        &self.ready.wakers
    }

    /// The root whose tasks alone can poll it.
    pub(crate) fn root(&self) -> Root {
        self.ready.root
    }

    /// Counts as being polled by this thread until the guard is dropped.
    pub(crate) fn enter(&self) -> Entered {
        INSIDE.with(|inside| inside.borrow_mut().push(self.id));
        Entered(())
    }
}

/// The waker that the scope around a group has: neither a child's nor counted as one.
impl std::task::Wake for Record {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.wake() == Wake::Schedule {
            self.ready.push([Arc::clone(self)]);
        }
    }
}

thread_local! {
    /// The children this thread is polling, outermost first.
    static INSIDE: RefCell<Vec<TaskId>> = const { RefCell::new(Vec::new()) };
}

/// See [`Record::enter`].
pub(crate) struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        INSIDE.with(|inside| inside.borrow_mut().pop());
    }
}

/// Whether this thread is polling the child, so that whatever asks runs inside of it.
pub(crate) fn is_inside(child: TaskId) -> bool {
    INSIDE.try_with(|inside| inside.borrow().contains(&child)).unwrap_or(false)
}

/// The woken children of one group, and the waker of its future.
pub(crate) struct Ready {
    queue: Mutex<Queue>,
    wakers: Arc<Wakers>,
    root: Root,
}

struct Queue {
    woken: VecDeque<Arc<Record>>,
    group: GroupState,
}

/// What a wake-up does besides queueing.
enum GroupState {
    /// The group's future is being polled, or will be: nothing.
    Awake,
    /// It waits: its waker is woken.
    Parked(Waker),
    /// It is gone, and the wake-up with it.
    Closed,
}

impl Ready {
    /// Of a group whose future is being polled by the current task, if there is one. Nobody can poll it but tasks of `root`.
    pub(crate) fn new(root: Root) -> Arc<Self> {
        let queue = Mutex::new(Queue { woken: VecDeque::new(), group: GroupState::Awake });
        Arc::new(Self { queue, wakers: Wakers::of_current(), root })
    }

    /// A shield keeps a child that is to end.
    pub(crate) fn note_kept(&self) {
        self.wakers.note_kept();
    }

    /// Whether the current task is the one that made it, so that it knows of the children's wakers.
    pub(crate) fn is_of_current(&self) -> bool {
        Arc::ptr_eq(&self.wakers, &Wakers::of_current())
    }

    /// Queues `records`, for each of which the caller made the transition to SCHEDULED.
    pub(crate) fn push(&self, records: impl IntoIterator<Item = Arc<Record>>) {
        let mut records = records.into_iter().peekable();
        if records.peek().is_none() {
            return;
        }
        let waker = {
            let mut queue = self.queue.lock();
            match std::mem::replace(&mut queue.group, GroupState::Awake) {
                GroupState::Closed => {
                    queue.group = GroupState::Closed;
                    return;
                }
                before => {
                    queue.woken.extend(records);
                    before
                }
            }
        };
        if let GroupState::Parked(waker) = waker {
            waker.wake();
        }
    }

    /// The group's future is being polled: wake-ups only queue. Gives back the waker it has parked with.
    pub(crate) fn begin(&self) -> Option<Waker> {
        match std::mem::replace(&mut self.queue.lock().group, GroupState::Awake) {
            GroupState::Parked(waker) => Some(waker),
            GroupState::Awake | GroupState::Closed => None,
        }
    }

    /// How many are to be polled.
    pub(crate) fn woken(&self) -> usize {
        self.queue.lock().woken.len()
    }

    /// The next to be polled.
    pub(crate) fn pop(&self) -> Option<Arc<Record>> {
        self.queue.lock().woken.pop_front()
    }

    /// The group's future has nothing more to do: from now on a wake-up wakes `waker`. `false`: there was one meanwhile.
    #[must_use]
    pub(crate) fn park(&self, waker: Waker) -> bool {
        let mut queue = self.queue.lock();
        if !queue.woken.is_empty() {
            drop(queue);
            drop(waker);
            return false;
        }
        queue.group = GroupState::Parked(waker);
        true
    }

    /// The group's future is gone.
    pub(crate) fn close(&self) {
        let queue = {
            let mut queue = self.queue.lock();
            std::mem::replace(&mut *queue, Queue { woken: VecDeque::new(), group: GroupState::Closed })
        };
        contained(|| drop(queue));
    }
}

//! What is known of a task whatever its future is: the state word, the links, the owner; and the table of what can be done
//! with the future and the result behind it.
//!
//! ```text
//!   one allocation:  [ Header | future, later the result ]
//! ```
//!
//! Who may touch which field
//! 1. `state` anyone with a reference. `vtable`, `id`, `location`, `extra`, `shared`, `scope`, `outstays` never change after the spawn,
//!    but for what `extra` says itself; its `locals` belong to the thread that runs the task.
//! 2. `link` on `Local`, where it links the run queue: whoever has the task in a queue, or is about to (see `SCHEDULED` in `state`). On `Multi`
//!    it says which root the task is in, and never changes.
//! 3. `links` the owner scope's shard lock. `shard` is written once, when the task is enlisted, before anyone else knows it.
//! 4. `join_waker` as `JOIN_WAKER` says.
//! 5. `annex` is made once by the thread that runs the task and read by anyone.
//! 6. `wait` written by the thread that runs the task, read by dumps.
//! 7. `scope` is alive while the task is in its list, `shared` while the task is incomplete or `keeps_shared` is set, which it is if
//!    at completion there are references besides the list's and the handle's.
//! 8. `keeps_shared` is written by the completing thread before it gives up its reference, read by whoever frees.
//! 9. `swept` is written by the root's thread after the root's end, when no other thread uses the task's handle.

use std::cell::{Cell, UnsafeCell};
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::Waker;

use crate::coop::{Reason, Shared, Wait};
use crate::locals;
use crate::meta::{Called, TaskId};
use crate::sys::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};
use crate::util::late::Late;
use crate::util::list::{Linked, Links};
use crate::util::live::AliveTask;

use super::annex::Annex;
use super::error::Payload;
use super::kind::Sealed;
use super::owner::ScopeCore;

/// See the module.
#[repr(C)]
pub struct Header<K: Sealed> {
    pub(crate) state: K::State,
    pub(crate) vtable: &'static Vtable<K>,
    pub(crate) link: K::Link,
    links: Links<Self>,
    pub(crate) scope: NonNull<ScopeCore<K>>,
    pub(crate) shared: NonNull<K::Shared>,
    pub(crate) join_waker: UnsafeCell<Option<Waker>>,
    pub(crate) wait: WaitCell,
    pub(crate) id: TaskId,
    pub(crate) location: &'static Location<'static>,
    pub(crate) extra: Option<Box<Extra>>,
    pub(crate) annex: Late<Annex<K>>,
    pub(crate) shard: Cell<u32>,
    pub(crate) is_body: bool,
    /// Whether the completed task stays in the list of its scope until its handle is gone: the root's end must run the
    /// destructor of its result (J6), or its handle must find the scope.
    pub(crate) outstays: bool,
    pub(crate) keeps_shared: Cell<bool>,
    pub(crate) swept: Cell<bool>,
    _alive: AliveTask,
}

/// The `shard` of a task that is in no list: not yet, or refused. The second is for tasks of strict roots.
const REFUSED: u32 = u32::MAX;
const REFUSED_STRICTLY: u32 = REFUSED - 1;

/// What can be done with what is behind a header.
pub(crate) struct Vtable<K: Sealed> {
    /// Polls the future. `true`: it has returned or panicked; it is dropped and the result stored.
    pub(crate) poll: unsafe fn(NonNull<Header<K>>) -> bool,
    /// Drops the future unpolled and stores `Cancelled` (or the panic of its destructor).
    pub(crate) abandon: unsafe fn(NonNull<Header<K>>),
    /// Moves the result, a `Result<T, TaskError>`, to the address.
    pub(crate) take_result: unsafe fn(NonNull<Header<K>>, *mut ()),
    /// Drops the result, but for the payload of a panic that it holds (of an isolated task, P2).
    pub(crate) drop_result: unsafe fn(NonNull<Header<K>>) -> Option<Payload>,
    /// Frees the allocation; future and result are gone.
    pub(crate) free: unsafe fn(NonNull<Header<K>>),
    /// Whether the value of the task has a destructor, which the root's end must have run (J6).
    pub(crate) result_needs_drop: bool,
}

/// Everything a spawn says about a task besides its future.
pub(crate) struct Birth<K: Sealed> {
    pub(crate) scope: NonNull<ScopeCore<K>>,
    pub(crate) link: K::Link,
    pub(crate) shared: NonNull<K::Shared>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) extra: Option<Box<Extra>>,
    pub(crate) handle: bool,
    pub(crate) is_body: bool,
    /// The root is strict: a handle that is given up has to be able to say so (J8).
    pub(crate) strict: bool,
}

/// What is said of few tasks; the header of any other has no room for it.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    pub(crate) name: Option<Arc<str>>,
    /// A panic is the joiner's alone (P2).
    pub(crate) isolated: bool,
    /// It was spawned in the background, or inside of a task that was (S9).
    pub(crate) background: bool,
    /// Nobody is to be bothered with an isolated task's panic: it has no handle, or one that was given up on purpose.
    /// Written before HANDLE is given up, read by whoever finds that it was.
    pub(crate) released: AtomicBool,
    /// What the task has inherited.
    pub(crate) locals: locals::Slot,
}

impl Extra {
    /// What is said of one of the few.
    pub(crate) fn of(extra: &mut Option<Box<Self>>) -> &mut Self {
        extra.get_or_insert_default()
    }

    /// Adds what a task inherits that is spawned here.
    #[inline]
    pub(crate) fn inherit(extra: &mut Option<Box<Self>>) {
        if let Some(locals) = locals::capture() {
            Self::of(extra).locals = locals::Slot::new(locals);
        }
    }
}

impl<K: Sealed> Header<K> {
    pub(crate) fn new(birth: Birth<K>, vtable: &'static Vtable<K>) -> Self {
        let extra = birth.extra;
        let outstays = birth.strict || vtable.result_needs_drop || extra.as_ref().is_some_and(|extra| extra.isolated);
        Self {
            state: super::state::TaskState::new(birth.handle),
            vtable,
            link: birth.link,
            links: Links::new(),
            scope: birth.scope,
            shared: birth.shared,
            join_waker: UnsafeCell::new(None),
            wait: WaitCell::new(),
            id: TaskId(crate::meta::id::fresh()),
            location: birth.location,
            extra,
            annex: Late::new(),
            shard: Cell::new(if birth.strict { REFUSED_STRICTLY } else { REFUSED }),
            is_body: birth.is_body,
            outstays,
            keeps_shared: Cell::new(false),
            swept: Cell::new(false),
            _alive: AliveTask::new(),
        }
    }

    /// What a message calls the task.
    pub(crate) fn called(&self) -> Called {
        Called { id: self.id, name: self.name().cloned(), location: self.location }
    }

    /// The name the task was given.
    pub(crate) fn name(&self) -> Option<&Arc<str>> {
        self.extra.as_ref()?.name.as_ref()
    }

    /// Makes the task's locals those of this thread, which runs it.
    #[inline]
    pub(crate) fn enter_locals(&self) -> Option<locals::Entered> {
        self.extra.as_ref()?.locals.enter()
    }

    /// The turn is over and the task will have another.
    #[inline]
    pub(crate) fn leave_locals(&self, entered: Option<locals::Entered>) {
        if let (Some(entered), Some(extra)) = (entered, &self.extra) {
            extra.locals.leave(entered);
        }
    }

    /// Whether it was spawned in the background, or inside of a task that was (S9). It is an ordinary one from the end of that task on.
    pub(crate) fn was_born_in_background(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.background)
    }

    /// Whether a panic of the task is its joiner's alone (P2).
    pub(crate) fn is_isolated(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.isolated)
    }

    /// Who has the handle gives it up on purpose.
    pub(crate) fn mark_released(&self) {
        if let Some(extra) = &self.extra {
            extra.released.store(true, Ordering::Relaxed);
        }
    }

    /// Whether nobody is to be told of the task's panic. Asked by whoever found HANDLE given up.
    pub(crate) fn is_released(&self) -> bool {
        self.extra.as_ref().is_none_or(|extra| extra.released.load(Ordering::Relaxed))
    }

    /// Whether the task's scope took it into its list. It stays there until it is complete and its handle gone, so a claim
    /// finds it there still.
    pub(crate) fn was_enlisted(&self) -> bool {
        self.shard.get() < REFUSED_STRICTLY
    }

    /// Whether the task is one that a strict root has refused.
    pub(super) fn was_refused_strictly(&self) -> bool {
        self.shard.get() == REFUSED_STRICTLY
    }
}

/// The link of a task in a run queue.
pub(crate) type QueueLink<K> = Cell<Option<NonNull<Header<K>>>>;

/// The list of a scope's tasks.
#[derive(Debug)]
pub(crate) struct InScope;

// SAFETY: `links` is a field of the header.
unsafe impl<K: Sealed> Linked<InScope> for Header<K> {
    unsafe fn links<'a>(node: NonNull<Self>) -> &'a Links<Self> {
        // SAFETY: the node is valid, promised by the caller.
        unsafe { &(*node.as_ptr()).links }
    }
}

/// Where the bits of a `Shared` begin in [`WaitCell`], and what is below.
const SHARED: u32 = 8;
const REASON: u32 = (1 << SHARED) - 1;

fn shared_of(coded: u32) -> Shared {
    Shared::from_bits((coded >> SHARED) as u8)
}

/// What a parked task waits for, kept where a dump can read it while the task goes on: the epoch is odd while it is written.
#[derive(Debug)]
pub(crate) struct WaitCell {
    epoch: AtomicU32,
    /// A `Reason`, and above it the bits of a `Shared`.
    reason: AtomicU32,
    object: AtomicU64,
    location: AtomicPtr<Location<'static>>,
}

impl WaitCell {
    fn new() -> Self {
        Self {
            epoch: AtomicU32::new(0),
            reason: AtomicU32::new(Reason::Unknown as u32),
            object: AtomicU64::new(0),
            location: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// Publishes what the task, which this thread runs, is about to park on.
    pub(crate) fn store(&self, wait: Wait) {
        let epoch = self.epoch.load(Ordering::Relaxed);
        self.epoch.store(epoch.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        self.reason.store(wait.reason as u32 | u32::from(wait.shared.bits()) << SHARED, Ordering::Relaxed);
        self.object.store(wait.object, Ordering::Relaxed);
        let location = wait.location.map_or(std::ptr::null_mut(), |l| std::ptr::from_ref(l).cast_mut());
        self.location.store(location, Ordering::Relaxed);
        self.epoch.store(epoch.wrapping_add(2), Ordering::Release);
    }

    /// Asks the parked task to say in its next turn who may use what it waits on.
    pub(super) fn ask(&self) {
        self.reason.fetch_or(u32::from(Shared::ASKED.bits()) << SHARED, Ordering::Relaxed);
    }

    /// Who else may use what the task, which this thread runs, waited on when it last parked.
    #[inline]
    pub(crate) fn shared(&self) -> Shared {
        shared_of(self.reason.load(Ordering::Relaxed))
    }

    /// That of the last wait; between two writes.
    pub(super) fn epoch(&self) -> u32 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// The last wait and its epoch; `None` while it is being written.
    pub(crate) fn load(&self) -> Option<(Wait, u32)> {
        let epoch = self.epoch.load(Ordering::Acquire);
        let coded = self.reason.load(Ordering::Relaxed);
        let object = self.object.load(Ordering::Relaxed);
        let location = self.location.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        if epoch % 2 == 1 || self.epoch.load(Ordering::Relaxed) != epoch {
            return None;
        }
        // SAFETY: only `store` writes the pointer, from a `&'static Location` or null.
        let location = unsafe { location.as_ref() };
        let reason = Reason::from_code(coded & REASON);
        Some((Wait { reason, object, location, shared: shared_of(coded) }, epoch))
    }
}

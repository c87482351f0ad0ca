//! Who could wake the current task, as far as the objects it waits on know.
//!
//! An object that makes the task wait keeps a *registration* of it ([`register`]) and says who else may use the object
//! ([`note_shared`]). From both the deadlock detector concludes, when nothing of a root can run, whether anything still could make it.
//!
//! Invariants
//! 1. `shared` covers all that the task waits on: it starts with what the task has kept from its turns before, and is forgotten when
//!    the task has no registration any more (`forget_waits`, or the next turn begins without).
//! 2. `REGISTRAR` is that of the task that is being polled; `ROOT` is the root of whatever runs. Outside of tasks there is none.
//!
//! Rejected: a list of what each task waits on (a select waits on many, and a list would be written at every park).

use std::cell::Cell;
use std::task::Waker;

use crate::sys::thread_local;

/// Who may use what a task waits on, besides the tasks of its own root: a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shared(u8);

impl Shared {
    /// It cannot leave the root: a join, a group, a channel of the root.
    pub(crate) const NOBODY: Self = Self(0);
    /// Who has it, which cannot be told, but only tasks of the root have used it so far.
    pub(crate) const ANYBODY: Self = Self(1);
    /// Others have used it, or it is another root's.
    pub(crate) const OTHERS: Self = Self(2);
    /// A timer that the task, one in the background, waits for.
    pub(crate) const TIMER: Self = Self(4);
    /// A task in the background whose end the task waits for.
    pub(crate) const BACKGROUND: Self = Self(8);
    /// Nobody: the task is to say once more who may use what it waits on, which others may have begun to since (D2).
    pub(crate) const ASKED: Self = Self(16);
    /// Nobody: in the turn before this wait the task was asked, and has done nothing else.
    pub(crate) const ANSWERED: Self = Self(32);

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Whether `other` is among them.
    pub(crate) fn includes(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What stands for a root where nothing is to be known of it: a number that no other root has, before or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Root(u64);

impl Root {
    /// What runs belongs to no task.
    pub(crate) const NONE: Self = Self(0);
    /// None that is known.
    pub(crate) const UNKNOWN: Self = Self(u64::MAX);

    /// Of a root, with a number that nothing else has.
    pub(crate) fn numbered(number: u64) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// How wakers of the current task's kind are registered.
#[derive(Debug)]
pub(crate) struct Registrar {
    /// The waker to be kept.
    pub(crate) register: fn(&Waker) -> Waker,
    /// The waker to be kept by a timer.
    pub(crate) register_timer: fn(&Waker) -> Waker,
    /// Whether a kept one would do for a waker.
    pub(crate) same: fn(&Waker, &Waker) -> bool,
}

/// What a task that is about to be polled brings along.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    pub(crate) shared: Shared,
    pub(crate) registrar: &'static Registrar,
}

thread_local! {
    static SHARED: Cell<Shared> = const { Cell::new(Shared::NOBODY) };
    static REGISTRAR: Cell<Option<&'static Registrar>> = const { Cell::new(None) };
    static ROOT: Cell<Root> = const { Cell::new(Root::NONE) };
}

#[inline]
pub(super) fn begin(waits: Waits) {
    SHARED.set(Shared(waits.shared.0 & !Shared::ANSWERED.0));
    REGISTRAR.set(Some(waits.registrar));
}

/// The poll is over, in which the task has begun nothing if it is `as_before`.
#[inline]
pub(super) fn end(as_before: impl FnOnce() -> bool) -> Shared {
    REGISTRAR.set(None);
    let shared = SHARED.get();
    if !shared.includes(Shared::ASKED) {
        return shared;
    }
    let answered = if as_before() { Shared::ANSWERED } else { Shared::NOBODY };
    Shared(shared.0 & !Shared::ASKED.0 | answered.0)
}

/// What is put aside while the thread does what belongs to no task.
#[derive(Clone, Copy)]
pub(super) struct Lifted {
    shared: Shared,
    registrar: Option<&'static Registrar>,
    root: Root,
}

pub(super) fn lift() -> Lifted {
    let root = ROOT.replace(Root::NONE);
    Lifted { shared: SHARED.get(), registrar: REGISTRAR.replace(None), root }
}

pub(super) fn bring_back(lifted: Lifted) {
    SHARED.set(lifted.shared);
    REGISTRAR.set(lifted.registrar);
    ROOT.set(lifted.root);
}

/// `waker`, to be kept by an object on which its task waits.
#[inline]
pub(crate) fn register(waker: &Waker) -> Waker {
    REGISTRAR.get().map_or_else(|| waker.clone(), |registrar| (registrar.register)(waker))
}

/// `waker`, to be kept by a timer. It is one that may come from anywhere, unless it is a background task's, whose timers are not to hide
/// that others wait in vain (S9).
pub(crate) fn register_timer(waker: &Waker) -> Waker {
    REGISTRAR.get().map_or_else(|| waker.clone(), |registrar| (registrar.register_timer)(waker))
}

/// Whether `kept`, which an object keeps, wakes the same task as `waker`.
#[inline]
pub(crate) fn same(kept: &Waker, waker: &Waker) -> bool {
    REGISTRAR.get().map_or_else(|| kept.will_wake(waker), |registrar| (registrar.same)(kept, waker))
}

/// The root that what runs belongs to.
#[inline]
pub(crate) fn root() -> Root {
    ROOT.get()
}

/// What runs belongs to `root` until the guard is dropped: the poll of a task, the drop of its future and of what it leaves behind.
#[inline]
pub(crate) fn belongs_to(root: Root) -> BelongsTo {
    BelongsTo(ROOT.replace(root))
}

/// See [`belongs_to`].
#[must_use = "it ends when this is dropped"]
pub(crate) struct BelongsTo(Root);

impl Drop for BelongsTo {
    #[inline]
    fn drop(&mut self) {
        ROOT.set(self.0);
    }
}

/// The current task waits on something that these may use, too.
#[inline]
pub(crate) fn note_shared(with: Shared) {
    SHARED.set(Shared(SHARED.get().0 | with.0));
}

/// The current task waits on something of the root `of`.
#[inline]
pub(crate) fn note_root(of: Root) {
    if of != root() {
        note_shared(Shared::OTHERS);
    }
}

/// Whether the current task is to say of all that it waits on who may use it, though it has said so before.
#[inline]
pub(crate) fn is_asked() -> bool {
    SHARED.get().includes(Shared::ASKED)
}

/// The current task waits on nothing any more.
#[inline]
pub(crate) fn forget_waits() {
    SHARED.set(Shared::NOBODY);
}

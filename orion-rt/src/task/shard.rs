//! One worker's part of a scope's tasks: how a task comes into the list, how it leaves, and who answers for it meanwhile.
//!
//! Invariants: 1 to 3 and 5 of `owner`.

use std::ptr::NonNull;

use crate::util::list::List;

use super::header::{Header, InScope};
use super::kind::{Count, Lock, Schedule, Sealed};
use super::owner::{BACKGROUND, ORDINARY, Place, ScopeCore};
use super::scope_ref::ScopeRef;

/// See the module.
pub(crate) struct Shard<K: Sealed> {
    pub(crate) list: List<Header<K>, InScope>,
    live: usize,
    charge: Charge,
    /// How many tasks have come in.
    pub(super) entered: u32,
}

/// Who answers for a group's live tasks (3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charge {
    None,
    Opener,
    Root,
}

/// What was counted for a shard that then could not begin: in its scope, and for a background task in the scope above.
#[derive(Debug, Default)]
struct Counted {
    here: bool,
    above: bool,
}

impl<K: Sealed> Shard<K> {
    pub(super) const fn new() -> Self {
        Self { list: List::new(), live: 0, charge: Charge::None, entered: 0 }
    }
}

impl<K: Sealed> ScopeCore<K> {
    /// Puts `task` in the list, or refuses because the scope is cancelled or has ended (S5).
    ///
    /// # Safety
    /// `task` is alive and in no list; the pointer is the one its allocation gave, for the list's users reach the whole task.
    pub(crate) unsafe fn enlist(&self, task: NonNull<Header<K>>) -> bool {
        let index = if self.is_sharded() { self.scheduler().shard(self.shard_count()) } else { 0 };
        let mut shard = self.shard(index).lock();
        let begun = if self.is_cancelled() {
            Err(Counted::default())
        } else if shard.live == 0 {
            self.begin_shard(&mut shard)
        } else {
            Ok(())
        };
        if let Err(counted) = begun {
            drop(shard);
            self.take_back(&counted);
            return false;
        }
        if shard.live == 0 && shard.list.is_empty() {
            self.refs.add();
        }
        shard.live += 1;
        shard.entered = shard.entered.wrapping_add(1);
        // SAFETY: promised by the caller.
        unsafe { task.as_ref() }.shard.set(index as u32);
        // SAFETY: a task in the list is alive: the list has a reference to it.
        unsafe { shard.list.push_back(task) };
        true
    }

    /// A shard gets its first live task: counts it and charges it (3), unless the scope has ended. `Err`: what the caller takes
    /// back when it has released the lock.
    fn begin_shard(&self, shard: &mut Shard<K>) -> Result<(), Counted> {
        let here = self.active.add_unless_zero(ORDINARY);
        let mut counted = Counted { here, above: false };
        if !here {
            return Err(counted);
        }
        let Place::Group { parent, opener, background, .. } = &self.place else { return Ok(()) };
        if *background {
            counted.above = parent.active.add_unless_zero(BACKGROUND);
            if !counted.above {
                return Err(counted);
            }
            if matches!(parent.place, Place::Root(_)) {
                // The root's own activity says it all.
                return Ok(());
            }
        }
        // SAFETY: the group has a reference to its opener.
        let annex = opener.and_then(|task| unsafe { task.as_ref() }.annex.get());
        if annex.is_some_and(|annex| annex.pending.add_unless_zero(1)) {
            shard.charge = Charge::Opener;
        } else if self.root_core().active.add_unless_zero(ORDINARY) {
            shard.charge = Charge::Root;
        } else {
            return Err(counted);
        }
        Ok(())
    }

    /// A shard did not begin after all. What was counted for it may be the last that was: then this ends the scope.
    fn take_back(&self, counted: &Counted) {
        if counted.above
            && let Place::Group { parent, .. } = &self.place
        {
            parent.end_activity(BACKGROUND);
        }
        if counted.here {
            self.end_activity(ORDINARY);
        }
    }

    /// Counts a completed task out and, where asked, takes it off the list. Gives the task that completes with it, if any.
    ///
    /// The scope may be gone when this returns.
    ///
    /// # Safety
    /// `task` is counted in the scope at `this`, and the caller has a reference to it.
    pub(crate) unsafe fn leave(
        this: NonNull<Self>,
        task: NonNull<Header<K>>,
        unlink: bool,
    ) -> Option<NonNull<Header<K>>> {
        // SAFETY: the task is counted here, so the shard is not empty and (1) the scope alive.
        let scope = unsafe { this.as_ref() };
        let (charge, emptied) = {
            // SAFETY: promised by the caller.
            let index = unsafe { task.as_ref() }.shard.get() as usize;
            let mut shard = scope.shard(index).lock();
            if unlink {
                // SAFETY: an incomplete task is in its scope's list.
                unsafe { shard.list.unlink(task) };
            }
            shard.live -= 1;
            if shard.live == 0 {
                if !shard.list.is_empty() {
                    // The shard keeps its reference, but another thread may take the last task off at any time.
                    scope.refs.add();
                }
                (std::mem::replace(&mut shard.charge, Charge::None), true)
            } else {
                (Charge::None, false)
            }
        };
        if !emptied {
            return None;
        }
        // SAFETY: the reference of the shard that has just become empty (1), or the one taken above.
        let scope = unsafe { ScopeRef::from_raw(this) };
        let mut next = None;
        match charge {
            Charge::None => {}
            Charge::Root => scope.root_core().end_activity(ORDINARY),
            Charge::Opener => next = scope.discharge_opener(),
        }
        scope.end_activity(ORDINARY);
        if let Place::Group { parent, background: true, .. } = &scope.place {
            parent.end_activity(BACKGROUND);
        }
        next
    }

    fn discharge_opener(&self) -> Option<NonNull<Header<K>>> {
        let Place::Group { opener: Some(opener), .. } = &self.place else { return None };
        // SAFETY: the group has a reference to its opener.
        let annex = unsafe { opener.as_ref() }.annex.get()?;
        (annex.pending.sub(1) == 0).then_some(*opener)
    }

    /// Takes a completed task whose handle is done with it off the list.
    ///
    /// # Safety
    /// `task` is in the list of the scope at `this`.
    pub(crate) unsafe fn unlist(this: NonNull<Self>, task: NonNull<Header<K>>) {
        // SAFETY: the task is in the list, so (1) the scope is alive.
        let scope = unsafe { this.as_ref() };
        let unreferenced = {
            // SAFETY: a listed task is alive.
            let index = unsafe { task.as_ref() }.shard.get() as usize;
            let mut shard = scope.shard(index).lock();
            // SAFETY: in the list, promised by the caller.
            unsafe { shard.list.unlink(task) };
            shard.live == 0 && shard.list.is_empty()
        };
        if unreferenced {
            // SAFETY: the reference of the shard that has just become empty (1).
            drop(unsafe { ScopeRef::from_raw(this) });
        }
    }
}

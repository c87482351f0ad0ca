//! The channels of one root: made by its scope, closed and drained at its end, freed after that (R8).
//!
//! ```text
//!   make*                    close            drain                 drop
//!   open ------------------> every one  ----> values dropped, ----> memory freed
//!        later ones are born closed   by destructors too
//! ```
//!
//! Invariants
//! 1. A core in the list was allocated without handles, and is freed by `ScopeChans::drop` only.
//! 2. Nothing with the root's lifetime is used after that: handles, futures and streams of these channels carry it.
//! 3. After `close` no channel of the root takes a value any more, and after its turn in `drain` none is given back: what a
//!    destructor sends meanwhile it gets back. So `drain` ends, and leaves every channel empty.
//!
//! Protocol: `make` from any thread, also by destructors that `close` and `drain` run; the others by the root's thread when no
//! task is left. The list's lock is not held while wakers or destructors run.
//!
//! Rejected: counted cores (`ScopeChan` is `Copy`, so its copies cannot count).

use super::core::Core;
use super::elem::Typed;
use super::scoped::ScopeChan;
use crate::coop::Root;
use crate::sys::Mutex;
use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::ptr::NonNull;

pub(crate) struct ScopeChans {
    inner: Mutex<Inner>,
    home: Root,
}

struct Inner {
    cores: Vec<NonNull<Core>>,
    ended: bool,
}

// SAFETY: cores may be made, closed and freed from any thread. Their values are dropped by the root's thread, which whoever
// calls `make` has promised to be right for them.
unsafe impl Send for ScopeChans {}
// SAFETY: as above.
unsafe impl Sync for ScopeChans {}

impl ScopeChans {
    /// Those of the root `home`.
    pub(crate) fn new(home: Root) -> Self {
        Self { inner: Mutex::new(Inner { cores: Vec::new(), ended: false }), home }
    }

    /// A channel for the lifetime the caller chooses.
    ///
    /// # Safety
    /// Nothing with that lifetime is used after this is dropped. Values of `T` may be dropped by the thread that calls
    /// `drain`: they are `Send`, or it is the only one that can make or use the channel.
    pub(crate) unsafe fn make<'scope, T: 'scope>(
        &self,
        capacity: usize,
        location: &'static Location<'static>,
    ) -> ScopeChan<'scope, T> {
        let core = Core::allocate(Typed::<T>::erase(), Some(capacity), None, Some(location), self.home);
        let ended = {
            let mut inner = self.inner.lock();
            inner.cores.push(core);
            inner.ended
        };
        // SAFETY: a core for `T` that lives until nothing with the lifetime is used any more.
        let chan = unsafe { ScopeChan::new(core) };
        if ended {
            chan.close();
        }
        chan
    }

    /// The root has ended: closes every channel, and those that are still to be made.
    pub(crate) fn close(&self) {
        self.inner.lock().ended = true;
        self.each(|core| {
            let values = core.look().len();
            if core.close(true) {
                core.report_lost(values);
            }
        });
    }

    /// After `close`: drops what is buffered. Panics of destructors are given to `raise`, which does not panic.
    pub(crate) fn drain(&self, mut raise: impl FnMut(Box<dyn Any + Send>)) {
        self.each(|core| core.abandon().drop_each(&mut raise));
    }

    /// Visits every channel, those included that come in meanwhile.
    fn each(&self, mut visit: impl FnMut(&Core)) {
        for index in 0.. {
            let Some(core) = self.inner.lock().cores.get(index).copied() else { return };
            // SAFETY: (1): alive as long as this.
            visit(unsafe { core.as_ref() });
        }
    }
}

impl Drop for ScopeChans {
    fn drop(&mut self) {
        let cores = std::mem::take(&mut self.inner.lock().cores);
        for core in cores {
            // SAFETY: (1, 2): allocated as a box, and nobody uses it any more.
            drop(unsafe { Box::from_raw(core.as_ptr()) });
        }
    }
}

impl fmt::Debug for ScopeChans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeChans").field("count", &self.inner.lock().cores.len()).finish_non_exhaustive()
    }
}

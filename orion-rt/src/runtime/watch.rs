//! What is done about the deadlocks of a runtime's roots (D1, D2). When roots are looked at says [`observer`](super::observer).

#![forbid(unsafe_code)]

use std::fmt;
use std::sync::Arc;

use crate::debug::{Deadlock, DeadlockPolicy};
use crate::task::cancel;
use crate::task::kind::Sealed;
use crate::task::owner::ScopeCore;
use crate::util::contain::contained;

/// Who wants to be told of deadlocks.
pub(crate) type Hook = Arc<dyn Fn(&Deadlock) + Send + Sync>;

/// What is done about deadlocks.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    pub(crate) policy: DeadlockPolicy,
    pub(crate) hook: Option<Hook>,
    /// Nothing outside the program is waited for: it is quiet at once.
    pub(crate) at_once: bool,
    /// Somebody else watches.
    pub(crate) elsewhere: bool,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("policy", &self.policy).field("at_once", &self.at_once).finish_non_exhaustive()
    }
}

impl Watch {
    fn tell(&self, deadlock: &Deadlock) {
        if let Some(hook) = &self.hook {
            contained(|| hook(deadlock));
        }
    }

    /// Ends `root`, which the caller keeps from ending by itself.
    pub(super) fn end<K: Sealed>(&self, root: &ScopeCore<K>, is_proven: bool) {
        let deadlock = Deadlock::of(root, is_proven);
        self.tell(&deadlock);
        cancel::force(root, Box::new(deadlock));
    }

    /// Says that `root` may be in a deadlock.
    pub(super) fn report<K: Sealed>(&self, root: &ScopeCore<K>) {
        let deadlock = Deadlock::of(root, false);
        eprintln!(
            "orion-rt: {deadlock}\n  The root goes on. `Builder::deadlock` says what is done about it: `DeadlockPolicy::Panic` ends it, `Off` is silent."
        );
        self.tell(&deadlock);
    }
}

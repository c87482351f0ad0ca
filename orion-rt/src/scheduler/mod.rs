//! Who runs which task when: [`local`] on one thread, [`multi`] on several. Both drive tasks through `task::run::step` and
//! know nothing of handles and scopes beyond the lists they lend to dumps.

pub(crate) mod any;
mod batch;
pub(crate) mod blocking;
mod inherit;
pub(crate) mod local;
pub(crate) mod multi;
mod queue;
mod roots;

pub(crate) use roots::Roots;

/// How many tasks run between two looks at what comes from outside: timers, other threads (Y4).
const TICK: u32 = 61;

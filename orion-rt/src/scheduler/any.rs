//! The scheduler behind the current task, whatever its kind.

use std::ptr::NonNull;
use std::sync::Arc;

use crate::task::current::{self, AnyTask};
use crate::task::header::Header;
use crate::task::kind::{Schedule, Sealed};

use super::blocking::Pool;
use super::local::LocalShared;
use super::multi::MultiShared;

/// A shared reference to a scheduler of either kind.
#[derive(Debug, Clone)]
pub(crate) enum AnyShared {
    Local(Arc<LocalShared>),
    Multi(Arc<MultiShared>),
}

/// The scheduler that polls the current task.
pub(crate) fn current() -> Option<AnyShared> {
    match current::get()? {
        AnyTask::Local(task) => Some(AnyShared::Local(shared_of(task))),
        AnyTask::Multi(task) => Some(AnyShared::Multi(shared_of(task))),
    }
}

/// The threads for blocking calls of the scheduler that polls the current task.
pub(super) fn pool() -> Option<Arc<Pool>> {
    let pool = match current() {
        Some(AnyShared::Local(shared)) => Arc::clone(shared.blocking.pool()),
        Some(AnyShared::Multi(shared)) => Arc::clone(shared.blocking.pool()),
        None => return None,
    };
    Some(pool)
}

fn shared_of<K: Sealed>(task: NonNull<Header<K>>) -> Arc<K::Shared> {
    // SAFETY: the current task is being polled, so it is alive.
    let shared = unsafe { task.as_ref() }.shared;
    // SAFETY: the scheduler lives as long as an incomplete task.
    unsafe { <K::Shared as Schedule<K>>::retain(shared) };
    // SAFETY: the pointer is that of an `Arc`, whose count was raised above.
    unsafe { Arc::from_raw(shared.as_ptr()) }
}

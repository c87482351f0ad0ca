//! Data structures that know nothing of tasks: an intrusive list, a slab, a small random generator, panic containment, a thread that
//! waits for a future.

pub(crate) mod block;
pub(crate) mod contain;
pub(crate) mod late;
pub(crate) mod list;
pub(crate) mod live;
pub(crate) mod rng;
pub(crate) mod slab;

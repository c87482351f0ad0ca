//! Data structures that know nothing of tasks: an intrusive list, a small random generator, panic containment.

pub(crate) mod contain;
pub(crate) mod late;
pub(crate) mod list;
pub(crate) mod rng;

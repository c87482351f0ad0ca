// The shapes `task_local!` accepts, without a warning.
#![deny(warnings, missing_docs)]
#![allow(dead_code)]
//! A crate.

use std::sync::Arc;

orion_rt::task_local! {}

orion_rt::task_local! {
    /// Documented.
    pub static ONE: u64;
}

orion_rt::task_local! {
    /// The first of several.
    pub static FIRST: Arc<[u8]>;
    #[cfg(any())]
    static LEFT_OUT: NoSuchType;
    pub(crate) static SECOND: fn(u8) -> u8;
    static THIRD: Option<(u8, &'static str)>
}

fn main() {
    orion_rt::task_local!(static INSIDE: u8);
    orion_rt::run(async |s| {
        let value = INSIDE.scope(1, async { s.spawn(async { INSIDE.get() }).get().await }).await;
        assert_eq!((value, INSIDE.try_get()), (1, None));
    });
}

//! What the behaviour tests share: every kind of runtime.
#![allow(dead_code, reason = "each test file uses its part")]

/// Worker counts every `Multi` rule is checked with.
pub const WORKERS: &[usize] = if cfg!(miri) { &[2] } else { &[1, 2, 8] };

pub use orion_tests::watched;

/// A runtime with `n` workers.
pub fn workers(n: usize) -> orion_rt::Runtime {
    orion_rt::Runtime::builder().workers(n).build().expect("threads start")
}

/// Runs the body as the root of a `run`, and of runtimes with 1, 2 and 8 workers.
#[macro_export]
macro_rules! on_every_kind {
    ($name:ident, $body:expr) => {
        #[test]
        fn $name() {
            $crate::common::watched(|| {
                orion_rt::run($body);
                for &n in $crate::common::WORKERS {
                    $crate::common::workers(n).run($body);
                }
            });
        }
    };
}

/// The message of a panic.
pub fn panic_message(result: std::thread::Result<()>) -> String {
    let payload = result.expect_err("a panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().map(|s| (*s).to_owned()).unwrap_or_default(),
    }
}

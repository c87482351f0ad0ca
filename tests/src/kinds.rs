//! Running one test on every kind of runtime, and small pieces of such tests.
/// Worker counts every `Multi` rule is checked with.
pub const WORKERS: &[usize] = if cfg!(miri) { &[2] } else { &[1, 2, 8] };

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
            $crate::watched(|| {
                orion_rt::run($body);
                for &n in $crate::WORKERS {
                    $crate::workers(n).run($body);
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

/// Runs its closure when it is dropped.
pub struct Then<F: Fn()>(pub F);

impl<F: Fn()> Drop for Then<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Never returns.
pub async fn for_ever() {
    std::future::pending::<()>().await;
}

/// Yields `times` times.
pub async fn yielding(times: usize) {
    for _ in 0..times {
        orion_rt::yield_now().await;
    }
}

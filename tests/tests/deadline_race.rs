//! `cancel_after` against the end of the scope: rule S11. In a file of its own, for Miri.

use std::time::Duration;

use orion_rt::yield_now;
use orion_tests::{for_ever, watched, workers};

// S11: deadlines that fire while their scopes end, are freed, and are given other deadlines. Miri would see a scope that is used
// after it was freed.
#[test]
fn s11_firing_against_the_end_of_the_scope() {
    watched(|| {
        let rounds: u64 = if cfg!(miri) { 5 } else { 2_000 };
        let runtime = workers(2);
        let after = |i: u64| Duration::from_nanos(1 + i * 997 % 60_000);
        runtime.run(async |s| {
            for i in 0..rounds {
                // A group that ends by itself, or by its deadline.
                s.group(async |g| {
                    g.cancel_after(after(i));
                    g.go(async { yield_now().await });
                    g.cancel_after(after(i + 1));
                })
                .await;
                // One whose future is dropped.
                let mut group = Box::pin(s.group(async |g| {
                    g.cancel_after(after(i + 2));
                    for_ever().await;
                }));
                assert!(futures::poll!(group.as_mut()).is_pending());
                yield_now().await;
            }
        });
        // The scope that ends is the root.
        for i in 0..rounds {
            runtime.run(async |s| {
                s.cancel_after(after(i));
                s.go(async { yield_now().await });
                let value = String::from("with a destructor");
                drop(s.spawn(async move { value }));
            });
        }
    });
}

// J1: `join_timeout` takes the handle; what comes back at the deadline may be joined
use std::time::Duration;

fn main() {
    orion_rt::run(async |s| {
        let handle = s.spawn(async { 1 });
        drop(handle.join_timeout(Duration::ZERO).await);
        drop(handle.join().await);
    });
}

// S2: what a child borrows mutably is borrowed until the call is over
fn main() {
    orion_rt::run(async |s| {
        let mut count = 0;
        s.local(async |g| {
            g.go(async { count += 1 });
            g.go(async { count += 1 });
        })
        .await;
    });
}

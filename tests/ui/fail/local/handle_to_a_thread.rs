// R1: the handle of a child of `run` stays on its thread
fn main() {
    orion_rt::run(async |s| {
        s.local(async |g| {
            let child = g.spawn(async { 1 });
            std::thread::scope(|threads| {
                threads.spawn(move || child.cancel());
            });
        })
        .await;
    });
}

// J1: a second `await`
fn main() {
    orion_rt::run(async |s| {
        let handle = s.spawn(async { 1 });
        let _ = handle.await;
        let _ = handle.await;
    });
}

// J1: a handle has no second copy
fn main() {
    orion_rt::run(async |s| {
        let handle = s.spawn(async { 1 });
        let again = handle.clone();
        let _ = handle.join().await;
        let _ = again.join().await;
    });
}

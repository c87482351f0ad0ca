// J1: a second `join`
fn main() {
    orion_rt::run(async |s| {
        let handle = s.spawn(async { 1 });
        let _ = handle.join().await;
        let _ = handle.join().await;
    });
}

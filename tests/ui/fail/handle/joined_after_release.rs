// J1: a join after the task was given up
fn main() {
    orion_rt::run(async |s| {
        let handle = s.spawn(async { 1 });
        handle.release();
        handle.get().await;
    });
}

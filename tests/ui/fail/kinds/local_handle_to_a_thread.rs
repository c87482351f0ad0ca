// R1: a handle of `run` stays on its thread
fn main() {
    orion_rt::run(async |s| {
        let handle = s.spawn(async { 1 });
        std::thread::scope(|threads| {
            threads.spawn(move || handle.cancel());
        });
    });
}

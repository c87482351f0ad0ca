// R1: the scope of `run` is not shared with a thread
fn main() {
    orion_rt::run(async |s| {
        std::thread::scope(|threads| {
            threads.spawn(|| s.cancel());
        });
    });
}

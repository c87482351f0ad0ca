// R1: a group of `run` stays on its thread
fn main() {
    orion_rt::run(async |s| {
        let group = (**s).clone();
        std::thread::scope(|threads| {
            threads.spawn(move || group.cancel());
        });
    });
}

// R1: on one thread nobody else could run the task that a blocking join waits for
fn main() {
    orion_rt::run(async |s| {
        s.spawn(async {}).join_blocking().unwrap();
    });
}

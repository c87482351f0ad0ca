// J1: a select in a loop that joins in each turn
fn main() {
    orion_rt::run(async |s| {
        let handle = s.spawn(async { 1 });
        loop {
            orion_rt::select! {
                _ = handle.join() => break,
                default => {}
            }
        }
    });
}

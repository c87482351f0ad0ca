// S2: a handle cannot leave its root as the result
fn main() {
    let _handle = orion_rt::run(async |s| s.spawn(async { 1 }));
}

// S2: nor on several workers
fn main() {
    let runtime = orion_rt::Runtime::builder().workers(1).build().unwrap();
    let _handle = runtime.run(async |s| s.spawn(async { 1 }));
}

// R2: and its output
use std::rc::Rc;

fn main() {
    let runtime = orion_rt::Runtime::builder().workers(1).build().unwrap();
    runtime.run(async |s| {
        s.local(async |g| drop(g.spawn(async { Rc::new(1) }))).await;
    });
}

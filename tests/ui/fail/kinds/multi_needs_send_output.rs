// R2: on several workers an output has to be `Send`
use std::rc::Rc;

fn main() {
    let runtime = orion_rt::Runtime::builder().workers(1).build().unwrap();
    runtime.run(async |s| {
        let handle = s.spawn(async { Rc::new(1) });
        drop(handle.get().await);
    });
}

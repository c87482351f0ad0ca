// R2: on several workers a future has to be `Send`
use std::rc::Rc;

fn main() {
    let runtime = orion_rt::Runtime::builder().workers(1).build().unwrap();
    runtime.run(async |s| {
        let shared = Rc::new(1);
        s.go(async move {
            orion_rt::yield_now().await;
            drop(shared);
        });
    });
}

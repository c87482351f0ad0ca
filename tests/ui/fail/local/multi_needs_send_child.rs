// R2: under a runtime with workers a child has to be `Send`, for the task that polls it may move
use std::rc::Rc;

fn main() {
    let runtime = orion_rt::Runtime::builder().workers(1).build().unwrap();
    runtime.run(async |s| {
        let shared = Rc::new(1);
        s.local(async |g| {
            g.go(async move {
                orion_rt::yield_now().await;
                drop(shared);
            });
        })
        .await;
    });
}

// S7, R8: on a Runtime the root's thread drops what is left, so the values are `Send`; on `run` the channel stays on its thread
use std::rc::Rc;

fn main() {
    let runtime = orion_rt::Runtime::builder().build().unwrap();
    runtime.run(async |s| drop(s.chan::<Rc<u8>>(1)));
    orion_rt::run(async |s| {
        let chan = s.chan(1);
        std::thread::scope(|threads| {
            threads.spawn(|| chan.try_send(Rc::new(1)));
        });
    });
}

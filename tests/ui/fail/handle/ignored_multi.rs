// J2: an ignored handle is a warning, with a name too
#![deny(unused_must_use)]

fn main() {
    let runtime = orion_rt::Runtime::builder().workers(1).build().unwrap();
    runtime.run(async |s| {
        s.spawn(async { 1 });
        s.task().name("named").spawn(async { 2 });
    });
}

// J2: an ignored handle is a warning
#![deny(unused_must_use)]

fn main() {
    orion_rt::run(async |s| {
        s.spawn(async { 1 });
    });
}

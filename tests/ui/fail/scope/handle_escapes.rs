// S2: a handle cannot leave its root through a variable
fn main() {
    let mut outside = None;
    orion_rt::run(async |s| {
        outside = Some(s.spawn(async { 1 }));
    });
}

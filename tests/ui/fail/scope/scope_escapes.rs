// S2: the scope cannot leave its root through a variable
fn main() {
    let mut outside = None;
    orion_rt::run(async |s| {
        outside = Some(s);
    });
}

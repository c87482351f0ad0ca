// S2: a child cannot borrow the body's locals, which end before it
fn main() {
    orion_rt::run(async |s| {
        let local = String::from("local");
        s.go(async { drop(local.len()) });
    });
}

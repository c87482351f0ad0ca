// S2: a child cannot borrow what ends before the call of `local`: the body's own variables
fn main() {
    orion_rt::run(async |s| {
        s.local(async |g| {
            let own = String::from("own");
            g.go(async { assert_eq!(own.len(), 3) });
        })
        .await;
    });
}

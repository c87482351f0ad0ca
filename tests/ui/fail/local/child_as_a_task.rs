// S2: the handle of a child that borrows from the body of a root does not go to a task of the root
fn main() {
    orion_rt::run(async |s| {
        let own = String::from("own");
        s.local(async |g| {
            let child = g.spawn(async { own.len() });
            s.go(async move { assert_eq!(child.await.unwrap(), 3) });
        })
        .await;
    });
}

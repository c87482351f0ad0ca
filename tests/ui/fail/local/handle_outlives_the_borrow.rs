// S2: the handle of a child that borrows does not outlive what it borrows from
fn main() {
    orion_rt::run(async |s| {
        let handle = {
            let own = String::from("own");
            s.local(async |g| g.spawn(async { own.len() })).await
        };
        handle.release();
    });
}

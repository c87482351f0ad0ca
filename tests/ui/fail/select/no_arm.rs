// L5: a select without any arm
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    let () = select! {};
    drop((a, b));
}

fn main() {}

// L5: two `else`s
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    select! {
        Some(_) = <-a => {}
        Some(_) = <-b => {}
        else => {}
        else => {}
    }
}

fn main() {}

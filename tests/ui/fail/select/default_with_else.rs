// L5: `default` with `else`
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    select! {
        Some(_) = <-a => {}
        <-b => {}
        default => {}
        else => {}
    }
}

fn main() {}

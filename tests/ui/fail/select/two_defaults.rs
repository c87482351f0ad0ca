// L5: two `default`s
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    select! {
        <-a => {}
        <-b => {}
        default => {}
        default => {}
    }
}

fn main() {}

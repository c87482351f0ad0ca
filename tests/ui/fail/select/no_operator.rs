// L5: an arm needs an operator
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    select! { a => {} }
}

fn main() {}

// L5: an arm needs a body
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    select! { v = <-a }
    select! { v = <-a =>, <-b => {} }
}

fn main() {}

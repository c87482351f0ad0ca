// L5: a refutable pattern for the result of a send
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>) {
    select! { Ok(()) = a <- 1 => {} }
}

fn main() {}

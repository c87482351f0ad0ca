// L5: `biased` ends with a semicolon
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>) {
    select! { biased, v = <-a => drop(v) }
}

fn main() {}

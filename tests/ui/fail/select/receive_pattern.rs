// L5: a receive gives an `Option`
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<(u8, u8)>) {
    select! { Ok(v) = <-a => drop(v) }
    select! { None = <-a => {} }
    select! { (x, y) = <-b => drop((x, y)) }
}

fn main() {}

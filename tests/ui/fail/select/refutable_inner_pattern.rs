// L5: a refutable pattern inside `Some(..)` would receive a value and lose it
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<Option<u8>>) {
    select! { Some(5) = <-a => {} else => {} }
    select! { Some(Some(v)) = <-b => drop(v), else => {} }
}

fn main() {}

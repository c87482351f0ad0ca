// L5: the half of a channel that cannot do it
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>) {
    let (sender, receiver) = a.split();
    select! { v = <-sender => drop(v) }
    select! { receiver <- 1 => {} }
}

fn main() {}

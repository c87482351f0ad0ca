// L5: what Go writes is answered with what to write here
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    select! { case v = <-a => drop(v) }
    select! { v, ok = <-a => drop((v, ok)) }
    select! { b <- <-a => {} }
    select! { <-a => {} _ => {} }
}

fn main() {}

// L5: an operator from elsewhere is answered with the one that is meant
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    select! { v := <-a => drop(v) }
    select! { v == <-a => drop(v) }
    select! { v = < -a => drop(v) }
    select! { v = ->a => drop(v) }
    select! { a -> 1 => {} }
    select! { b << 1 => {} }
    select! { b < - 1 => {} }
}

fn main() {}

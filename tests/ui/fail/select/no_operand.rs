// L5: operands and patterns cannot be left out
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    select! { v = <- => drop(v) }
    select! { a <- => {} }
    select! { = <-a => {} }
    select! { v = <-a. => drop(v) }
}

fn main() {}

// L5: bodies that are no blocks end with a comma
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    select! {
        v = <-a => drop(v)
        w = <-b => drop(w)
    }
}

fn main() {}

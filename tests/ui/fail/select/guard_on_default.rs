// L5: a guard on `default` or `else`
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    let idle = true;
    select! {
        <-a => {}
        default, if idle => {}
    }
    select! {
        <-b, if idle => {}
        else, if idle => {}
    }
}

fn main() {}

// L5: each arm has its error, and the result of a wrong select agrees with everything
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    let sum: u8 = select! {
        v := <-a => v,
        Ok(v) = <-b => v,
    };
    sum.no_such_method();
}

fn main() {}

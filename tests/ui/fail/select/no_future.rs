// L5: the operand of a future arm is a future
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>) {
    select! { v = a => drop(v) }
    select! { v = 5 => drop(v) }
}

fn main() {}

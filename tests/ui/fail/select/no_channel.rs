// L5: an operand that is no channel
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>, b: Chan<u8>) {
    let number = 5_u32;
    select! { v = <-number => drop(v) }
    select! { Some(v) = <-number => drop(v), else => {} }
    select! { number <- 1 => {} }
    select! { v = <-a.len(), if number == 5 => drop(v), else => {} }
    drop(b);
}

fn main() {}

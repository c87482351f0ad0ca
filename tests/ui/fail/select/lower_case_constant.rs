// L5: a constant that looks like a binding is refused, not ignored
use orion_rt::{Chan, select};

#[allow(non_upper_case_globals)]
const limit: u8 = 5;

async fn f(a: Chan<u8>) {
    select! { Some(limit) = async { Some(3) } => {} else => {} }
    drop(a);
}

fn main() {}

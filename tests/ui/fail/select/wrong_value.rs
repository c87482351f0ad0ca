// L5: a value of another type than the channel carries
use orion_rt::{Chan, select};

async fn f(a: Chan<u8>) {
    select! { a <- "text" => {} }
    select! { a <- "text".len(), if true => {} else => {} }
}

fn main() {}

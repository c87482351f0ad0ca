// L5: a refutable inner pattern that only the compiler can tell
use orion_rt::{Chan, select};

enum Message {
    Data(u8),
    Stop,
}

async fn f(a: Chan<Message>) {
    select! { Some(Message::Data(v)) = <-a => drop(v), else => {} }
}

fn main() {}

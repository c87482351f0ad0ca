// S1: data of a child outlives its scope
use orion_rt::Group;

async fn spawn<'s>(g: &Group<'s>, text: &str) {
    g.go(async move { drop(text.len()) });
}

fn main() {}

// R7: the annotation is not used in the closure, but it is checked
#[orion_rt::test]
async fn other(_: &String) {}

#[orion_rt::test]
async fn missing(_: &Scop) {}

fn main() {}

// R7: the attribute adds std's own
#[orion_rt::test]
#[test]
async fn twice() {}

fn main() {}

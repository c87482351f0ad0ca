// R7: the attribute is for functions
#[orion_rt::main]
struct Main;

fn main() {}

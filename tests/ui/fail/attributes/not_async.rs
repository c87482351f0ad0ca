// R7: the function is `async`
use orion_rt::Scope;

#[orion_rt::test]
fn test(_: &Scope) {}

#[orion_rt::main]
fn main() {}

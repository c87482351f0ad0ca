// R7: the one argument is the root scope, by reference
use orion_rt::Scope;

#[orion_rt::test]
async fn two(_: &Scope, _: &Scope) {}

#[orion_rt::test]
async fn by_value(_: Scope) {}

#[orion_rt::test]
async fn mutable(_: &mut Scope) {}

#[orion_rt::test]
async fn lifetime(_: &'static Scope) {}

#[orion_rt::test]
async fn pattern(&_: &Scope) {}

#[orion_rt::test]
async fn tuple(_: &(Scope, Scope)) {}

fn main() {}

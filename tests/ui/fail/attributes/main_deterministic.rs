// R6: `deterministic` belongs to tests
use orion_rt::Scope;

#[orion_rt::main(deterministic)]
async fn main(_: &Scope) {}

// R6: `seeds` belongs to tests
use orion_rt::Scope;

#[orion_rt::main(seeds = 0..5)]
async fn main(_: &Scope) {}

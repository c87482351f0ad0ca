// R6: every bad option of the attribute
use orion_rt::Scope;

#[orion_rt::test(workers = 0)]
async fn no_workers(_: &Scope) {}

#[orion_rt::test(workers = "2")]
async fn text() {}

#[orion_rt::test(workers)]
async fn no_number() {}

#[orion_rt::test(workers = 2, workers = 2)]
async fn twice() {}

#[orion_rt::test(seeds = 7)]
async fn no_range() {}

#[orion_rt::test(seeds = 7..7)]
async fn no_seed() {}

#[orion_rt::test(seeds = 0.., )]
async fn no_end() {}

#[orion_rt::test(workers = 2, seeds = 0..5)]
async fn seeds_with_workers() {}

#[orion_rt::test(workers = 2, deterministic)]
async fn deterministic_with_workers() {}

#[orion_rt::test(deterministic = true)]
async fn deterministic_with_a_value() {}

#[orion_rt::test(worker_threads = 2)]
async fn of_another_runtime() {}

#[orion_rt::test(colour = 2)]
async fn unknown() {}

#[orion_rt::test(workers(2))]
async fn wrong_syntax() {}

fn main() {}

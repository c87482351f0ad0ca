//! The benchmark with mimalloc.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use orion_bench::alloc::Counting;

#[global_allocator]
static ALLOCATOR: Counting<MiMalloc> = Counting(MiMalloc);

fn main() -> ExitCode {
    orion_bench::main("mimalloc")
}

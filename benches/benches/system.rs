//! The benchmark with the system's allocator.

use std::alloc::System;
use std::process::ExitCode;

use orion_bench::alloc::Counting;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting(System);

fn main() -> ExitCode {
    orion_bench::main("system")
}

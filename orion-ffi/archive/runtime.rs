//! `liborion_runtime.a` and `liborion_runtime.so`: everything of `orion_ffi` that has a C name, for programs that are not
//! written in Rust. See `include/orion.h` for what they may call.

pub use orion_ffi::*;

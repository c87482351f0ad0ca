//! The C ABI of orion-rt: coroutine frames of other languages as tasks, and channels shared with them.
//!
//! A *frame* is what LLVM's switched-resume lowering and C++20 coroutines make: a block of memory that starts with a
//! pointer to `resume` and one to `destroy`. This crate lets frames and Rust tasks live in one scheduler:
//!
//! | who | uses |
//! |---|---|
//! | Rust code with a frame at hand | [`Frame`], a future that gives the frame's result; [`share`] and [`adopt`] for channels |
//! | C, C++20 and the Orion compiler | the functions of `include/orion.h`, from `liborion_runtime` (`cargo build --release -p orion-ffi --example orion_runtime`) |
//!
//! # A frame among Rust tasks
//!
//! See [`Frame`] for one made by hand, and `tests/ll` for frames lowered from LLVM IR. A frame that calls
//! [`orion_chan_recv`] and is told [`ORION_PENDING`] suspends, and only after its `resume` has returned does the wait begin;
//! so no wake-up can meet a frame that is still running.
//!
//! # Layout
//!
//! ```text
//!   lib   abi (layout, codes)   handle (numbers for C)   sync, diagnose
//!         fiber (stacks) -> context (the running frame) -> coroutine (poll) -> frame (Rust's), job (v1's)
//!         node, registry (who waits for whom), census, pulse (who could still run) -> wait, deadlock
//!         home (one thread) | workers -> runtime -> v1, chan (the C functions), share
//! ```

#![warn(missing_docs)]

mod abi;
mod census;
mod chan;
mod context;
mod coroutine;
mod deadlock;
mod diagnose;
mod fiber;
mod frame;
mod handle;
mod home;
mod job;
mod node;
mod op;
mod pulse;
mod registry;
mod runtime;
mod share;
mod sync;
mod v1;
mod wait;

pub use abi::{
    ORION_CANCELLED, ORION_CLOSED, ORION_DEADLOCK, ORION_ELAPSED, ORION_EMPTY, ORION_FULL, ORION_INVALID, ORION_OK,
    ORION_PANICKED, ORION_PENDING, orion_abi_version, orion_chan,
};
pub use chan::{
    orion_chan_close, orion_chan_info, orion_chan_inspect, orion_chan_is_closed, orion_chan_new, orion_chan_recv,
    orion_chan_release, orion_chan_retain, orion_chan_send, orion_chan_set_name, orion_chan_try_recv,
    orion_chan_try_send, orion_op_status,
};
pub use frame::Frame;
pub use share::{adopt, share, try_adopt};
pub use v1::{
    orion_scheduler_init, orion_scheduler_run, orion_scheduler_run_until, orion_scheduler_shutdown,
    orion_scheduler_spawn, orion_scheduler_yield,
};

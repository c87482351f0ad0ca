//! Tests of the race by explicit polls: the dynamic select, and the arms as `select!` uses them.

mod arms;
mod dynamic;

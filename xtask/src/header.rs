//! `cargo xtask header`: orion.h is what cbindgen gives for today's orion-ffi.
//!
//! The comparison itself is orion-ffi's test `header`, so that the plain test command sees a stale header too; this
//! command runs only that test, or asks it to replace the file.

use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// Set to have the test write the header instead of comparing it.
const BLESS: &str = "ORION_BLESS";

pub(crate) fn run(root: &Path, write: bool) -> Outcome {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["test", "--quiet", "--package", "orion-ffi", "--test", "header"]).env_remove(BLESS);
    if write {
        command.env(BLESS, "1");
    }
    let status = command.status().map_err(|error| format!("cargo: {error}"))?;
    if status.success() {
        return Ok(());
    }
    Err("orion-ffi/include/orion.h is not what its generator gives; `cargo xtask header --write` replaces it".into())
}

//! Running cargo from here.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo`, in `dir`, with `target` as its target directory.
pub(crate) fn command(dir: &Path, target: &Path) -> Command {
    // `cargo` itself and not $CARGO: only rustup's wrapper knows `+nightly`.
    let mut command = Command::new("cargo");
    command.current_dir(dir).env("CARGO_TARGET_DIR", target);
    // Set by the `cargo run` around this program; they would pin the toolchain.
    command.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC");
    command
}

/// The target directory called `name` below that of the repository: builds with other flags do not disturb each other.
pub(crate) fn target(root: &Path, name: impl AsRef<OsStr>) -> PathBuf {
    let own = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    own.join(name.as_ref())
}

/// The program that a build with `--message-format=json` says it has made.
pub(crate) fn executable(messages: &str) -> Option<PathBuf> {
    const KEY: &str = "\"executable\":\"";
    let line = messages.lines().rev().find(|line| line.contains(KEY))?;
    let text = &line[line.find(KEY)? + KEY.len()..];
    Some(text[..text.find('"')?].replace("\\\\", "\\").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_program_is_the_one() {
        let text = "{\"executable\":null}\n{\"a\":1,\"executable\":\"/x/y-1\",\"fresh\":true}\n{\"success\":true}";
        assert_eq!(executable(text), Some("/x/y-1".into()));
        assert_eq!(executable("{\"executable\":null}"), None);
    }
}

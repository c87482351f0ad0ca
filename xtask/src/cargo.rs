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

/// The program of the integration test `name` that a build with `--message-format=json` says it has made, among others that the test starts.
pub(crate) fn test_program(messages: &str, name: &str) -> Option<PathBuf> {
    const KEY: &str = "\"executable\":\"";
    let marks = [KEY, "\"kind\":[\"test\"]", &format!("\"name\":\"{name}\"")];
    let line = messages.lines().find(|line| marks.iter().all(|mark| line.contains(mark)))?;
    let text = &line[line.find(KEY)? + KEY.len()..];
    Some(text[..text.find('"')?].replace("\\\\", "\\").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_program_is_the_one() {
        let text = r#"
            {"target":{"kind":["lib"],"name":"y"},"executable":null}
            {"target":{"kind":["test"],"name":"y"},"executable":"/x/y-1","fresh":true}
            {"target":{"kind":["bin"],"name":"client"},"executable":"/x/client"}
            {"success":true}"#;
        assert_eq!(test_program(text, "y"), Some("/x/y-1".into()));
        assert_eq!(test_program(text, "client"), None);
    }
}

//! `cargo xtask asm`: the assembly beside each LLVM test is what LLVM 19 makes of it.
//!
//! ```text
//!   NAME.ll --opt: coroutine split, O2--> IR --llc--> NAME.ARCH.s   for each ARCH
//! ```
//!
//! Tests assemble the committed `.s` files, so they need no LLVM; this check needs LLVM 19 and says so when it is not
//! there.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Outcome, tree};

/// Where the sources and their assembly are.
const DIR: &str = "orion-ffi/tests/ll";
/// The version whose output is committed.
const VERSION: &str = "19";
/// A target triple and what its files are called.
const TARGETS: [(&str, &str); 2] = [("x86_64-unknown-linux-gnu", "x86_64"), ("aarch64-unknown-linux-gnu", "aarch64")];
/// What the Orion compiler runs, as far as coroutines are concerned.
const PASSES: &str = "-passes=coro-early,cgscc(coro-split),coro-cleanup,default<O2>";

pub(crate) fn run(root: &Path, write: bool) -> Outcome {
    let (opt, llc) = (tool("opt")?, tool("llc")?);
    let dir = root.join(DIR);
    let sources = tree::files_with(&dir, &["ll"])?;
    if sources.is_empty() {
        return Err(format!("there is no LLVM source in {DIR}"));
    }
    let mut stale = Vec::new();
    for source in &sources {
        let file = tree::relative(source, &dir);
        for (triple, suffix) in TARGETS {
            let fresh = lower(&opt, &llc, &dir, &file, triple)?;
            let target = source.with_extension(format!("{suffix}.s"));
            if write {
                fs::write(&target, fresh).map_err(|error| format!("{}: {error}", target.display()))?;
            } else if fs::read(&target).ok().as_deref() != Some(fresh.as_slice()) {
                stale.push(format!("  {}", tree::relative(&target, root)));
            }
        }
    }
    println!("{} LLVM sources, {} targets each, lowered with {opt} and {llc}", sources.len(), TARGETS.len());
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("not what LLVM {VERSION} gives; `cargo xtask asm --write` replaces:\n{}", stale.join("\n")))
}

/// The program `name-19`, or `name` if that is version 19.
fn tool(name: &str) -> Result<String, String> {
    let candidates = [format!("{name}-{VERSION}"), name.to_string()];
    let right = candidates.into_iter().find(|program| {
        let told = Command::new(program).arg("--version").output();
        told.is_ok_and(|output| is_version(&String::from_utf8_lossy(&output.stdout)))
    });
    right.ok_or_else(|| {
        format!("LLVM {VERSION}'s `{name}` is not here, so nothing was compared; on Debian and Ubuntu: apt install llvm-{VERSION}")
    })
}

/// Whether a tool's `--version` tells the version whose output is committed.
fn is_version(told: &str) -> bool {
    told.contains(&format!("LLVM version {VERSION}."))
}

fn lower(opt: &str, llc: &str, dir: &Path, file: &str, triple: &str) -> Result<Vec<u8>, String> {
    let target = format!("-mtriple={triple}");
    // Run in the directory: the file's name, as given, ends up in the assembly.
    let split = output(Command::new(opt).current_dir(dir).args([PASSES, "-S", &target, file]), &[])?;
    let args = ["-O2", &target, "-relocation-model=pic", "-filetype=asm", "-o", "-"];
    output(Command::new(llc).current_dir(dir).args(args), &split)
}

/// Runs `command` with `input`; its output, or what it complained about.
fn output(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| format!("{name}: {error}");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    // The tools read all of their input before they write.
    let mut stdin = child.stdin.take().expect("piped above");
    let written = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err(format!("{name} failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    written.map_err(failed)?;
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn only_the_committed_version_counts() {
        assert!(is_version("Debian LLVM version 19.1.7\n  Optimized build."));
        assert!(!is_version("LLVM version 14.0.6"));
        assert!(!is_version("LLVM version 190.0.0"));
    }
}

//! Go, when `go` is on the path: compiles `benches/go` once and runs it as a process per cell.
//!
//! The process gets the row and its size, does the same work, and prints `ns-or-bytes ops checksum`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{env, fs};

use super::Cells;
use crate::capability::Mode;
use crate::measure::Sample;
use crate::rows::{self, Row};
use crate::scale::Scale;
use crate::workloads::{memory, ping_pong, select, sieve, skynet, spawn_join, spawn_many, throughput, yields};

const PEER: &str = "go";

/// The compiled program; `None` when there is no Go here or it does not compile.
static PROGRAM: LazyLock<Option<PathBuf>> = LazyLock::new(|| match compile() {
    Ok(program) => Some(program),
    Err(why) => {
        eprintln!("go takes no part: {why}");
        None
    }
});

fn compile() -> Result<PathBuf, String> {
    let target = env::current_exe().map_err(|error| error.to_string())?;
    let directory = target.ancestors().nth(3).ok_or("no target directory")?.join("orion-bench");
    fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
    let program = directory.join(if cfg!(windows) { "go-peer.exe" } else { "go-peer" });
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("go");
    let output = Command::new("go")
        .current_dir(source)
        .env("GOTOOLCHAIN", "local")
        .arg("build")
        .arg("-o")
        .arg(&program)
        .arg(".")
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() { Ok(program) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// A row's size, from its workload.
type Size = fn(Scale) -> u64;

/// Runs one row.
///
/// # Panics
/// When the process fails or prints something else than three numbers.
fn run(program: &Path, row: &Row, mode: Mode, size: u64) -> Sample {
    let output = Command::new(program)
        .env("GOMAXPROCS", mode.threads().to_string())
        .arg(row.id)
        .arg(size.to_string())
        .output()
        .expect("the compiled Go program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [amount, ops, checksum] = numbers[..] else {
        panic!("go {}: {text}{}", row.id, String::from_utf8_lossy(&output.stderr))
    };
    let amount = i64::try_from(amount).expect("an amount below 2^63");
    Sample::bytes(amount, ops, checksum)
}

pub(super) fn add(cells: &mut Cells) {
    let Some(program) = &*PROGRAM else { return };
    let sizes: [(&'static Row, Size); 16] = [
        (&rows::SPAWN_JOIN, spawn_join::size),
        (&rows::SPAWN_MANY, spawn_many::size),
        (&rows::YIELD_ONE, yields::size),
        (&rows::YIELD_CROWD, yields::size),
        (&rows::PING_PONG, ping_pong::size),
        (&rows::ONE_TO_ONE, throughput::size),
        (&rows::FOUR_TO_FOUR, throughput::size),
        (&rows::HUNDRED_TO_ONE, throughput::size),
        (&rows::SELECT_2, |scale| select::size(scale, 2)),
        (&rows::SELECT_8, |scale| select::size(scale, 8)),
        (&rows::SELECT_64, |scale| select::size(scale, 64)),
        (&rows::SELECT_64_ALL, |scale| select::size(scale, 64)),
        (&rows::SIEVE, sieve::limit),
        (&rows::SKYNET, skynet::size),
        (&rows::MEMORY_SPAWNED, memory::size),
        (&rows::MEMORY_IN_RECV, memory::size),
    ];
    for mode in [Mode::Workers(1), Mode::Workers(2)] {
        for (row, size) in sizes {
            if row.unit == rows::Unit::Nanos || mode.threads() == 1 {
                cells.push(row, PEER, mode, move |scale| run(program, row, mode, size(scale)));
            }
        }
    }
}

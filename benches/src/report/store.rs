//! The figures of one allocator, and the file they are kept in between the two programs.

use std::path::PathBuf;
use std::{env, fs, io, thread};

use serde::{Deserialize, Serialize};

use crate::measure::Figure;
use crate::scale::Scale;

/// The allocators there is a program for, in the order of the report.
const ALLOCATORS: [&str; 2] = ["system", "mimalloc"];

/// What one program has measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Store {
    pub(crate) allocator: String,
    pub(crate) scale: Scale,
    pub(crate) rounds: usize,
    pub(crate) machine: String,
    pub(crate) figures: Vec<Figure>,
}

impl Store {
    pub(crate) fn new(allocator: &str, scale: Scale, rounds: usize, figures: Vec<Figure>) -> Self {
        Self { allocator: allocator.to_owned(), scale, rounds, machine: machine(), figures }
    }

    /// This run's figures laid over those of the file, if there is one of the same scale.
    pub(crate) fn over_earlier(mut self) -> Self {
        let Some(earlier) = load(&self.allocator).filter(|earlier| earlier.scale == self.scale) else { return self };
        let measured = |old: &Figure| {
            self.figures.iter().any(|new| new.row == old.row && new.peer == old.peer && new.mode == old.mode)
        };
        let kept: Vec<_> = earlier.figures.into_iter().filter(|old| !measured(old)).collect();
        self.figures.extend(kept);
        self
    }

    pub(crate) fn save(&self) -> io::Result<()> {
        let path = path(&self.allocator);
        fs::create_dir_all(path.parent().expect("a file in a directory"))?;
        fs::write(path, serde_json::to_string_pretty(self)?)
    }
}

/// What all programs have left, this one's included.
pub(crate) fn load_all() -> Vec<Store> {
    ALLOCATORS.iter().filter_map(|allocator| load(allocator)).collect()
}

fn load(allocator: &str) -> Option<Store> {
    serde_json::from_str(&fs::read_to_string(path(allocator)).ok()?).ok()
}

/// Beside the program: cargo puts a bench target into `target/release/deps`.
fn path(allocator: &str) -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let target = program.ancestors().nth(3).unwrap_or(&program);
    target.join("orion-bench").join(format!("{allocator}.json"))
}

fn machine() -> String {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = model.map_or(env::consts::ARCH, |(_, name)| name.trim());
    format!("{name}, {threads} hardware threads, {}", env::consts::OS)
}

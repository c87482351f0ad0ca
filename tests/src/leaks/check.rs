//! Running a test again and again, and judging what each run leaves.

use std::fmt;
use std::thread;

use orion_rt::__private::{Live, live};

use crate::alloc::{LARGE, blocks};

/// Runs after which a test that leaves more each time is leaking. The queues of workers give memory back late (epochs): with a few
/// workers in each run, and little else going on, it took up to six.
const MOST: usize = 24;

/// What is allocated at one instant.
struct Snapshot {
    blocks: [isize; LARGE + 1],
    live: Live,
}

impl Snapshot {
    fn take() -> Box<Self> {
        Box::new(Self { blocks: blocks(), live: live() })
    }

    fn total(&self) -> isize {
        self.blocks.iter().sum()
    }

    /// Whether something has become more since `before`.
    fn grew(&self, before: &Self) -> bool {
        let (now, then) = (self.live, before.live);
        self.total() > before.total()
            || now.tasks > then.tasks
            || now.scopes > then.scopes
            || now.channels > then.channels
    }
}

/// How a test was judged.
#[derive(Debug)]
pub enum Verdict {
    /// A run left nothing more than the one before.
    Balanced,
    /// Every run left something: what the last one did.
    Leaks(Left),
    /// A run failed.
    Failed,
}

/// What one run left.
#[derive(Debug)]
pub struct Left {
    /// Blocks by size, those whose number has changed.
    pub blocks: Vec<(usize, isize)>,
    /// Task allocations.
    pub tasks: isize,
    /// Scopes.
    pub scopes: isize,
    /// Channels.
    pub channels: isize,
}

impl Left {
    fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let more = |now: usize, then: usize| now.cast_signed() - then.cast_signed();
        let blocks = before.blocks.iter().zip(&after.blocks).map(|(then, now)| now - then);
        Self {
            blocks: blocks.enumerate().filter(|(_, change)| *change != 0).collect(),
            tasks: more(after.live.tasks, before.live.tasks),
            scopes: more(after.live.scopes, before.live.scopes),
            channels: more(after.live.channels, before.live.channels),
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: isize = self.blocks.iter().map(|(_, change)| change).sum();
        write!(f, "{total} blocks")?;
        for (size, change) in &self.blocks {
            let more = if *size == LARGE { " and more" } else { "" };
            write!(f, " ({change:+} of {size} bytes{more})")?;
        }
        write!(f, ", {} tasks, {} scopes, {} channels", self.tasks, self.scopes, self.channels)
    }
}

/// Runs `test` in threads named `name` until a run leaves nothing, or each has left something.
pub fn check(name: &str, test: impl Fn() -> bool + Sync) -> Verdict {
    let once = || {
        thread::scope(|threads| {
            let run = thread::Builder::new().name(name.to_owned()).spawn_scoped(threads, &test);
            run.expect("a thread starts").join().is_ok_and(|passed| passed)
        })
    };
    if !once() {
        return Verdict::Failed;
    }
    let mut before = Snapshot::take();
    for run in 2.. {
        if !once() {
            return Verdict::Failed;
        }
        let after = Snapshot::take();
        if !after.grew(&before) {
            return Verdict::Balanced;
        }
        if run == MOST {
            return Verdict::Leaks(Left::between(&before, &after));
        }
        before = after;
    }
    unreachable!("MOST runs decide")
}

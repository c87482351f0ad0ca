//! The last stage: digests arrive in any order and leave in the walker's.
//!
//! ```text
//!   results --> waiting: those that came early --in order--> the list (stdout), the tree's digest
//!          \--> sizes --> the frame that folds the totals
//! ```

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use orion_rt::{Chan, Receiver};
use sha2::{Digest as _, Sha256};

use crate::digest::{Digested, Hash};
use crate::failure::Failure;
use crate::list;
use crate::progress::Counters;

/// What the merger works with.
pub(crate) struct Merger {
    /// Closed when the walker and all digesters have ended.
    pub(crate) results: Receiver<Result<Digested, Failure>>,
    /// To the frame.
    pub(crate) sizes: Chan<u64>,
    pub(crate) counters: Arc<Counters>,
    /// Print the list.
    pub(crate) list: bool,
    pub(crate) half: Option<HalfWay>,
    /// Closed at the end.
    pub(crate) done: Chan<()>,
}

/// Where the merger pauses for the one who wants to look at the program while it works.
pub(crate) struct HalfWay {
    /// Pause before this file.
    pub(crate) at: u64,
    /// Unbuffered: a first message says that the merger has come this far, a second one waits until the onlooker is back.
    pub(crate) reached: Chan<()>,
}

impl Merger {
    /// Gives the digest of the whole tree: that of its list.
    pub(crate) async fn merge(self) -> Result<Hash, Failure> {
        let merged = self.run().await;
        // However it ended: the frame must not wait for more, nor the body for the end.
        self.sizes.close();
        self.done.close();
        merged
    }

    async fn run(&self) -> Result<Hash, Failure> {
        let mut early = BTreeMap::new();
        let mut tree = Sha256::new();
        let mut output = BufWriter::new(io::stdout());
        let mut next = 0;
        self.pause(next).await;
        while let Some(digested) = self.results.recv().await {
            let digested = digested?;
            early.insert(digested.job.index, digested);
            while let Some(digested) = early.remove(&next) {
                let line = list::line(&digested.hash, &digested.job.path);
                tree.update(&line);
                if self.list {
                    // Blocks while nobody reads the other end of a pipe, which is what a pipe is for.
                    output.write_all(&line).map_err(Failure::Output)?;
                }
                next += 1;
                self.counters.merged();
                let _ = self.sizes.send(digested.bytes).await;
                self.pause(next).await;
            }
        }
        output.flush().map_err(Failure::Output)?;
        Ok(tree.finalize().into())
    }

    async fn pause(&self, next: u64) {
        if let Some(half) = &self.half
            && half.at == next
        {
            let _ = half.reached.send(()).await;
            let _ = half.reached.send(()).await;
        }
    }
}

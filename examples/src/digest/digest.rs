//! The second stage: one task per file that reads it and computes its SHA-256.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use orion_rt::{Chan, Sender, yield_now};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::progress::Counters;
use crate::walk::Job;

/// SHA-256.
pub(crate) type Hash = [u8; 32];

/// A file with its digest.
#[derive(Debug)]
pub(crate) struct Digested {
    /// The file.
    pub(crate) job: Job,
    /// Of its content.
    pub(crate) hash: Hash,
    /// How much was read, which is not the walker's figure if the file has changed since.
    pub(crate) bytes: u64,
}

/// How much is read between two turns for others.
const CHUNK: usize = 128 * 1024;

/// A digester: sends the digest of one file, or why there is none, then gives its permit back.
pub(crate) async fn digest(
    job: Job,
    results: Sender<Result<Digested, Failure>>,
    permits: Chan<()>,
    counters: Arc<Counters>,
) {
    let result = read(job, &counters).await;
    // A closed channel means that the merger has failed; there is nobody left to tell.
    let _ = results.send(result).await;
    let _ = permits.try_recv();
}

/// Reads on the worker: a file system seldom keeps a reader waiting long, and until blocking calls have threads of
/// their own this is what keeps one task from holding a worker for a whole large file. It also is where a cancelled
/// digester stops.
async fn read(job: Job, counters: &Counters) -> Result<Digested, Failure> {
    let fail = |error| Failure::input(&job.path, error);
    let mut file = File::open(&job.path).map_err(fail)?;
    // One byte more than the file should have, so that a small file ends within its first piece.
    let room = usize::try_from(job.size).unwrap_or(CHUNK).saturating_add(1);
    let mut buffer = vec![0; room.clamp(4096, CHUNK)];
    let mut hasher = Sha256::new();
    let mut bytes = 0;
    loop {
        let chunk = fill(&mut file, &mut buffer).map_err(fail)?;
        hasher.update(&buffer[..chunk]);
        bytes += chunk as u64;
        counters.read(chunk as u64);
        if chunk < buffer.len() {
            return Ok(Digested { job, hash: hasher.finalize().into(), bytes });
        }
        yield_now().await;
    }
}

/// Reads until `buffer` is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

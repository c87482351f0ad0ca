//! The first stage: the files of the tree, in the order in which they are listed.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orion_rt::Sender;
use walkdir::{DirEntry, WalkDir};

use crate::digest::Digested;
use crate::failure::Failure;
use crate::progress::Counters;

/// Where to walk.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    path: PathBuf,
    /// Leave out what a repository holds besides its own files.
    repository: bool,
}

/// One file to digest.
#[derive(Debug)]
pub(crate) struct Job {
    /// Its place in the list, from 0 without gaps.
    pub(crate) index: u64,
    /// As it is listed.
    pub(crate) path: PathBuf,
    /// Its size when the walker saw it.
    pub(crate) size: u64,
}

impl Root {
    /// The tree that the command line names.
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        match path {
            Some(path) => Self { path, repository: false },
            None => Self { path: repository(), repository: true },
        }
    }

    /// The regular files at or below the root, sorted by the bytes of their paths. Symbolic links are followed only
    /// where the root itself is one.
    fn files(&self) -> Result<impl Iterator<Item = Result<DirEntry, Failure>> + use<>, Failure> {
        let kind = fs::metadata(&self.path).map_err(|error| Failure::input(&self.path, error))?.file_type();
        if !kind.is_file() && !kind.is_dir() {
            return Err(Failure::input(&self.path, io::Error::other("neither a file nor a directory")));
        }
        let repository = self.repository;
        let walk = WalkDir::new(&self.path).sort_by(by_path).into_iter();
        let walk = walk.filter_entry(move |entry| !(repository && is_build_or_history(entry)));
        Ok(walk.filter_map(|entry| match entry {
            Ok(entry) => is_file(&entry).then_some(Ok(entry)),
            Err(error) => Some(Err(from_walk(error))),
        }))
    }

    /// How many files there are, without digesting any.
    pub(crate) fn count(&self) -> Result<u64, Failure> {
        let mut count = 0;
        for entry in self.files()? {
            entry?;
            count += 1;
        }
        Ok(count)
    }
}

/// The walker: sends every file of `root` over `jobs`, or the first failure over `results`. Both channels learn from
/// its end that nothing more comes from here. Reading directories blocks its worker for one directory at a time; each
/// send is a point where others get their turn.
pub(crate) async fn walk(
    root: Root,
    jobs: Sender<Job>,
    results: Sender<Result<Digested, Failure>>,
    counters: Arc<Counters>,
) {
    if let Err(failure) = send_all(root, jobs, &counters).await {
        // A closed channel means that the merger has failed first.
        let _ = results.send(Err(failure)).await;
    }
}

async fn send_all(root: Root, jobs: Sender<Job>, counters: &Counters) -> Result<(), Failure> {
    for (index, entry) in (0..).zip(root.files()?) {
        let entry = entry?;
        let size = entry.metadata().map_err(from_walk)?.len();
        counters.found(size);
        if jobs.send(Job { index, path: entry.into_path(), size }).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// The nearest directory at or above the current one that is a repository's or a workspace's root, told relatively; the
/// current one if there is none.
fn repository() -> PathBuf {
    let mut candidate = PathBuf::from(".");
    let depth = std::env::current_dir().map_or(0, |dir| dir.ancestors().count());
    for _ in 0..depth {
        if candidate.join(".git").exists() || is_workspace(&candidate.join("Cargo.toml")) {
            return candidate;
        }
        candidate = if candidate == Path::new(".") { PathBuf::from("..") } else { candidate.join("..") };
    }
    PathBuf::from(".")
}

fn is_workspace(manifest: &Path) -> bool {
    fs::read_to_string(manifest).is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
}

/// Entries at the top of the repository that are not its files.
fn is_build_or_history(entry: &DirEntry) -> bool {
    entry.depth() == 1 && ["target", ".git"].iter().any(|name| entry.file_name() == *name)
}

/// Only the root may be a link to a file.
fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_file() || (entry.depth() == 0 && entry.path().is_file())
}

/// Orders the entries of one directory so that the walk is sorted by whole paths: a directory's name counts with the
/// separator that follows it in every path below.
fn by_path(a: &DirEntry, b: &DirEntry) -> Ordering {
    fn key(entry: &DirEntry) -> (&OsStr, bool) {
        (entry.file_name(), entry.file_type().is_dir())
    }
    compare(key(a), key(b))
}

fn compare((a, a_is_dir): (&OsStr, bool), (b, b_is_dir): (&OsStr, bool)) -> Ordering {
    let end = |is_dir: bool| is_dir.then_some(b'/');
    let a = a.as_encoded_bytes().iter().copied().chain(end(a_is_dir));
    a.cmp(b.as_encoded_bytes().iter().copied().chain(end(b_is_dir)))
}

fn from_walk(error: walkdir::Error) -> Failure {
    let path = error.path().unwrap_or(Path::new(".")).to_path_buf();
    Failure::Input(path, error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of links")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(mut names: Vec<(&str, bool)>) -> Vec<&str> {
        names.sort_by(|a, b| compare((OsStr::new(a.0), a.1), (OsStr::new(b.0), b.1)));
        names.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn directories_sort_where_their_paths_do() {
        assert_eq!(sorted(vec![("a", true), ("a.txt", false)]), ["a.txt", "a"], "'.' is before '/'");
        assert_eq!(sorted(vec![("a0", false), ("a", true)]), ["a", "a0"], "'/' is before '0'");
        assert_eq!(sorted(vec![("ab", true), ("a", false)]), ["a", "ab"]);
    }
}

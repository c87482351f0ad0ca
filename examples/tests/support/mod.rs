//! Trees of files to run the binary on, and the program to compare with.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A user and group with no rights of their own.
const NOBODY: u32 = 65534;

/// The program under test.
pub(crate) fn digest() -> Command {
    Command::new(env!("CARGO_BIN_EXE_digest"))
}

/// What `sha256sum` prints for the regular files at or below `path`, sorted by the bytes of their paths.
pub(crate) fn sha256sum(path: &Path) -> Vec<u8> {
    let mut files = Vec::new();
    collect(path, &mut files);
    files.sort_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
    let output = Command::new("sha256sum").arg("--").args(files).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let kind = fs::symlink_metadata(path).unwrap().file_type();
    if kind.is_file() {
        files.push(path.to_path_buf());
    } else if kind.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), files);
        }
    }
}

/// Output as text.
pub(crate) fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// Makes a file `size` bytes long without writing them.
pub(crate) fn hold(path: &Path, size: u64) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size).unwrap();
}

/// A directory that is removed at the end.
pub(crate) struct Tree(TempDir);

impl Tree {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    /// One with sizes around the digester's chunk, nested and sibling names that sort differently as paths and as
    /// names, an empty file, links, and more files than fit the channels.
    pub(crate) fn of_many_files() -> Self {
        let tree = Self::new();
        for (n, size) in [0, 1, 63, 64, 4095, 4096, 131_071, 131_072, 131_073, 400_000].into_iter().enumerate() {
            let content: Vec<u8> = (0..size).map(|i: usize| (i * 31 + n) as u8).collect();
            tree.file(format!("sizes/{size}"), &content);
        }
        for n in 0..300 {
            tree.file(format!("many/{n}"), format!("file {n}").as_bytes());
        }
        for name in ["a/z", "a.txt", "a0", "a/b/c", "a/b.c", "A"] {
            tree.file(format!("order/{name}"), name.as_bytes());
        }
        std::os::unix::fs::symlink("a0", tree.path().join("order/link")).unwrap();
        std::os::unix::fs::symlink("..", tree.path().join("order/up")).unwrap();
        fs::create_dir(tree.path().join("empty")).unwrap();
        tree
    }

    /// Its root.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A new file with `content`.
    pub(crate) fn file(&self, name: impl AsRef<OsStr>, content: &[u8]) -> PathBuf {
        let path = self.path().join(name.as_ref());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// The program, run by a user whom file permissions stop: the present one, unless that is root.
    pub(crate) fn digest_without_privileges(&self) -> Command {
        if fs::metadata(self.path()).unwrap().uid() != 0 {
            return digest();
        }
        // Where it was built may be closed to others. By another program: a file that this one writes is open, for a moment, in what
        // other tests start, and a file open for writing cannot be run.
        let copy = self.path().join("digest");
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_digest")).arg(&copy).status().unwrap();
        assert!(copied.success());
        let mut command = Command::new(copy);
        command.uid(NOBODY).gid(NOBODY);
        command
    }
}

//! Why the program ends early, and what it tells the shell.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The first thing that went wrong.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A path could not be walked or read.
    Input(PathBuf, io::Error),
    /// Standard output does not take any more.
    Output(io::Error),
    /// The runtime's threads or the signal handler could not be had.
    Start(io::Error),
    /// Ctrl-C.
    Interrupted,
}

impl Failure {
    /// A failure at `path`.
    pub(crate) fn input(path: &Path, error: io::Error) -> Self {
        Self::Input(path.to_path_buf(), error)
    }

    /// What the process ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Input(..) | Self::Output(_) | Self::Start(_) => ExitCode::FAILURE,
            // 128 + SIGINT, as a shell reports it.
            Self::Interrupted => ExitCode::from(130),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Output(error) => write!(f, "write error: {error}"),
            Self::Start(error) => write!(f, "cannot start: {error}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

//! The files of the repository, as every check sees them: sorted, without build output and version control.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Directories that hold no source.
const SKIPPED: [&str; 2] = ["target", ".git"];

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    match own.parent() {
        Some(parent) if own.ends_with("xtask") => parent.to_path_buf(),
        _ => own,
    }
}

/// Every regular file below `dir`, sorted by path.
pub(crate) fn files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let walk = WalkDir::new(dir)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| !SKIPPED.iter().any(|name| entry.file_name() == *name));
    for entry in walk {
        let entry = entry.map_err(|error| error.to_string())?;
        if entry.file_type().is_file() {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// Those of `files(dir)` whose extension is one of `extensions`.
pub(crate) fn files_with(dir: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, String> {
    let wanted = |path: &PathBuf| path.extension().is_some_and(|found| extensions.iter().any(|e| found == *e));
    Ok(files(dir)?.into_iter().filter(wanted).collect())
}

/// The test programs in `dir`, a package's `tests`, as cargo finds them: their names and root files.
pub(crate) fn programs(dir: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let mut found = Vec::new();
    for path in files_with(dir, &["rs"])? {
        let parts: Vec<_> = path.strip_prefix(dir).unwrap_or(&path).iter().map(|part| part.to_string_lossy()).collect();
        match parts.as_slice() {
            [file] => found.push((file.trim_end_matches(".rs").to_owned(), path.clone())),
            [name, file] if file == "main.rs" => found.push((name.clone().into_owned(), path.clone())),
            _ => {}
        }
    }
    Ok(found)
}

/// The text of `path`.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// `path` relative to `base`, with forward slashes.
pub(crate) fn relative(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

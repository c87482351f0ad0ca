//! The list of mutants, a file per floor: its format, and the one replacement each stands for.
//!
//! ```toml
//! [[mutant]]
//! name = "sleep: a picked worker forgets that it was"    # unique; what the breakage loses
//! file = "orion-rt/src/scheduler/multi/sleep.rs"         # relative to the repository
//! from = "else { return false };"                        # text that occurs exactly once in the file; `to` replaces it
//! to = "else { return true };"
//! test = "scheduler::multi::sleep::model"                # the test that must fail, as `cargo test` filters it
//! kind = "loom"                                          # how that runs: "loom" and "shuttle" (RUSTFLAGS --cfg .., library
//!                                                        # tests), "unit" (as the plain test command), "miri"
//! package = "orion-rt"                                   # whose test it is; this one if left out
//! ```

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::tree;

/// One breakage and the test that has to notice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutant {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) test: String,
    pub(crate) kind: Kind,
    #[serde(default = "orion_rt")]
    pub(crate) package: String,
}

fn orion_rt() -> String {
    "orion-rt".into()
}

/// How the test runs.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Loom,
    Shuttle,
    Unit,
    Miri,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Loom => "loom",
            Self::Shuttle => "shuttle",
            Self::Unit => "unit",
            Self::Miri => "miri",
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    mutant: Vec<Mutant>,
}

/// The mutants of all files in `dir`.
pub(crate) fn read(dir: &Path) -> Result<Vec<Mutant>, String> {
    let mut mutants = Vec::new();
    for path in tree::files_with(dir, &["toml"])? {
        mutants.extend(parse(&tree::read(&path)?).map_err(|error| format!("{}: {error}", path.display()))?);
    }
    unique(mutants)
}

/// The mutants of one file.
pub(super) fn parse(text: &str) -> Result<Vec<Mutant>, String> {
    let document: Document = toml::from_str(text).map_err(|error| error.to_string())?;
    Ok(document.mutant)
}

fn unique(mutants: Vec<Mutant>) -> Result<Vec<Mutant>, String> {
    let mut names: Vec<_> = mutants.iter().map(|mutant| mutant.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("two mutants are named {}", pair[0])),
        None => Ok(mutants),
    }
}

/// The text of the mutant's file with the breakage in it.
pub(crate) fn apply(mutant: &Mutant, sound: &str) -> Result<String, String> {
    match sound.matches(&mutant.from).count() {
        1 => Ok(sound.replacen(&mutant.from, &mutant.to, 1)),
        n => Err(format!("its `from` occurs {n} times in {}, not once", mutant.file)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        [[mutant]]
        name = "no-recheck"
        file = "orion-rt/src/x.rs"
        from = "if again() {"
        to = "if false {"
        test = "models::sleep"
        kind = "loom"
    "#;

    #[test]
    fn a_mutant_replaces_one_text() {
        let mutants = parse(TEXT).unwrap();
        assert_eq!((mutants[0].kind, mutants[0].package.as_str()), (Kind::Loom, "orion-rt"));
        assert_eq!(apply(&mutants[0], "a if again() { b").unwrap(), "a if false { b");
        assert!(apply(&mutants[0], "nothing").unwrap_err().contains("0 times"));
        assert!(apply(&mutants[0], "if again() { if again() {").unwrap_err().contains("2 times"));
    }

    #[test]
    fn the_lists_fit_the_sources() {
        let root = tree::root();
        let mutants = read(&root.join(crate::mutants::LISTS)).unwrap();
        for mutant in &mutants {
            let sound = tree::read(&root.join(&mutant.file)).unwrap();
            if let Err(why) = apply(mutant, &sound) {
                panic!("{}: {why}", mutant.name);
            }
        }
    }

    #[test]
    fn mistakes_in_the_list_are_named() {
        assert!(unique(parse(&format!("{TEXT}{TEXT}")).unwrap()).unwrap_err().contains("no-recheck"));
        assert!(parse(&TEXT.replace("loom", "prayer")).is_err());
        assert!(parse(&TEXT.replace("from", "form")).is_err());
        assert!(parse("# only a comment").unwrap().is_empty());
    }
}

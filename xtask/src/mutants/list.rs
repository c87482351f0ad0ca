//! The list of mutants: its format, and the one replacement each stands for.

use std::fmt;

use serde::Deserialize;

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

pub(crate) fn parse(text: &str) -> Result<Vec<Mutant>, String> {
    let document: Document = toml::from_str(text).map_err(|error| format!("mutants.toml: {error}"))?;
    let mut names: Vec<_> = document.mutant.iter().map(|mutant| mutant.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("mutants.toml: two mutants are named {}", pair[0])),
        None => Ok(document.mutant),
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
    fn mistakes_in_the_list_are_named() {
        assert!(parse(&format!("{TEXT}{TEXT}")).unwrap_err().contains("no-recheck"));
        assert!(parse(&TEXT.replace("loom", "prayer")).is_err());
        assert!(parse(&TEXT.replace("from", "form")).is_err());
        assert!(parse("# only a comment").unwrap().is_empty());
    }
}

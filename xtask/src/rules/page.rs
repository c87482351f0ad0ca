//! RULES.md: each rule with what shows that it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::items::Kind;
use super::list::{Code, List};

/// One citation: of a rule, by something in a file.
pub(super) type Cited = BTreeMap<Code, BTreeMap<(Kind, String), BTreeSet<String>>>;

const HEAD: &str = "\
# Rules, and what shows that they hold

Made by `cargo xtask rules --write` from tests/rules.toml and the sources; do not edit. A test cites the rules it checks in a
comment above it, in its name, or, for an example, in a `Rules:` line of the documentation.
";

pub(super) fn render(list: &List, cited: &Cited) -> String {
    let mut page = String::from(HEAD);
    for part in &list.parts {
        write!(page, "\n## {}\n\n| rule | says, and is shown by | as |\n|---|---|---|\n", part.title).expect("memory");
        for (code, text) in &part.rules {
            writeln!(page, "| **{code}** | {text} | |").expect("memory");
            for ((kind, file), names) in cited.get(code).into_iter().flatten() {
                let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                writeln!(page, "| | {file}: {} | {} |", names.join(", "), kind.text()).expect("memory");
            }
            if let Some(reason) = list.untested.get(code) {
                writeln!(page, "| | *nothing yet*: {reason} | |").expect("memory");
            }
            if let Some(reason) = list.partly.get(code) {
                writeln!(page, "| | *not yet*: {reason} | |").expect("memory");
            }
        }
    }
    page
}

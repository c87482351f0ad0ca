//! `cargo xtask rules`: every rule of the contract has something that shows that it holds, and RULES.md tells what.
//!
//! ```text
//!   tests/rules.toml --> codes ----------------------.
//!   sources --mod by mod--> tests, examples --cite--> table --> RULES.md, compared or written
//!   tests/ui ------------> programs ----------------'      \--> rules without a test, codes that are no rules
//! ```
//!
//! Invariants
//! 1. A citation counts only on something that is run: a test, a model, an example, a compile-fail or compile-pass case.
//! 2. `[untested]` has exactly the rules that nothing cites.

mod cite;
mod items;
mod list;
mod page;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, tree};
use items::{Item, Kind};
use list::{Code, List};
use page::Cited;

/// The rules, relative to the repository.
const LIST: &str = "tests/rules.toml";
/// The table.
const PAGE: &str = "RULES.md";
/// The packages whose sources are read.
const PACKAGES: [&str; 5] = ["orion-rt", "orion-macros", "orion-ffi", "tests", "examples"];
/// Programs that must compile, or must not.
const PROGRAMS: [(&str, Kind); 2] = [("tests/ui/fail", Kind::Refused), ("tests/ui/pass", Kind::Accepted)];

pub(crate) fn run(root: &Path, write: bool) -> Outcome {
    let text = tree::read(&root.join(LIST))?;
    let list = List::parse(&text)?;
    let mut table = Table { list: &list, cited: Cited::new(), wrong: Vec::new() };
    read(root, &mut table)?;
    let Table { cited, mut wrong, .. } = table;
    let over: Vec<_> = list.untested.keys().copied().filter(|code| cited.contains_key(code)).collect();
    let without: Vec<_> =
        list.codes().filter(|code| !cited.contains_key(code) && !list.untested.contains_key(code)).collect();
    let items: usize = cited.values().flat_map(|by| by.values()).map(BTreeSet::len).sum();
    println!("{} rules, {} of them cited, {items} citations", list.codes().count(), cited.len());
    if write {
        save(&root.join(LIST), &list::without_untested(&text, &over))?;
        let list = List::parse(&tree::read(&root.join(LIST))?)?;
        save(&root.join(PAGE), &page::render(&list, &cited))?;
    } else {
        wrong.extend(over.iter().map(|code| format!("{LIST}: {code} is cited now, and still in [untested]")));
        if fs::read_to_string(root.join(PAGE)).ok().as_deref() != Some(&page::render(&list, &cited)) {
            wrong.push(format!(
                "{PAGE} is not what the sources say now; `cargo xtask rules --write` brings it up to date"
            ));
        }
    }
    wrong.extend(without.iter().map(|code| format!("{code} is cited by no test, model or example")));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn save(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// What has been read so far.
struct Table<'a> {
    list: &'a List,
    cited: Cited,
    wrong: Vec<String>,
}

impl Table<'_> {
    /// Notes that `name` in `file` cites `codes`.
    fn add(&mut self, codes: Vec<Code>, kind: Kind, file: &str, name: &str, line: usize) {
        for code in codes {
            if self.list.has(code) {
                let names = self.cited.entry(code).or_default().entry((kind, file.to_owned())).or_default();
                names.insert(name.to_owned());
            } else if self.list.has_letter(code) {
                self.wrong.push(format!("{file}:{line}: there is no rule {code}"));
            }
        }
    }

    /// What `item` cites.
    fn item(&mut self, item: &Item, file: &str, lines: &[&str]) {
        let (first, last) = item.lines;
        for (line, text) in (first..).zip(&lines[first - 1..last]) {
            let text = text.trim_start();
            let Some(comment) = text.strip_prefix("//") else { continue };
            let comment = comment.trim_start_matches(['/', '!']).trim();
            let codes = match item.kind {
                Kind::Example => cite::documentation(comment),
                _ => cite::comment(comment),
            };
            self.add(codes, item.kind, file, &item.name, line);
        }
        if item.kind != Kind::Example {
            let codes = cite::name(&item.name, |code| self.list.has(code));
            self.add(codes, item.kind, file, &item.name, first);
        }
    }
}

fn read(root: &Path, table: &mut Table<'_>) -> Outcome {
    let mut makers = BTreeSet::new();
    for package in PACKAGES {
        for path in tree::files_with(&root.join(package), &["rs"])? {
            if !path.components().any(|part| part.as_os_str() == "ui") {
                let found =
                    items::makers(&tree::read(&path)?).map_err(|error| format!("{}: {error}", path.display()))?;
                makers.extend(found);
            }
        }
    }
    for package in PACKAGES {
        for crate_root in crate_roots(&root.join(package))? {
            for source in sources::of_crate(&crate_root, &makers)? {
                let file = tree::relative(&source.path, root);
                let lines: Vec<_> = source.text.lines().collect();
                source.found.items.iter().for_each(|item| table.item(item, &file, &lines));
            }
        }
    }
    for (below, kind) in PROGRAMS {
        for path in tree::files_with(&root.join(below), &["rs"])? {
            let text = tree::read(&path)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let folder = tree::relative(path.parent().expect("a file"), root);
            for (line, text) in (1..).zip(text.lines().take_while(|line| line.starts_with("//"))) {
                let codes = cite::comment(text.trim_start_matches('/').trim_start_matches('!').trim());
                table.add(codes, kind, &folder, &name, line);
            }
        }
    }
    Ok(())
}

/// The crates of a package: its library, and each of its integration tests.
fn crate_roots(package: &Path) -> Result<Vec<PathBuf>, String> {
    let mut roots: Vec<_> = [package.join("src/lib.rs")].into_iter().filter(|path| path.is_file()).collect();
    let tests = package.join("tests");
    if tests.is_dir() {
        roots.extend(tree::programs(&tests)?.into_iter().map(|(_, path)| path));
    }
    Ok(roots)
}

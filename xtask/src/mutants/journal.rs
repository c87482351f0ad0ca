//! What has come of each mutant: printed at the end, and kept in a file so that an interrupted run can go on.
//!
//! Invariant: a line of the file is one mutant that is over, its fields separated by tabs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::list::Mutant;
use super::verdict::Verdict;
use crate::Outcome;

/// One mutant that is over.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    name: String,
    kind: String,
    verdict: String,
    caught: bool,
    /// The test that noticed, or why none did.
    by: String,
    seconds: f32,
}

impl Entry {
    pub(super) fn new(mutant: &Mutant, verdict: &Verdict, took: Duration) -> Self {
        let (caught, by) = match verdict {
            Verdict::Caught(by) => (true, by.clone()),
            Verdict::Hung => (true, mutant.test.clone()),
            Verdict::Survived => (false, format!("`{}` passes with it", mutant.test)),
            Verdict::Broken(why) => (false, why.clone()),
        };
        let (name, kind) = (mutant.name.clone(), mutant.kind.to_string());
        Self { name, kind, verdict: verdict.to_string(), caught, by, seconds: took.as_secs_f32() }
    }

    /// As a line of the file.
    fn write(&self) -> String {
        let by = self.by.replace(['\t', '\n'], " ");
        let Self { name, kind, verdict, caught, seconds, .. } = self;
        format!("{name}\t{kind}\t{verdict}\t{caught}\t{by}\t{seconds}\n")
    }

    fn read(line: &str) -> Option<Self> {
        let fields: Vec<_> = line.split('\t').map(str::to_owned).collect();
        let [name, kind, verdict, caught, by, seconds] = <[String; 6]>::try_from(fields).ok()?;
        let (caught, seconds) = (caught.parse().ok()?, seconds.parse().ok()?);
        Some(Self { name, kind, verdict, caught, by, seconds })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, kind, verdict, by, seconds, .. } = self;
        write!(f, "{name:<62} {kind:<7} {verdict:<8} {seconds:>6.1} s  {}", by.lines().next().unwrap_or_default())
    }
}

/// The entries so far.
#[derive(Debug)]
pub(super) struct Journal {
    entries: BTreeMap<String, Entry>,
    file: File,
}

impl Journal {
    /// Opens the file at `path`; without `resume` it begins anew.
    pub(super) fn open(path: &Path, resume: bool) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(path.parent().expect("a file")).map_err(told)?;
        let text = if resume { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
        let entries = text.lines().filter_map(Entry::read).map(|entry| (entry.name.clone(), entry)).collect();
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(resume).truncate(!resume);
        Ok(Self { entries, file: options.open(path).map_err(told)? })
    }

    pub(super) fn has_caught(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.caught)
    }

    pub(super) fn add(&mut self, entry: Entry) -> Outcome {
        let written = self.file.write_all(entry.write().as_bytes());
        self.entries.insert(entry.name.clone(), entry);
        written.map_err(|error| format!("journal: {error}"))
    }

    /// Prints the table of `chosen`; an error if one of them was not caught.
    pub(super) fn judge(&self, chosen: &[&Mutant]) -> Outcome {
        let entries: Vec<_> = chosen.iter().filter_map(|mutant| self.entries.get(&mutant.name)).collect();
        let missed: Vec<_> = entries.iter().filter(|entry| !entry.caught).collect();
        println!("\n{:<62} {:<7} {:<8} {:>8}  caught by", "mutant", "kind", "verdict", "time");
        entries.iter().for_each(|entry| println!("{entry}"));
        let seconds: f32 = entries.iter().map(|entry| entry.seconds).sum();
        let caught = entries.len() - missed.len();
        println!("{caught} of {} mutants caught, {:.0} min of work", chosen.len(), seconds / 60.0);
        if caught == chosen.len() {
            return Ok(());
        }
        let missed: Vec<_> = missed.iter().map(|entry| format!("  {}: {}", entry.name, entry.by)).collect();
        Err(format!("mutants not caught:\n{}", missed.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(name: &str) -> Mutant {
        let text = format!(
            "[[mutant]]\nname = {name:?}\nfile = \"a.rs\"\nfrom = \"x\"\nto = \"y\"\ntest = \"t\"\nkind = \"loom\""
        );
        super::super::list::parse(&text).unwrap().remove(0)
    }

    #[test]
    fn a_run_goes_on_where_it_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("below/journal");
        let (one, two, took) = (mutant("one"), mutant("two"), Duration::from_secs(3));
        let mut journal = Journal::open(&path, false).unwrap();
        journal.add(Entry::new(&one, &Verdict::Caught("model::t".into()), took)).unwrap();
        journal.add(Entry::new(&two, &Verdict::Broken("a\nb".into()), took)).unwrap();
        assert!(journal.judge(&[&one, &two]).unwrap_err().ends_with("two: a\nb"));
        let mut journal = Journal::open(&path, true).unwrap();
        assert!(journal.has_caught("one") && !journal.has_caught("two"));
        journal.add(Entry::new(&two, &Verdict::Hung, took)).unwrap();
        assert!(Journal::open(&path, true).unwrap().judge(&[&one, &two]).is_ok());
        assert!(!Journal::open(&path, false).unwrap().has_caught("one"));
    }

    #[test]
    fn a_mutant_that_was_not_tried_is_not_caught() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Journal::open(&dir.path().join("journal"), false).unwrap().judge(&[&mutant("one")]).is_err());
    }
}

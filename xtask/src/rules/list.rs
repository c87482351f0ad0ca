//! The list of rules: tests/rules.toml.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The code of a rule, such as `S10`; ordered by letter and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Code {
    letter: char,
    number: u8,
}

impl Code {
    /// The code at the start of `text`, and what follows: an upper-case letter, one or two digits, and no more word.
    pub(super) fn read(text: &str) -> Option<(Self, &str)> {
        let letter = text.chars().next().filter(char::is_ascii_uppercase)?;
        let rest = &text[1..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let after = &rest[digits..];
        let number = rest[..digits].parse().ok().filter(|_| digits <= 2 && !rest.starts_with('0'))?;
        (!after.starts_with(|c: char| c.is_alphanumeric() || c == '_')).then_some((Self { letter, number }, after))
    }

    /// All codes from this one to `last`, which has the same letter.
    pub(super) fn up_to(self, last: Self) -> Option<impl Iterator<Item = Self>> {
        let fits = self.letter == last.letter && self.number < last.number;
        fits.then(|| (self.number..=last.number).map(move |number| Self { number, ..self }))
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.letter, self.number)
    }
}

impl std::str::FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Self::read(text) {
            Some((code, "")) => Ok(code),
            _ => Err(format!("{text:?} is no code of a rule")),
        }
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One section of the contract.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) title: String,
    pub(super) rules: BTreeMap<Code, String>,
}

/// The whole list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    #[serde(rename = "part")]
    pub(super) parts: Vec<Part>,
    pub(super) untested: BTreeMap<Code, String>,
    pub(super) partly: BTreeMap<Code, String>,
}

impl List {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let list: Self = toml::from_str(text).map_err(|error| format!("rules.toml: {error}"))?;
        for code in list.untested.keys().chain(list.partly.keys()) {
            if !list.has(*code) {
                return Err(format!("rules.toml: {code} is in no part"));
            }
        }
        Ok(list)
    }

    pub(super) fn has(&self, code: Code) -> bool {
        self.parts.iter().any(|part| part.rules.contains_key(&code))
    }

    /// Whether `code` would be a rule if there were more of them: its letter is one of theirs.
    pub(super) fn has_letter(&self, code: Code) -> bool {
        self.codes().any(|rule| rule.letter == code.letter)
    }

    pub(super) fn codes(&self) -> impl Iterator<Item = Code> {
        self.parts.iter().flat_map(|part| part.rules.keys().copied())
    }
}

/// `text` without the entries of `[untested]` for `codes`, each of which is a line of its own.
pub(super) fn without_untested(text: &str, codes: &[Code]) -> String {
    let mut inside = false;
    let keep = |line: &&str| {
        if line.starts_with('[') {
            inside = line.trim() == "[untested]";
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        !(inside && key.parse().is_ok_and(|code| codes.contains(&code)))
    };
    text.split_inclusive('\n').filter(keep).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const TEXT: &str = r#"
[[part]]
title = "Scopes"
[part.rules]
S1 = "one"
S2 = "two"
S10 = "ten"

[[part]]
title = "Panics"
[part.rules]
P1 = "panic"

[untested]
S10 = "later"
P1 = "much later"

[partly]
S1 = "half of it"
"#;

    #[test]
    fn codes_are_read_and_ordered_by_number() {
        let list = List::parse(TEXT).unwrap();
        assert_eq!(list.codes().map(|code| code.to_string()).collect::<Vec<_>>(), ["S1", "S2", "S10", "P1"]);
        assert!(Code::read("S1x").is_none() && Code::read("S").is_none() && Code::read("S01").is_none());
        assert!(Code::read("s1").is_none() && Code::read("S100").is_none());
        assert_eq!(Code::read("S12: x").unwrap().1, ": x");
    }

    #[test]
    fn an_entry_for_a_rule_that_does_not_exist_is_a_mistake() {
        assert!(List::parse(&TEXT.replace("P1 = \"much", "P2 = \"much")).unwrap_err().contains("P2"));
    }

    #[test]
    fn entries_that_are_over_go() {
        let text = without_untested(TEXT, &["P1".parse().unwrap(), "S1".parse().unwrap()]);
        let list = List::parse(&text).unwrap();
        assert_eq!((list.untested.len(), list.partly.len(), list.codes().count()), (1, 1, 4));
    }
}

//! What in a source file can cite a rule: tests, models, and documentation with an example that runs.
//!
//! ```text
//!   tokens --walk--> [#[test]] fn name        a test, a loom model or a shuttle scenario, as its `cfg`s say
//!                \-> maker!(name, ..)         the same, if `maker` is a macro whose body has a `#[test]`
//!                \-> /// docs, then an item   an example, if the documentation has a code block that runs
//!                \-> mod name;                a file to read next
//! ```
//!
//! Invariants
//! 1. Only what the test harness runs is a test: nothing in a function's body, nothing in a macro's definition, nothing ignored.
//! 2. An item's comments are the lines directly above it and between its attributes.
//!
//! Rejected: `syn`, which looks into no macro, where half of the tests and of the channels' documentation are.

use std::collections::BTreeSet;
use std::iter::Peekable;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tokens;

/// How a rule is shown to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Test,
    Loom,
    Shuttle,
    Example,
    Refused,
    Accepted,
}

impl Kind {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Loom => "loom",
            Self::Shuttle => "shuttle",
            Self::Example => "example",
            Self::Refused => "does not compile",
            Self::Accepted => "compiles",
        }
    }
}

/// One thing that may cite.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// Its first and last line, comments included, from 1.
    pub(super) lines: (usize, usize),
}

/// What is known from the `cfg`s around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Under {
    loom: bool,
    shuttle: bool,
}

impl Under {
    fn kind(self) -> Kind {
        match self {
            Self { shuttle: true, .. } => Kind::Shuttle,
            Self { loom: true, .. } => Kind::Loom,
            Self { .. } => Kind::Test,
        }
    }
}

/// A `mod name;`.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) name: String,
    pub(super) under: Under,
    /// The inline modules it stands in.
    pub(super) inside: Vec<String>,
}

/// What one file has.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    pub(super) children: Vec<Child>,
}

/// The macros defined in `text` that make tests.
pub(super) fn makers(text: &str) -> Result<Vec<String>, String> {
    fn search(stream: TokenStream, makers: &mut Vec<String>) {
        let tokens: Vec<_> = stream.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(group) = token {
                if at >= 3 && is_word(&tokens[at - 3], "macro_rules") && has_test(group.stream()) {
                    makers.push(tokens[at - 1].to_string());
                }
                search(group.stream(), makers);
            }
        }
    }
    let mut makers = Vec::new();
    search(tokens::parse(text)?, &mut makers);
    Ok(makers)
}

/// Everything in `text`, a file under `under`.
pub(super) fn find(text: &str, under: Under, makers: &BTreeSet<String>) -> Result<Found, String> {
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    let mut walk = Walk { lines: &lines, makers, found: Found::default(), inside: Vec::new(), owner: None };
    if let Some(first) = lines.iter().position(|line| line.starts_with("//!")) {
        let last = lines.iter().rposition(|line| line.starts_with("//!")).unwrap_or(first);
        walk.example("its documentation".into(), (first + 1, last + 1));
    }
    walk.level(tokens::parse(text)?, under, true);
    Ok(walk.found)
}

type Tokens = Peekable<proc_macro2::token_stream::IntoIter>;

/// Attributes that wait for their item.
#[derive(Default)]
struct Pending {
    first: Option<usize>,
    test: bool,
    ignored: bool,
    under: Under,
}

struct Walk<'a> {
    lines: &'a [&'a str],
    makers: &'a BTreeSet<String>,
    found: Found,
    inside: Vec<String>,
    /// The type of the `impl` around.
    owner: Option<String>,
}

impl Walk<'_> {
    /// One level of items. `run`: the harness sees the tests here (1).
    fn level(&mut self, stream: TokenStream, mut under: Under, run: bool) {
        let mut tokens = stream.into_iter().peekable();
        let mut pending = Pending { under, ..Pending::default() };
        while let Some(token) = tokens.next() {
            let line = token.span().start().line;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let inner = tokens.next_if(|next| is_punct(next, '!')).is_some();
                    if let Some(TokenTree::Group(group)) = tokens.next_if(|next| matches!(next, TokenTree::Group(_))) {
                        pending.attribute(line, group.stream());
                        if inner {
                            under = pending.under;
                            pending = Pending { under, ..Pending::default() };
                        }
                    }
                    continue;
                }
                TokenTree::Ident(word) => {
                    pending.first.get_or_insert(line);
                    match word.to_string().as_str() {
                        "pub" => {
                            tokens.next_if(|next| is_group(next, Delimiter::Parenthesis));
                            continue;
                        }
                        "async" | "unsafe" | "extern" | "default" => continue,
                        "const" if tokens.peek().is_some_and(|next| ITEMS.iter().any(|w| is_word(next, w))) => continue,
                        "mod" => self.module(&mut tokens, &pending, run),
                        "impl" => self.implementation(&mut tokens, under, run),
                        "macro_rules" => {
                            let name = tokens.nth(1).map(|name| name.to_string()).unwrap_or_default();
                            self.documented(name, &pending, line);
                            if let Some(TokenTree::Group(body)) = tokens.next() {
                                self.level(body.stream(), under, false);
                            }
                        }
                        keyword if ITEMS.contains(&keyword) => self.item(keyword, &mut tokens, &pending, line, run),
                        name if tokens.peek().is_some_and(|next| is_punct(next, '!')) => {
                            tokens.next();
                            if let Some(TokenTree::Group(body)) = tokens.next() {
                                self.invocation(name, body.stream(), &pending, line, run);
                            }
                        }
                        // A field, a variant, an expression.
                        _ => {}
                    }
                }
                TokenTree::Literal(_) => continue,
                TokenTree::Group(group) => self.level(group.stream(), under, run),
                TokenTree::Punct(_) => {}
            }
            pending = Pending { under, ..Pending::default() };
        }
    }

    fn module(&mut self, tokens: &mut Tokens, pending: &Pending, run: bool) {
        let Some(TokenTree::Ident(name)) = tokens.next() else { return };
        let (name, line) = (name.to_string(), name.span().start().line);
        self.documented(name.clone(), pending, line);
        match tokens.next() {
            Some(TokenTree::Group(body)) => {
                let before = self.found.items.len();
                self.inside.push(name.clone());
                self.level(body.stream(), pending.under, run);
                self.inside.pop();
                if self.found.items[before..].iter().any(|item| item.kind != Kind::Example) {
                    self.push(pending.under.kind(), format!("mod {name}"), pending, line);
                }
            }
            _ if run => {
                self.found.children.push(Child { name, under: pending.under, inside: self.inside.clone() });
            }
            _ => {}
        }
    }

    /// `impl<T> Trait for Type<T> { .. }`, after its first word.
    fn implementation(&mut self, tokens: &mut Tokens, under: Under, run: bool) {
        let mut depth = 0i32;
        let mut arrow = false;
        let mut name = None;
        for token in tokens.by_ref() {
            match token {
                TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                    let outer = std::mem::replace(&mut self.owner, name);
                    self.level(body.stream(), under, run);
                    self.owner = outer;
                    return;
                }
                TokenTree::Punct(punct) => {
                    match punct.as_char() {
                        '<' => depth += 1,
                        '>' if !arrow => depth -= 1,
                        ';' => return,
                        _ => {}
                    }
                    arrow = punct.as_char() == '-';
                }
                TokenTree::Ident(word) if depth == 0 => match word.to_string().as_str() {
                    "for" => name = None,
                    "where" => depth = i32::MAX / 2,
                    _ => name = Some(word.to_string()),
                },
                _ => {}
            }
        }
    }

    fn item(&mut self, keyword: &str, tokens: &mut Tokens, pending: &Pending, line: usize, run: bool) {
        let Some(TokenTree::Ident(name)) = tokens.next_if(|next| matches!(next, TokenTree::Ident(_))) else { return };
        let name = name.to_string();
        if keyword != "fn" {
            self.documented(name, pending, line);
            return;
        }
        if pending.test && run && !pending.ignored {
            self.push(pending.under.kind(), name, pending, line);
        } else {
            let named = self.owner.as_ref().map_or_else(|| name.clone(), |owner| format!("{owner}::{name}"));
            self.documented(named, pending, line);
        }
        // Past its body (1), or a declaration's semicolon.
        for token in tokens.by_ref() {
            if is_punct(&token, ';') || is_group(&token, Delimiter::Brace) {
                return;
            }
        }
    }

    /// `name!(..)`.
    fn invocation(&mut self, name: &str, body: TokenStream, pending: &Pending, line: usize, run: bool) {
        if run && self.makers.contains(name) {
            if let Some(TokenTree::Ident(test)) = body.into_iter().next() {
                self.push(pending.under.kind(), test.to_string(), pending, line);
            }
        } else {
            self.level(body, pending.under, run);
        }
    }

    fn push(&mut self, kind: Kind, name: String, pending: &Pending, line: usize) {
        let lines = (self.top(pending, line), line);
        self.found.items.push(Item { kind, name, lines });
    }

    /// Notes the item if its documentation has an example.
    fn documented(&mut self, name: String, pending: &Pending, line: usize) {
        self.example(name, (self.top(pending, line), line));
    }

    fn example(&mut self, name: String, lines: (usize, usize)) {
        if runs(&self.lines[lines.0 - 1..lines.1]) {
            self.found.items.push(Item { kind: Kind::Example, name, lines });
        }
    }

    /// The first of the comment lines above the item (2).
    fn top(&self, pending: &Pending, line: usize) -> usize {
        let mut top = pending.first.unwrap_or(line);
        while top > 1 && self.lines[top - 2].starts_with("//") && !self.lines[top - 2].starts_with("//!") {
            top -= 1;
        }
        top
    }
}

/// The words that an item with a name begins with.
const ITEMS: [&str; 9] = ["fn", "struct", "enum", "union", "trait", "type", "static", "const", "async"];

impl Pending {
    fn attribute(&mut self, line: usize, stream: TokenStream) {
        self.first.get_or_insert(line);
        let mut tokens = stream.clone().into_iter();
        let path: Vec<_> =
            tokens.by_ref().take_while(|t| matches!(t, TokenTree::Ident(_)) || is_punct(t, ':')).collect();
        let (first, last) = (path.first().map(ToString::to_string), path.last().map(ToString::to_string));
        match (first.as_deref(), last.as_deref()) {
            (Some("cfg"), _) => {
                self.under.loom |= requires(stream.clone(), "loom");
                self.under.shuttle |= requires(stream, "shuttle");
            }
            (_, Some("test")) => self.test = true,
            (_, Some("ignore")) => self.ignored = true,
            _ => {}
        }
    }
}

/// Whether `word` occurs in a `cfg`, not under a `not`.
fn requires(stream: TokenStream, word: &str) -> bool {
    let mut negated = false;
    stream.into_iter().any(|token| match token {
        TokenTree::Ident(found) => {
            negated = found == "not";
            found == word
        }
        TokenTree::Group(group) => !negated && requires(group.stream(), word),
        _ => false,
    })
}

/// Whether an attribute ending in `test` occurs in a macro's body.
fn has_test(stream: TokenStream) -> bool {
    let tokens: Vec<_> = stream.into_iter().collect();
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) if at > 0 && is_punct(&tokens[at - 1], '#') => {
            let mut pending = Pending::default();
            pending.attribute(0, group.stream());
            pending.test
        }
        TokenTree::Group(group) => has_test(group.stream()),
        _ => false,
    })
}

/// Whether documentation has a code block that is compiled and run, or must not compile.
fn runs(lines: &[&str]) -> bool {
    let text = |line: &&str| line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).map(|s| s.trim().to_owned());
    let fences = lines.iter().filter_map(text).filter(|line| line.starts_with("```"));
    // Every second one closes a block.
    fences.step_by(2).any(|fence| {
        let mut words = fence.trim_start_matches('`').split(',').map(str::trim);
        words.all(|word| matches!(word, "" | "rust" | "should_panic" | "compile_fail") || word.starts_with("edition"))
    })
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_word(token: &TokenTree, text: &str) -> bool {
    matches!(token, TokenTree::Ident(word) if word == text)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

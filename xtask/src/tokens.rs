//! What a Rust source file says, read as tokens: comments and strings never count, macros' bodies do.
//!
//! ```text
//!   text --proc_macro2--> tokens --visit--> each path `a::b::c`, with the inline module it stands in
//!                                       \-> whether the word `unsafe` occurs
//! ```
//!
//! Invariants
//! 1. Code under `#[cfg(test)]` is left out: unit tests may use what stands above their module.
//! 2. `$crate::..` is left out: it names the crate's public face at the place where the macro is used.
//!
//! Rejected: regular expressions over lines (comments, strings and grouped imports defeat them); `syn` (it does not look
//! into macro bodies, where paths hide).

use std::iter::Peekable;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One path as written, with the group of a `use` multiplied out: `crate::{a, b::c}` is two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The segments, `crate`, `super` and `self` included.
    pub(crate) segments: Vec<String>,
    /// The inline modules around it, outermost first.
    pub(crate) inside: Vec<String>,
    /// The line it starts on.
    pub(crate) line: usize,
    /// Whether it stands in a `pub use` (of any visibility): a name handed on, not used.
    pub(crate) reexport: bool,
}

/// A `mod name;` or `mod name { .. }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) test_only: bool,
}

/// What one file says.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) paths: Vec<Path>,
    pub(crate) modules: Vec<Module>,
    /// The macros that are called by their bare names, and where.
    pub(crate) macros: Vec<(String, usize)>,
}

/// Reads `text`.
pub(crate) fn facts(text: &str) -> Result<Facts, String> {
    let mut facts = Facts::default();
    visit(parse(text)?, &mut Vec::new(), &mut facts);
    Ok(facts)
}

/// Whether the word `unsafe` occurs, tests included.
pub(crate) fn has_unsafe(text: &str) -> Result<bool, String> {
    fn any(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(word) => word == "unsafe",
            TokenTree::Group(group) => any(group.stream()),
            _ => false,
        })
    }
    Ok(any(parse(text)?))
}

/// `text` as tokens.
pub(crate) fn parse(text: &str) -> Result<TokenStream, String> {
    text.parse().map_err(|error| format!("not Rust: {error}"))
}

type Tokens = Peekable<proc_macro2::token_stream::IntoIter>;

/// Walks one level of tokens; `inside` names the inline modules around it.
fn visit(stream: TokenStream, inside: &mut Vec<String>, facts: &mut Facts) {
    let mut tokens = stream.into_iter().peekable();
    let mut test_only = false;
    let mut visible = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if let Some(TokenTree::Group(attribute)) = tokens.peek() {
                    test_only |= is_test_attribute(attribute.stream());
                    tokens.next();
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '$' => {
                tokens.next();
                while follows_colons(&mut tokens) {
                    tokens.next();
                }
            }
            TokenTree::Ident(word) if word == "pub" => {
                visible = true;
                // `pub(in crate::x)` is no import.
                if matches!(tokens.peek(), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Parenthesis) {
                    tokens.next();
                }
                continue;
            }
            TokenTree::Ident(word) if word == "mod" => {
                let Some(TokenTree::Ident(name)) = tokens.next() else { continue };
                let name = name.to_string();
                facts.modules.push(Module { name: name.clone(), test_only });
                if let Some(TokenTree::Group(body)) = tokens.peek()
                    && !test_only
                {
                    inside.push(name);
                    visit(body.stream(), inside, facts);
                    inside.pop();
                }
                tokens.next();
                test_only = false;
            }
            TokenTree::Ident(_) if test_only => {
                skip_item(&mut tokens);
                test_only = false;
            }
            TokenTree::Ident(word) if word == "use" => {
                take_paths(&mut tokens, &mut Vec::new(), 0, visible, inside, facts);
            }
            TokenTree::Ident(word) => {
                let line = word.span().start().line;
                if follows_colons(&mut tokens) {
                    let prefix = &mut vec![word.to_string()];
                    take_paths(&mut tokens, prefix, line, false, inside, facts);
                } else if calls(&tokens) {
                    facts.macros.push((word.to_string(), line));
                }
            }
            TokenTree::Group(group) => visit(group.stream(), inside, facts),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        visible = false;
    }
}

/// `cfg(test)`, `cfg(all(test, ..))`: the word `test` in a `cfg`, not under a `not`.
fn is_test_attribute(attribute: TokenStream) -> bool {
    fn mentions_test(stream: TokenStream) -> bool {
        let mut negated = false;
        stream.into_iter().any(|token| match token {
            TokenTree::Ident(word) => {
                negated = word == "not" || word == "any";
                word == "test"
            }
            TokenTree::Group(group) => !negated && mentions_test(group.stream()),
            _ => false,
        })
    }
    let mut tokens = attribute.into_iter();
    let is_cfg = matches!(tokens.next(), Some(TokenTree::Ident(word)) if word == "cfg");
    is_cfg && mentions_test(tokens.collect())
}

/// Leaves the rest of an item: up to its body or its semicolon.
fn skip_item(tokens: &mut Tokens) {
    for token in tokens.by_ref() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            _ => {}
        }
    }
}

/// Whether `!` and what it is given come next.
fn calls(tokens: &Tokens) -> bool {
    let mut ahead = tokens.clone();
    let bang = matches!(ahead.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
    bang && matches!(ahead.next(), Some(TokenTree::Group(_)))
}

/// Takes `::` if it comes next.
fn follows_colons(tokens: &mut Tokens) -> bool {
    let mut ahead = tokens.clone();
    for _ in 0..2 {
        if !matches!(ahead.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':') {
            return false;
        }
    }
    *tokens = ahead;
    true
}

/// Reads what follows `use` or `prefix::`, multiplying out groups.
fn take_paths(
    tokens: &mut Tokens,
    prefix: &mut Vec<String>,
    mut line: usize,
    reexport: bool,
    inside: &[String],
    facts: &mut Facts,
) {
    let depth = prefix.len();
    loop {
        match tokens.peek() {
            Some(TokenTree::Ident(word)) => {
                if line == 0 {
                    line = word.span().start().line;
                }
                prefix.push(word.to_string());
                tokens.next();
                if follows_colons(tokens) {
                    continue;
                }
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let mut members = group.stream().into_iter().peekable();
                tokens.next();
                while members.peek().is_some() {
                    take_paths(&mut members, prefix, line, reexport, inside, facts);
                    // Past an alias and the comma.
                    members
                        .by_ref()
                        .take_while(|token| !matches!(token, TokenTree::Punct(p) if p.as_char() == ','))
                        .for_each(drop);
                }
                prefix.truncate(depth);
                return;
            }
            // `a::*`, `a::<T>`: the path ends before it.
            _ => {}
        }
        break;
    }
    if prefix.len() > 1 || reexport {
        facts.paths.push(Path { segments: prefix.clone(), inside: inside.to_vec(), line, reexport });
    }
    prefix.truncate(depth);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        facts(text).unwrap().paths.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn groups_are_multiplied_out() {
        let found = paths("use crate::{chan::{Chan, SendError as E}, sys::*, task};");
        assert_eq!(found, ["crate::chan::Chan", "crate::chan::SendError", "crate::sys", "crate::task"]);
    }

    #[test]
    fn paths_outside_use_lines_count() {
        let found = paths("fn f(x: &crate::chan::Chan<u8>) -> u8 { m!(super::task::id::<u8>(x)) }");
        assert_eq!(found, ["crate::chan::Chan", "super::task::id"]);
    }

    #[test]
    fn comments_strings_tests_and_dollar_crate_do_not_count() {
        let text = r#"
            // use crate::a::B;
            /// [`crate::c::D`]
            const S: &str = "crate::e::F";
            macro_rules! m { () => { $crate::g::H } }
            #[cfg(test)] use crate::i::J;
            #[cfg(test)] mod tests { use crate::k::L; }
            #[cfg(all(test, loom))] mod models;
            #[cfg(not(test))] use crate::m::N;
            pub(in crate::o) struct P;
        "#;
        assert_eq!(paths(text), ["crate::m::N"]);
        let modules = facts(text).unwrap().modules;
        assert!(modules.iter().all(|module| module.test_only) && modules.len() == 2);
    }

    #[test]
    fn inline_modules_and_reexports_are_noted() {
        let found = facts("mod a { use super::b::C; }\npub(crate) use d::E;").unwrap().paths;
        assert_eq!((found[0].inside.as_slice(), found[0].reexport, found[0].line), (&["a".to_string()][..], false, 1));
        assert!(found[1].reexport && found[1].line == 2);
    }

    #[test]
    fn macros_called_by_their_bare_names_are_noted() {
        let found =
            facts("a! { b!(c != (d)) }\nfn f() { !(g) }\n#[cfg(test)] mod t { h!(); } std::i!()").unwrap().macros;
        assert_eq!(found, [("a".to_string(), 1), ("b".to_string(), 1)]);
    }

    #[test]
    fn the_word_unsafe_counts_only_as_code() {
        assert!(!has_unsafe("#![forbid(unsafe_code)] // unsafe\nconst S: &str = \"unsafe\";").unwrap());
        assert!(has_unsafe("unsafe impl Send for S {}").unwrap());
        assert!(has_unsafe("fn f() { g!({ unsafe { h() } }) }").unwrap());
    }
}
